"""Rows of a global model: one for each history and step ahead, all of them relative to the history's own level.

A row holds the latest values, the values one and more seasons before the step ahead, means over windows, the calendar
of the step ahead and what else is known. Values are made comparable between series: `level` is taken off and `spread`
divided by, both of the latest season, so that a model learns shapes and not sizes.
"""

from collections.abc import Sequence

import numpy as np
from pydantic import BaseModel, ConfigDict

from mlwright.data.columns import Array
from mlwright.data.grid import Grid
from mlwright.data.histories import Batch, filled, last_season
from mlwright.data.schema import Column, SemanticType
from mlwright.data.series import Series
from mlwright.features.calendar import calendar_columns, calendar_parts

# In the target's own unit; the other columns of a row have none.
STEP, SCALE, LEVEL, SPREAD, BASE = "step", "scale", "level", "spread", "base"
OWN_UNIT = (SCALE, LEVEL, SPREAD, BASE)
_MOST_LAGS = 24
_ROUNDS = 3  # seasons that are looked back to


class KnownColumn(BaseModel):
    """A column known ahead; `levels` of text, none for numbers."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    text: bool = False


class RowPlan(BaseModel):
    """What a row holds. Immutable; part of `model/front.json`.

    Attributes:
        lags: The latest values, 1 is the last.
        windows: Steps that means are taken over.
        memory: Values of a history that a row looks at.
        seasonal_base: The base is the value one season before the step ahead, else the last value.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    horizon: int
    seasons: tuple[int, ...] = ()
    lags: tuple[int, ...]
    windows: tuple[int, ...]
    memory: int
    calendar: tuple[str, ...] = ()
    known: tuple[KnownColumn, ...] = ()
    past: tuple[str, ...] = ()
    seasonal_base: bool = False

    @property
    def features(self) -> tuple[str, ...]:
        """The columns a model learns from, in their order."""
        seasonal = [f"season {m} back {j}" for m, j in self.rounds()]
        around = [f"season {m} {word}" for m in self.seasons for word in ("before", "after")]
        shape = [f"mean {w}" for w in self.windows] + [f"deviation {w}" for w in self.windows] + ["slope", "base shift"]
        outside = [f"{one.name} ahead" for one in self.known] + [f"{name} last" for name in self.past]
        return (
            STEP,
            *(f"lag {k}" for k in self.lags),
            *seasonal,
            *around,
            *shape,
            *self.calendar,
            *outside,
        )

    def rounds(self) -> list[tuple[int, int]]:
        """Return season and how many seasons back, as far as the memory reaches."""
        return [(m, j) for m in self.seasons for j in range(1, _ROUNDS + 1) if self._reach(m, j) <= self.memory]

    def _reach(self, m: int, j: int) -> int:
        return m * j + 1

    def columns(self) -> tuple[Column, ...]:
        """Return a row's columns as a model's signature has them."""
        texts = {f"{one.name} ahead" for one in self.known if one.text}
        kinds = {name: SemanticType.CATEGORY if name in texts else SemanticType.NUMBER for name in self.features}
        own = tuple(Column(name=name, type=SemanticType.NUMBER) for name in OWN_UNIT)
        return (*own, *(Column(name=name, type=kind) for name, kind in kinds.items()))


