"""What the search minimises: the brief's metric turned so that lower is better, on the rows that were predicted."""

from dataclasses import dataclass

import numpy as np

from mlwright.data.columns import Array
from mlwright.evaluation.metrics import Metric, metric
from mlwright.models.signature import Task
from mlwright.models.tabular.ordinal import ordinal_codes
from mlwright.tuning.table import TrainingTable
from mlwright.tuning.threshold import RATES, SEARCHABLE, Scored, confusion_curve


@dataclass(frozen=True, slots=True)
class Objective:
    """A metric on one table's rows; `loss` is the metric when it is minimised, minus the metric when maximised.

    A metric of labels is judged, for two classes, at the threshold that is best for it: the delivered model gets
    such a threshold too, and 0.5 would punish a good ranking of rare positives. With `queries` rows are ranked within
    each of them.
    """

    metric: Metric
    y: Array
    weight: Array | None
    task: Task
    queries: Array | None = None

    @classmethod
    def of(cls, table: TrainingTable) -> "Objective":
        return cls(metric(table.metric), table.y, table.weight, table.task, table.queries)

    def value(self, prediction: Array, rows: Array | None = None) -> float:
        """Return the metric in its own direction on `rows` (indices or a mask) of a full-length prediction."""
        chosen: Array | slice = slice(None) if rows is None else rows
        y, p = self.y[chosen], prediction[chosen]
        weight = None if self.weight is None else self.weight[chosen]
        if self.queries is not None:
            return float(self.metric.compute(y, p, weight=weight, group=self.queries[chosen]))
        if self.metric.needs != "labels" or not self.task.is_classification:
            return float(self.metric.compute(y, p, weight=weight))
        if self.task is Task.BINARY and self.metric.name in SEARCHABLE:
            _, counts = confusion_curve(Scored(p[:, 1], y == 1, weight))
            return float(np.max(RATES[self.metric.name](counts)))
        codes = ordinal_codes(p) if self.metric.ordered else np.argmax(p, axis=1)
        return float(self.metric.compute(y, codes, weight=weight))

    def loss(self, prediction: Array, rows: Array | None = None) -> float:
        """Return `value` turned so that lower is better; infinite where the metric is not defined."""
        value = self.value(prediction, rows)
        if np.isnan(value):  # a fold with one class, say
            return float("inf")
        return -value if self.metric.direction == "maximise" else value


def covered(prediction: Array) -> Array:
    """Return the mask of rows that have a prediction, bool, shape (n,)."""
    finite: Array = np.isfinite(prediction)
    return finite if finite.ndim == 1 else np.asarray(finite.all(axis=1))
