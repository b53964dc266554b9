"""Which class is taken for which."""

from collections.abc import Sequence

import numpy as np
from pydantic import BaseModel, ConfigDict

from mlwright.base.errors import DataError
from mlwright.data.columns import Array
from mlwright.evaluation.distributions import wilson_interval
from mlwright.evaluation.inputs import label_codes


class ClassReport(BaseModel):
    """One class. Immutable. Intervals are Wilson's; a ratio without rows is None."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    label: str
    rows: int
    predicted: int
    precision: float | None
    precision_interval: tuple[float, float]
    recall: float | None
    recall_interval: tuple[float, float]
    f1: float


class Confusion(BaseModel):
    """Counts by true class (rows) and predicted class (columns). Immutable."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    labels: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]
    classes: tuple[ClassReport, ...]

    def worst_mistakes(self, limit: int = 5) -> tuple[tuple[str, str, int], ...]:
        """Return (true label, predicted label, rows) of the most frequent mistakes, most frequent first."""
        found = [
            (count, i, j) for i, row in enumerate(self.counts) for j, count in enumerate(row) if i != j and count > 0
        ]
        found.sort(key=lambda item: (-item[0], item[1], item[2]))
        return tuple((self.labels[i], self.labels[j], count) for count, i, j in found[:limit])


def confusion(y: Array, prediction: Array, labels: Sequence[str]) -> Confusion:
    """Return the confusion of codes y (n,) and predicted codes (n,) or probabilities (n, C).

    Raises:
        DataError: A code has no label, or the arrays do not fit each other.
    """
    codes, predicted, classes = label_codes(y, prediction)
    top = int(max(codes.max(), predicted.max()))
    if top >= len(labels) or (np.ndim(prediction) == 2 and classes != len(labels)):
        raise DataError(
            f"There are {len(labels)} class labels, but the codes or probabilities need {max(classes, top + 1)}.",
            hint="pass the labels in the order of the codes.",
        )
    size = len(labels)
    counts = np.bincount(codes * size + predicted, minlength=size * size).reshape(size, size)
    return Confusion(
        labels=tuple(labels),
        counts=tuple(tuple(int(n) for n in row) for row in counts),
        classes=tuple(_class_report(str(label), counts, k) for k, label in enumerate(labels)),
    )


def _class_report(label: str, counts: Array, k: int) -> ClassReport:
    hits, rows, predicted = int(counts[k, k]), int(counts[k].sum()), int(counts[:, k].sum())
    return ClassReport(
        label=label,
        rows=rows,
        predicted=predicted,
        precision=hits / predicted if predicted else None,
        precision_interval=wilson_interval(hits, predicted),
        recall=hits / rows if rows else None,
        recall_interval=wilson_interval(hits, rows),
        f1=2 * hits / (rows + predicted) if rows + predicted else 0.0,
    )
