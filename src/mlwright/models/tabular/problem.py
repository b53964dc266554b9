"""The rows of one fit in the form every library wants: recoded classes, one weight a row."""

from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np

from mlwright.base.errors import Infeasible
from mlwright.data.columns import Array
from mlwright.models.protocol import FitData, Params
from mlwright.models.signature import Task
from mlwright.models.tabular.back import Back
from mlwright.models.tabular.estimator_file import EstimatorFile
from mlwright.models.tabular.labels import Labels
from mlwright.models.tabular.objectives import objective_of
from mlwright.models.tabular.resample import resampled
from mlwright.models.tabular.target_scale import target_scale


@dataclass(frozen=True, slots=True)
class Problem:
    """What a library fits.

    Attributes:
        train: Rows to learn from; class codes are 0..K-1 and all of them occur.
        valid: Rows for early stopping, recoded alike; None if there are none.
        task: The task of the whole table.
        labels: The classes; None for regression.
        back: From the values in `train` and `valid`, which are on the scale that is learned, to the target's own.
    """

    train: FitData
    valid: FitData | None
    task: Task
    labels: Labels | None
    back: Back = field(default_factory=Back)

    @classmethod
    def of(cls, train: FitData, valid: FitData | None, task: Task, params: Params) -> Self:
        """Return the problem.

        Of classes, `params["class_weight"]` is None or "balanced" (each class weighs the same), and `resample` one of
        `RESAMPLINGS`. Of values, `target` is one of `TARGETS`, the scale on which they are learned.

        Raises:
            Infeasible: There are no training rows, they have one class only, or the parameters do not suit them.
        """
        if not len(train.y):
            raise Infeasible("There are 0 training rows; one at least was expected.", hint="use fewer folds.")
        if not task.is_classification:
            scale = target_scale(str(params.get("target", "identity")), train.y, objective=objective_of(params))
            checks = None if valid is None else replace(valid, y=scale.forward(valid.y))
            return cls(replace(train, y=scale.forward(train.y)), checks, task, None, scale.back)
        labels = Labels.of(train, valid).checked()
        train = labels.restrict(train)
        valid = None if valid is None else labels.restrict(valid)
        train = resampled(train, str(params.get("resample") or "none"))
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
            family=family,
            task=self.task,
            rounds=rounds,
            features=features,
            labels=self.labels,
            back=self.back,
            **scaling,
        )


def _balancing(train: FitData) -> Array:
    mass = np.bincount(train.y, weights=train.weight)
    # A class whose rows all weigh nothing stays without weight.
    return np.divide(mass.sum() / len(mass), mass, out=np.zeros(len(mass)), where=mass > 0)


def _times(data: FitData, shares: Array) -> FitData:
    weight = shares[data.y]
    return replace(data, weight=weight if data.weight is None else weight * data.weight)
