"""A curved way back from the learned scale shifts the mean of the predictions; a factor measured out of fold mends it.

Source: Duan 1983, "Smearing estimate: a nonparametric retransformation method"; here the factor is the ratio of sums.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from mlwright.data.columns import Array
from mlwright.models.protocol import Estimator

_BOUNDS = (0.2, 5.0)  # a factor beyond is no correction of a mean


def mean_factors(truth: Sequence[Array], predicted: Sequence[Array]) -> list[float]:
    """Return for each fold the sum of the true over that of the predicted values of all *other* folds.

    Example:
        >>> mean_factors([np.array([2.0]), np.array([9.0])], [np.array([1.0]), np.array([3.0])])
        [3.0, 2.0]
    """
    sums = np.array([[float(np.sum(y)), float(np.sum(p))] for y, p in zip(truth, predicted, strict=True)])
    found: list[float] = []
    for index in range(len(sums)):
        true, said = (sums.sum(axis=0) - sums[index]) if len(sums) > 1 else sums[0]
        found.append(float(np.clip(true / said, *_BOUNDS)) if said > 0 and true > 0 else 1.0)
    return found


def with_factor(estimator: Estimator, factor: float) -> Estimator:
    """Return the estimator with its values multiplied by `factor`."""
    own: Any = estimator
    back = own.file.back.model_copy(update={"factor": factor})
    return replace(own, file=own.file.model_copy(update={"back": back}))


def mean_factor(estimators: Sequence[Estimator]) -> float:
    """Return the mean of the factors that estimators have."""
    files: list[Any] = [getattr(one, "file", None) for one in estimators]
    return float(np.mean([1.0 if file is None else file.back.factor for file in files]))
