"""From a history to the rows of a delivered forecast model, and from its answers to forecasts with intervals.

Written as `model/front.json`; with the ONNX graph beside it, it is all that a forecast needs, in numpy alone.
"""

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict

from mlwright.base.errors import DataError
from mlwright.data.columns import Array
from mlwright.data.grid import Grid
from mlwright.data.histories import Batch, batch_of
from mlwright.data.schema import Column, SemanticType
from mlwright.data.series import Layout, Panel, Series
from mlwright.features.lags import RowPlan, all_rows
from mlwright.models.series import SERIES_MODELS
from mlwright.models.series.direct_linear import DirectLinear
from mlwright.models.series.protocol import SeriesModel

LINEAR, TREES = "direct_linear", "boosted_trees"


class Spread(BaseModel):
    """How far values fall from their forecasts, measured on backtests. Immutable.

    Attributes:
        levels: Of the quantiles, ascending.
        offsets: For each step ahead and level, in units of `unit`, shape (horizon, levels).
        unit: The column of a row that offsets are multiplied by.
        interval: The level of the interval that is replied.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    levels: tuple[float, ...]
    offsets: tuple[tuple[float, ...], ...]
    unit: Literal["scale", "spread"]
    interval: float

    def quantiles(self, values: Array, unit: Array) -> Array:
        """Return the quantiles of forecasts (B, horizon), shape (B, horizon, levels)."""
        offsets = np.array(self.offsets)
        return values[:, :, np.newaxis] + unit[:, :, np.newaxis] * offsets[np.newaxis, : values.shape[1]]

    def bounds(self, values: Array, unit: Array) -> tuple[Array, Array]:
        """Return both ends of the interval, each (B, horizon)."""
        tail = (1 - self.interval) / 2
        found = self.quantiles(values, unit)
        at = [int(np.argmin(np.abs(np.array(self.levels) - share))) for share in (tail, 1 - tail)]
        return found[:, :, at[0]], found[:, :, at[1]]


class SeriesFront(BaseModel):
    """What turns histories into rows. Immutable.

    Attributes:
        time, target, group, known, past: The columns of a history, as the file had them.
        memory: Values of a history that models of single histories look at.
        plan: The rows.
        models: Models of single histories whose forecasts are columns of a row.
        found: Their numbers, by model and series; of a series that is not among them they are found when it comes.
        linear: The linear map, None where it is not part of the model.
        inputs: The columns of a row that the graph takes.
        coarse: Several rows fall into one step and are averaged.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["forecast"] = "forecast"
    format: Literal[1] = 1
    time: Column
    target: Column
    group: tuple[Column, ...] = ()
    known: tuple[Column, ...] = ()
    past: tuple[Column, ...] = ()
    grid: Grid
    memory: int
    plan: RowPlan
    models: tuple[str, ...]
    found: dict[str, dict[str, dict[str, float]]] = {}
    linear: DirectLinear | None = None
    inputs: tuple[str, ...]
    spread: Spread
    coarse: bool = False

    @property
    def horizon(self) -> int:
        return self.plan.horizon

    @property
    def layout(self) -> Layout:
        """Which column of a history is what."""
        names = [tuple(column.name for column in part) for part in (self.group, self.known, self.past)]
        numbered = self.time.type is SemanticType.NUMBER
        return Layout(self.time.name, self.target.name, *names, numbered=numbered)

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns of a history: those that must be given."""
        return (*self.group, self.time, self.target, *self.known, *self.past)

    def rows(self, panel: Panel) -> dict[str, Array]:
        """Return the rows of the steps after each series' end, `horizon` rows a series, one series after the other."""
        batch = batch_of(panel.series, self.memory, self.plan.seasons)
        return self.rows_of(batch, panel.series)

    def rows_of(self, batch: Batch, parts: Sequence[Series]) -> dict[str, Array]:
        """Return the rows of some histories, all columns of `inputs` and those in the target's unit."""
        found = all_rows(batch, parts, self.plan, self.grid)
        for name in self.models:
            forecast = self._continued(name, batch, parts)
            found[forecast_column(name)] = forecast.reshape(-1)
        if self.linear is not None:
            found[forecast_column(LINEAR)] = self.linear.forecast(batch, self.plan).reshape(-1)
        return found

    def _continued(self, name: str, batch: Batch, parts: Sequence[Series]) -> Array:
        model: SeriesModel = SERIES_MODELS.load(name)()
        kept = self.found.get(name, {})
        numbers: list[Mapping[str, float] | None] = [kept.get(one.name) for one in parts]
        new = np.array([row for row, one in enumerate(numbers) if one is None], dtype=np.int64)
        if len(new):
            for row, one in zip(new, model.find(batch.rows(new)), strict=True):
                numbers[row] = one
        return model.forecast(batch, self.horizon, [one or {} for one in numbers])

    def check_known(self, series: Sequence[Series]) -> None:
        """Refuse histories without what must be known ahead.

        Raises:
            DataError: A known column does not reach over the horizon.
        """
        for one in series:
            for column in self.known:
                cells = one.known[column.name][len(one.values) : len(one.values) + self.horizon]
                missing = cells == "" if cells.dtype == object else np.isnan(cells.astype(np.float64))
                if len(cells) < self.horizon or missing.any():
                    raise DataError(
                        f"'{column.name}' is known for {int(len(cells) - missing.sum())} of the {self.horizon} "
                        f"steps after the last value{f' of series {one.name!r}' if one.name else ''}.",
                        hint=f"add rows for those steps with '{column.name}'; leave '{self.target.name}' empty.",
                    )


def forecast_column(model: str) -> str:
    """Return the name of the column that holds a model's forecast.

    Example:
        >>> forecast_column("seasonal_naive")
        'seasonal naive forecast'
    """
    return f"{model.replace('_', ' ')} forecast"
