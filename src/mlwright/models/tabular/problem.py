"""The rows of one fit in the form every library wants: recoded classes, one weight a row."""

from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np

from mlwright.base.errors import Infeasible
from mlwright.data.columns import Array
from mlwright.models.protocol import FitData, Params
from mlwright.models.signature import Task
from mlwright.models.tabular.estimator_file import EstimatorFile
from mlwright.models.tabular.labels import Labels


@dataclass(frozen=True, slots=True)
class Problem:
    """What a library fits.

    Attributes:
        train: Rows to learn from; class codes are 0..K-1 and all of them occur.
        valid: Rows for early stopping, recoded alike; None if there are none.
        task: The task of the whole table.
        labels: The classes; None for regression.
    """

    train: FitData
    valid: FitData | None
    task: Task
    labels: Labels | None

    @classmethod
    def of(cls, train: FitData, valid: FitData | None, task: Task, params: Params) -> Self:
        """Return the problem; `params["class_weight"]` is None or "balanced" (each class weighs the same).

        Raises:
            Infeasible: There are no training rows, or they have one class only.
        """
        if not len(train.y):
            raise Infeasible("There are 0 training rows; one at least was expected.", hint="use fewer folds.")
        if not task.is_classification:
            return cls(train, valid, task, None)
        labels = Labels.of(train, valid).checked()
        train = labels.restrict(train)
        valid = None if valid is None else labels.restrict(valid)
        if params.get("class_weight") == "balanced":
            shares = _balancing(train)
            train = _times(train, shares)
            valid = None if valid is None else _times(valid, shares)
        return cls(train, valid if valid is not None and len(valid.y) else None, task, labels)

    @property
    def outputs(self) -> int:
        """Return how many raw scores a row has: K for three classes and more, else 1."""
        return len(self.labels.present) if self.labels is not None and len(self.labels.present) > 2 else 1

    def file(self, family: str, rounds: int, **scaling: Any) -> EstimatorFile:
        """Return the `estimator.json` of what was fitted."""
        features = int(self.train.X.shape[1])
        return EstimatorFile(
            family=family, task=self.task, rounds=rounds, features=features, labels=self.labels, **scaling
        )


def _balancing(train: FitData) -> Array:
    mass = np.bincount(train.y, weights=train.weight)
    # A class whose rows all weigh nothing stays without weight.
    return np.divide(mass.sum() / len(mass), mass, out=np.zeros(len(mass)), where=mass > 0)


def _times(data: FitData, shares: Array) -> FitData:
    weight = shares[data.y]
    return replace(data, weight=weight if data.weight is None else weight * data.weight)
