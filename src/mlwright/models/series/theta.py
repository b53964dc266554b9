"""The theta method: half the trend of a line, half exponential smoothing, on the deseasonalised history.

Source: Assimakopoulos and Nikolopoulos (2000), The theta model; Hyndman and Billah (2003), Unmasking the theta method.
"""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from mlwright.base.traits import Traits
from mlwright.data.columns import Array
from mlwright.data.histories import Batch, bounded
from mlwright.models.series.protocol import Found
from mlwright.models.series.seasonal import deseasonalised

_ALPHAS = np.array([0.01, 0.03, 0.06, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.99])


class Theta:
    """Theta with the seasonal pattern taken off before and put back after."""

    traits: ClassVar[Traits] = Traits(summary="the theta method on the deseasonalised history")
    name: ClassVar[str] = "theta"
    complexity: ClassVar[int] = 3
    baseline: ClassVar[bool] = False

    def fits(self, batch: Batch) -> bool:
        return True

    def find(self, batch: Batch) -> list[Found]:
        flat, _ = deseasonalised(batch)
        errors, _ = _smooth(flat, np.broadcast_to(_ALPHAS, (len(flat), len(_ALPHAS))), batch.own)
        best = np.argmin(errors, axis=1)
        return [{"alpha": float(_ALPHAS[at])} for at in best]

    def forecast(self, batch: Batch, horizon: int, found: Sequence[Found]) -> Array:
        flat, pattern = deseasonalised(batch)
        alpha = np.array([[one["alpha"]] for one in found])
        _, level = _smooth(flat, alpha, batch.own)
        slope = _slope(flat, batch.own)[:, np.newaxis]
        n = batch.real[:, np.newaxis]
        ahead = np.arange(horizon)[np.newaxis, :]
        line = level + slope / 2 * (ahead + (1 - (1 - alpha) ** n) / alpha)
        return bounded(pattern.on(line), batch)


def _smooth(values: Array, alpha: Array, own: Array) -> tuple[Array, Array]:
    """Return sums of squared one-step errors of own values and the last level, each shape (B, K)."""
    level = np.broadcast_to(values[:, :1], alpha.shape).copy()
    squares = np.zeros(alpha.shape)
    for t in range(1, values.shape[1]):
        error = values[:, t, np.newaxis] - level
        squares += np.where(own[:, t, np.newaxis], error * error, 0.0)
        level += alpha * error
    return squares, level


def _slope(values: Array, own: Array) -> Array:
    """Return the least-squares slope of own values, shape (B,)."""
    weight = own.astype(np.float64)
    count = np.maximum(weight.sum(axis=1), 1.0)
    at = np.arange(values.shape[1])[np.newaxis, :]
    x = (at - ((at * weight).sum(axis=1) / count)[:, np.newaxis]) * weight
    return (x * values).sum(axis=1) / np.maximum((x * x).sum(axis=1), 1e-12)
