"""The seasonal pattern of a history: taken off before a model, put back after it.

Source: classical decomposition, Hyndman and Athanasopoulos, Forecasting: principles and practice, section 3.4.
"""

from dataclasses import dataclass

import numpy as np

from mlwright.data.columns import Array
from mlwright.data.histories import Batch

_CYCLES = 6  # of the latest seasons that the pattern is taken from
_TINY = 1e-12


@dataclass(frozen=True, slots=True)
class Pattern:
    """What a season adds or multiplies.

    Attributes:
        parts: For each place in the season, counted from the first step ahead, shape (B, m).
        factor: Whether they multiply, bool, shape (B,).
    """

    parts: Array
    factor: Array

    def on(self, line: Array) -> Array:
        """Put the pattern onto the steps ahead, shape (B, horizon)."""
        spread = self.parts[:, np.arange(line.shape[1]) % self.parts.shape[1]]
        return np.where(self.factor[:, np.newaxis], line * spread, line + spread)


def deseasonalised(batch: Batch) -> tuple[Array, Pattern]:
    """Return the histories without their seasonal pattern, shape (B, L), and the pattern.

    It multiplies where all values are above 0 and swings grow with the level, else it adds.
    """
    m = batch.season
    if m < 2 or batch.length < 2 * m:
        return batch.values, Pattern(np.zeros((len(batch.values), 1)), np.zeros(len(batch.values), dtype=bool))
    count = min(_CYCLES, batch.length // m)
    cycles = batch.values[:, -count * m :].reshape(-1, count, m)
    level = cycles.mean(axis=2, keepdims=True)
    slope = (level[:, -1] - level[:, 0]) / max((count - 1) * m, 1)
    line = level + slope[:, :, np.newaxis] * (np.arange(m) - (m - 1) / 2)
    factor = _grows(batch, cycles, level[:, :, 0])
    ratios = (cycles / np.where(np.abs(line) > _TINY, line, _TINY)).mean(axis=1)
    ratios = np.maximum(ratios / np.maximum(np.abs(ratios.mean(axis=1, keepdims=True)), _TINY), 1e-3)
    sums = (cycles - line).mean(axis=1)
    pattern = Pattern(np.where(factor[:, np.newaxis], ratios, sums - sums.mean(axis=1, keepdims=True)), factor)
    spread = pattern.parts[:, np.arange(-batch.length, 0) % m]
    flat = np.where(factor[:, np.newaxis], batch.values / np.where(spread == 0, 1.0, spread), batch.values - spread)
    return flat, pattern


def _grows(batch: Batch, cycles: Array, level: Array) -> Array:
    """Whether swings grow with the level, bool, shape (B,)."""
    swing = cycles.std(axis=2)
    x = level - level.mean(axis=1, keepdims=True)
    y = swing - swing.mean(axis=1, keepdims=True)
    return (batch.values.min(axis=1) > 0) & ((x * y).sum(axis=1) > 0)
