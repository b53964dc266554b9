"""One linear map from the latest values to all steps ahead, fitted to all series together.

Source: Zeng et al. (2023), Are transformers effective for time series forecasting? (NLinear).
"""

from typing import Self

import numpy as np
from pydantic import BaseModel, ConfigDict

from mlwright.data.columns import Array
from mlwright.data.histories import Batch, bounded
from mlwright.features.lags import RowPlan, level_and_spread

MOST_NUMBERS = 40_000
_STRENGTHS = (1e-4, 1e-3, 1e-2, 1e-1, 1.0)
_HELD_OUT = 0.2


class DirectLinear(BaseModel):
    """Weights of shape (width + 1, horizon), the last row the intercept. Immutable; part of `model/front.json`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    weights: tuple[tuple[float, ...], ...]

    @classmethod
    def of(cls, weights: Array) -> Self:
        """Keep weights with seven digits, so that a stored model is the one that was used."""
        return cls(weights=tuple(tuple(float(f"{w:.7g}") for w in row) for row in weights))

    def forecast(self, batch: Batch, plan: RowPlan) -> Array:
        """Return the continuation of each history, shape (B, horizon)."""
        weights = np.array(self.weights)
        values = batch.values[:, -(len(weights) - 1) :]
        level, spread = level_and_spread(batch.values[:, -plan.memory :], plan)
        relative = (values - level) / spread
        return bounded(level + spread * (relative @ weights[:-1] + weights[-1]), batch)


def fit_direct_linear(X: Array, Y: Array, weight: Array, order: Array) -> DirectLinear:
    """Fit by least squares with a penalty that is chosen on the latest part of the rows.

    Args:
        X: Latest values, relative, shape (n, width).
        Y: Values that followed, relative, shape (n, horizon), no NaN.
        weight: Of rows, shape (n,).
        order: Time of each row, shape (n,); the latest fifth chooses the penalty.
    """
    ones = np.column_stack([X, np.ones(len(X))])
    cut = np.quantile(order, 1 - _HELD_OUT)
    early, late = order < cut, order >= cut
    best, lowest = _STRENGTHS[-1], np.inf
    if early.sum() > 2 and late.any():
        for strength in _STRENGTHS:
            found = _ridge(ones[early], Y[early], weight[early], strength)
            loss = float(np.average(np.abs(ones[late] @ found - Y[late]).mean(axis=1), weights=weight[late]))
            if loss < lowest:
                best, lowest = strength, loss
    return DirectLinear.of(_ridge(ones, Y, weight, best))


def _ridge(X: Array, Y: Array, weight: Array, strength: float) -> Array:
    weighted = X * weight[:, np.newaxis]
    moments = X.T @ weighted
    penalty = strength * float(np.trace(moments)) / len(moments) * np.eye(len(moments))
    penalty[-1, -1] = 1e-9
    return np.linalg.solve(moments + penalty, weighted.T @ Y)