def row_plan(
    panel_rows: int, grid: Grid, seasons: tuple[int, ...], horizon: int, *, known: Sequence[KnownColumn] = (),
    past: Sequence[str] = (),
) -> RowPlan:  # fmt: skip
    """Return what rows shall hold for series of such a length.

    Args:
        panel_rows: Length of the longest history.
        grid: Of the series.
        seasons: In steps, shortest first; those that do not fit twice are left out.
        horizon: Steps ahead.
        known, past: Further columns.
    """
    kept = tuple(m for m in seasons if 2 * m <= panel_rows)
    m = kept[0] if kept else 1
    lags = tuple(range(1, min(max(m, 8), _MOST_LAGS, max(panel_rows // 4, 1)) + 1))
    wanted = {max(2, m // 2), max(3, m), max(7, 2 * m), max(14, 4 * m), *kept}
    windows = tuple(sorted(w for w in wanted if w <= max(2, panel_rows // 2)))
    reach = [len(lags) + 1, *windows, 2 * m, *((_ROUNDS if 4 * s <= panel_rows else 1) * s + 2 for s in kept)]
    return RowPlan(
        horizon=horizon,
        seasons=kept,
        lags=lags,
        windows=windows,
        memory=max(reach),
        calendar=calendar_parts(grid, panel_rows),
        known=tuple(known),
        past=tuple(past),
    )


def all_rows(batch: Batch, parts: Sequence[Series], plan: RowPlan, grid: Grid) -> dict[str, Array]:
    """Return every column of the rows of some histories, each (B * horizon,), one history after the other."""
    found = {**lag_rows(batch, plan), **outside_rows(parts, plan, grid)}
    return {name: np.ascontiguousarray(column).reshape(-1) for name, column in found.items()}


def lag_rows(batch: Batch, plan: RowPlan) -> dict[str, Array]:
    """Return the columns that come from the histories alone, each of shape (B, horizon); `plan.memory` values are used.

    Those in the target's unit first, then those relative to level and spread.
    """
    values = batch.values[:, -plan.memory :]
    level, spread = level_and_spread(values, plan)
    shape = (len(values), plan.horizon)
    base = last_season(values, plan.seasons[0], plan.horizon) if plan.seasonal_base else np.repeat(
        values[:, -1:], plan.horizon, axis=1
    )  # fmt: skip
    relative = (values - level) / spread
    rows: dict[str, Array] = {
        SCALE: np.broadcast_to(batch.scale[:, np.newaxis], shape),
        LEVEL: np.broadcast_to(level, shape),
        SPREAD: np.broadcast_to(spread, shape),
        BASE: base,
        STEP: np.broadcast_to(np.arange(1.0, plan.horizon + 1), shape),
    }
    rows |= {f"lag {k}": np.broadcast_to(relative[:, -k, np.newaxis], shape) for k in plan.lags}
    rows |= _seasonal(relative, plan)
    for w in plan.windows:
        part = relative[:, -w:]
        rows[f"mean {w}"] = np.broadcast_to(part.mean(axis=1, keepdims=True), shape)
        rows[f"deviation {w}"] = np.broadcast_to(part.std(axis=1, keepdims=True), shape)
    m = plan.seasons[0] if plan.seasons else max(plan.lags[-1] // 2, 1)
    slope = relative[:, -m:].mean(axis=1) - relative[:, -2 * m : -m or None].mean(axis=1)
    rows["slope"] = np.broadcast_to(slope[:, np.newaxis], shape)
    rows["base shift"] = (base - level) / spread
    return rows


def _seasonal(relative: Array, plan: RowPlan) -> dict[str, Array]:
    """Return the values at the step's own place in earlier seasons, and its neighbours in the last one."""
    steps = np.arange(plan.horizon)
    n = relative.shape[1]
    rows: dict[str, Array] = {}
    for m, j in plan.rounds():
        rows[f"season {m} back {j}"] = relative[:, n - m * j + steps % m]
    for m in plan.seasons:
        rows[f"season {m} before"] = relative[:, n - m + (steps - 1) % m]
        rows[f"season {m} after"] = relative[:, n - m + (steps + 1) % m]
    return rows


def level_and_spread(values: Array, plan: RowPlan) -> tuple[Array, Array]:
    """Return mean and mean absolute deviation of the latest season (or windows), (B, 1); the spread is above 0."""
    size = max(plan.seasons[0] if plan.seasons else 1, min(14, values.shape[1]))
    recent = values[:, -size:]
    level = recent.mean(axis=1, keepdims=True)
    spread = np.abs(recent - level).mean(axis=1, keepdims=True)
    whole = np.abs(values - values.mean(axis=1, keepdims=True)).mean(axis=1, keepdims=True)
    least = np.maximum(0.05 * whole, 1e-9 * np.maximum(1.0, np.abs(level)))
    # A history that never changed still gets a size to be measured by.
    flat = np.where(whole > 0, least, np.maximum(np.abs(level), 1.0))
    return level, np.where(spread > least, spread, flat)


def outside_rows(series: Sequence[Series], plan: RowPlan, grid: Grid) -> dict[str, Array]:
    """Return the calendar and the further columns of the steps after each series' end, each of shape (B, horizon)."""
    ends = np.array([one.end for one in series])
    ahead = np.arange(plan.horizon)
    rows: dict[str, Array] = {}
    if plan.calendar:
        stamps = grid.stamps((ends[:, np.newaxis] + ahead).reshape(-1))
        parts = calendar_columns(stamps, plan.calendar)
        rows |= {name: part.reshape(len(series), -1) for name, part in parts.items()}
    for column in plan.known:
        rows[f"{column.name} ahead"] = np.array([_ahead(one, column, plan.horizon) for one in series])
    for name in plan.past:
        last = np.array([_last(one.past[name]) for one in series])
        rows[f"{name} last"] = np.broadcast_to(last[:, np.newaxis], (len(series), plan.horizon))
    return rows


def _ahead(one: Series, column: KnownColumn, horizon: int) -> Array:
    found = one.known[column.name][len(one.values) : len(one.values) + horizon]
    missing = horizon - len(found)
    if column.text:
        return np.concatenate([found, np.full(missing, "", dtype=object)])
    return np.concatenate([found, np.full(missing, np.nan)])


def _last(values: Array) -> float:
    if not np.isfinite(values).any():
        return float("nan")
    return float(filled(values[-50:] if np.isfinite(values[-50:]).any() else values, 1)[-1])
