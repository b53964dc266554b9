"""Many histories side by side: the form in which models of series work, all at once and in numpy alone."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mlwright.data.columns import Array
from mlwright.data.series import Series

_TINY = 1e-9


@dataclass(frozen=True, slots=True)
class Batch:
    """The last `L` values of B histories that end where the forecast begins.

    Attributes:
        values: Shape (B, L), no NaN: gaps are filled, and a history that is shorter than L is continued backwards by
            its first season.
        real: How many values of each are its own, shape (B,); the rest is that continuation.
        scale: Mean absolute change over one season of each whole history, shape (B,), above 0: what MASE divides by.
        seasons: In steps, shortest first; empty for none.
    """

    values: Array
    real: Array
    scale: Array
    seasons: tuple[int, ...] = ()

    @property
    def season(self) -> int:
        """The first season, 1 for none."""
        return self.seasons[0] if self.seasons else 1

    @property
    def length(self) -> int:
        return int(self.values.shape[1])

    def rows(self, at: Array | slice) -> "Batch":
        """Return some of the histories."""
        return Batch(self.values[at], self.real[at], self.scale[at], self.seasons)

    @property
    def own(self) -> Array:
        """Where values are a history's own, bool, shape (B, L)."""
        return np.arange(self.length)[np.newaxis, :] >= (self.length - self.real)[:, np.newaxis]


def batch_of(series: Sequence[Series], memory: int, seasons: tuple[int, ...]) -> Batch:
    """Return the histories of some series, each ending at its series' last value.

    Args:
        series: Each with one value at least.
        memory: Values kept of each, L.
        seasons: In steps, shortest first.
    """
    season = seasons[0] if seasons else 1
    values = np.empty((len(series), memory))
    real = np.empty(len(series), dtype=np.int64)
    scale = np.empty(len(series))
    for row, one in enumerate(series):
        scale[row] = seasonal_scale(one.values, season)
        kept = filled(one.values[-memory:] if np.isfinite(one.values[-memory:]).any() else one.values, season)[-memory:]
        real[row] = len(kept)
        values[row] = _continued(kept, memory, season)
    return Batch(values, real, scale, seasons)


def seasonal_scale(values: Array, season: int) -> float:
    """Return the mean absolute change over one season, above 0.

    A history of less than a season is measured by its changes from step to step, and one that never changes by its own
    size, so that an error of it can still be told from none.

    Source: Hyndman and Koehler (2006), Another look at measures of forecast accuracy.

    Example:
        >>> seasonal_scale(np.array([1.0, 2.0, 4.0, 7.0]), 1)
        2.0
    """
    for lag in dict.fromkeys((season, 1)):
        if len(values) > lag:
            changes = np.abs(values[lag:] - values[:-lag])
            changes = changes[~np.isnan(changes)]
            found = float(changes.mean()) if len(changes) else 0.0
            if found > _TINY * max(1.0, float(np.nanmax(np.abs(values)))):
                return found
    present = values[~np.isnan(values)]
    return max(float(np.abs(present).mean()) if len(present) else 0.0, _TINY) or 1.0


def filled(values: Array, season: int) -> Array:
    """Return values without NaN: short gaps are crossed straight, long ones by what was one season before."""
    missing = np.isnan(values)
    if not missing.any():
        return values
    at = np.arange(len(values))
    whole = np.interp(at, at[~missing], values[~missing])
    if season > 1:
        ends = np.flatnonzero(np.diff(np.r_[0, missing.astype(np.int8), 0]))
        for start, stop in zip(ends[::2], ends[1::2], strict=True):
            if stop - start > max(2, season // 2) and start >= season:
                for t in range(start, stop):
                    whole[t] = whole[t - season]
    return whole


def _continued(values: Array, length: int, season: int) -> Array:
    """Return the last `length` values, a shorter history continued backwards by its first season."""
    lacking = length - len(values)
    if lacking <= 0:
        return values[-length:]
    first = values[: min(season, len(values))]
    back = np.resize(first[::-1], lacking)[::-1]
    return np.concatenate([back, values])


def bounded(forecast: Array, batch: Batch) -> Array:
    """Keep forecasts within one range of the history beyond its extremes: a recursion may leave any scale."""
    low, high = batch.values.min(axis=1, keepdims=True), batch.values.max(axis=1, keepdims=True)
    reach = np.maximum(high - low, batch.scale[:, np.newaxis])
    return np.clip(np.where(np.isfinite(forecast), forecast, batch.values[:, -1:]), low - reach, high + reach)


def last_season(values: Array, season: int, horizon: int) -> Array:
    """Return the last season repeated, shape (B, horizon).

    Example:
        >>> last_season(np.array([[1.0, 2.0, 3.0]]), 2, 3).tolist()
        [[2.0, 3.0, 2.0]]
    """
    return np.take(values[:, -season:], np.arange(horizon) % season, axis=1)
