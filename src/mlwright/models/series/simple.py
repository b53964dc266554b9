"""The baselines: the last value, the last season, the mean of seasons, the line from first to last."""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from mlwright.base.traits import Traits
from mlwright.data.columns import Array
from mlwright.data.histories import Batch, bounded, last_season
from mlwright.models.series.protocol import Found

_SEASONS_MEANT = 4


class _Plain:
    """A model without numbers of its own."""

    def fits(self, batch: Batch) -> bool:
        return True

    def find(self, batch: Batch) -> list[Found]:
        return [{} for _ in range(len(batch.values))]


class Naive(_Plain):
    """The last value, again and again."""

    traits: ClassVar[Traits] = Traits(summary="the last value")
    name: ClassVar[str] = "naive"
    complexity: ClassVar[int] = 0
    baseline: ClassVar[bool] = True

    def forecast(self, batch: Batch, horizon: int, found: Sequence[Found]) -> Array:
        return np.repeat(batch.values[:, -1:], horizon, axis=1)


class Drift(_Plain):
    """The line through the first and the last value.

    Source: Hyndman and Athanasopoulos, Forecasting: principles and practice, 3rd edition, section 5.2.
    """

    traits: ClassVar[Traits] = Traits(summary="the line from the first to the last value")
    name: ClassVar[str] = "drift"
    complexity: ClassVar[int] = 1
    baseline: ClassVar[bool] = True

    def forecast(self, batch: Batch, horizon: int, found: Sequence[Found]) -> Array:
        first = np.take_along_axis(batch.values, (batch.length - batch.real)[:, np.newaxis], axis=1)
        slope = (batch.values[:, -1:] - first) / np.maximum(batch.real - 1, 1)[:, np.newaxis]
        return bounded(batch.values[:, -1:] + slope * np.arange(1, horizon + 1), batch)


class SeasonalNaive(_Plain):
    """The last season, again and again."""

    traits: ClassVar[Traits] = Traits(summary="the last season")
    name: ClassVar[str] = "seasonal_naive"
    complexity: ClassVar[int] = 1
    baseline: ClassVar[bool] = True

    def fits(self, batch: Batch) -> bool:
        return 1 < batch.season <= batch.length

    def forecast(self, batch: Batch, horizon: int, found: Sequence[Found]) -> Array:
        return last_season(batch.values, batch.season, horizon)


class LongSeasonalNaive(SeasonalNaive):
    """The last of the longest seasons, such as the last week of hourly values, moved to today's level."""

    traits: ClassVar[Traits] = Traits(summary="the last of the longest seasons")
    name: ClassVar[str] = "long_seasonal_naive"
    complexity: ClassVar[int] = 2
    baseline: ClassVar[bool] = True

    def fits(self, batch: Batch) -> bool:
        return len(batch.seasons) > 1 and batch.seasons[-1] <= batch.length

    def forecast(self, batch: Batch, horizon: int, found: Sequence[Found]) -> Array:
        return last_season(batch.values, batch.seasons[-1], horizon)


class SeasonalMean(_Plain):
    """The mean of the last four seasons, the latest weighing most, moved to the level of the last one."""

    traits: ClassVar[Traits] = Traits(summary="the mean of the last seasons, at the level of the last")
    name: ClassVar[str] = "seasonal_mean"
    complexity: ClassVar[int] = 2
    baseline: ClassVar[bool] = False

    def fits(self, batch: Batch) -> bool:
        return batch.season > 1 and 2 * batch.season <= batch.length

    def forecast(self, batch: Batch, horizon: int, found: Sequence[Found]) -> Array:
        m = batch.season
        count = min(_SEASONS_MEANT, batch.length // m)
        cycles = batch.values[:, -count * m :].reshape(-1, count, m)
        level = cycles.mean(axis=2, keepdims=True)
        weight = np.arange(1, count + 1, dtype=np.float64)
        shape = np.einsum("bcm,c->bm", cycles - level, weight / weight.sum())
        return np.take(shape + level[:, -1], np.arange(horizon) % m, axis=1)
