"""Waves of every season plus an autoregressive rest: for long seasons, such as the year in daily values.

Source: dynamic harmonic regression, Hyndman and Athanasopoulos, Forecasting: principles and practice, section 10.5.
"""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from mlwright.base.traits import Traits
from mlwright.data.columns import Array
from mlwright.data.histories import Batch, bounded
from mlwright.models.series.protocol import Found

_WAVES = 4  # of each season
_LAGS = 5
_RIDGE = 1e-4


class Harmonic:
    """Fourier terms by least squares; what they leave follows its own past back to 0."""

    traits: ClassVar[Traits] = Traits(summary="waves of every season and an autoregressive rest")
    name: ClassVar[str] = "harmonic"
    complexity: ClassVar[int] = 4
    baseline: ClassVar[bool] = False

    def fits(self, batch: Batch) -> bool:
        return bool(batch.seasons) and batch.length >= 2 * batch.season + 4

    def find(self, batch: Batch) -> list[Found]:
        return [{} for _ in range(len(batch.values))]

    def forecast(self, batch: Batch, horizon: int, found: Sequence[Found]) -> Array:
        seasons = [m for m in batch.seasons if 2 * m <= batch.length]
        waves = fourier(np.arange(-batch.length, horizon), seasons)
        past, ahead = waves[: batch.length], waves[batch.length :]
        penalty = _RIDGE * batch.length * np.eye(past.shape[1])
        penalty[0, 0] = 0.0
        weights = np.linalg.solve(past.T @ past + penalty, past.T @ batch.values.T)
        rest = batch.values - (past @ weights).T
        return bounded((ahead @ weights).T + _decay(rest, horizon), batch)


def fourier(at: Array, seasons: Sequence[int]) -> Array:
    """Return 1 and a few sines and cosines of each season at some positions, shape (n, 1 + waves)."""
    columns = [np.ones(len(at))]
    for m in seasons:
        for k in range(1, min(_WAVES, m // 2) + 1):
            turn = 2 * np.pi * k * at / m
            columns += [np.cos(turn), np.sin(turn)] if 2 * k < m else [np.cos(turn)]
    return np.column_stack(columns)


def _decay(rest: Array, horizon: int) -> Array:
    """Continue each row by its autoregression (Yule-Walker), which always comes back to 0."""
    p = min(_LAGS, rest.shape[1] // 8)
    if p < 1:
        return np.zeros((len(rest), horizon))
    n = rest.shape[1]
    moments = np.stack([(rest[:, lag:] * rest[:, : n - lag]).sum(axis=1) for lag in range(p + 1)], axis=1)
    moments[:, 0] = moments[:, 0] * 1.0001 + 1e-300
    lags = np.abs(np.subtract.outer(np.arange(p), np.arange(p)))
    weights = np.linalg.solve(moments[:, lags], moments[:, 1:, np.newaxis])[:, :, 0]
    line = np.concatenate([rest[:, -p:], np.zeros((len(rest), horizon))], axis=1)
    for h in range(horizon):
        line[:, p + h] = (weights * line[:, h : p + h][:, ::-1]).sum(axis=1)
    return line[:, p:]
