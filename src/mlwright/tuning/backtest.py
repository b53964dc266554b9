"""Rolling origins inside the training part: each candidate forecasts what it has not seen, again and again.

The latest windows of every series are forecast from what came before them. Models of single histories see the whole
history up to the origin; global models are fitted anew for each block of origins, on what lies before the block.

Source: Tashman (2000), Out-of-sample tests of forecasting accuracy.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from mlwright.data.columns import Array
from mlwright.data.histories import Batch, batch_of
from mlwright.data.series import Panel, Series

_WINDOWS = 240  # over all series, about
_MOST_FOLDS, _FEWEST_FOLDS = 60, 3
_BLOCKS = 2  # of folds, for which a global model is fitted once
_TRAINED_SHARE = 0.5  # of a history that stays before the first origin


@dataclass(frozen=True, slots=True)
class BacktestPlan:
    """How origins are placed.

    Attributes:
        folds: Origins of each series, one horizon apart, the latest a horizon before the end.
        blocks: Fold numbers of each fit of a global model, fold 0 is the latest.
        memory: Values of a history that models of single histories look at.
    """

    horizon: int
    folds: int
    blocks: tuple[tuple[int, ...], ...]
    memory: int
    seasons: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Cases:
    """Histories to forecast from, and what came: W windows.

    Attributes:
        batch: The histories.
        parts: The series, cut at the origins.
        truth: Shape (W, horizon); NaN where nothing was measured.
        fold: Of each window.
    """

    batch: Batch
    parts: tuple[Series, ...]
    truth: Array
    fold: Array


def memory_of(longest: int, seasons: tuple[int, ...], horizon: int) -> int:
    """Return how many values of a history are looked at: enough for every season, bounded for the sake of time."""
    m, last = (seasons[0], seasons[-1]) if seasons else (1, 1)
    return max(2, min(longest, max(10 * m, 5 * last, 4 * horizon, 400), 2500))


def backtest_plan(panel: Panel, seasons: tuple[int, ...], horizon: int) -> BacktestPlan:
    """Return as many folds as the histories bear."""
    longest = max(len(one.values) for one in panel.series)
    m = seasons[0] if seasons else 1
    room = longest - max(int(longest * _TRAINED_SHARE), 2 * m, horizon)
    wanted = int(np.clip(_WINDOWS // len(panel.series), _FEWEST_FOLDS, _MOST_FOLDS))
    folds = max(1, min(wanted, room // horizon))
    blocks = tuple(tuple(int(f) for f in part) for part in np.array_split(np.arange(folds), min(_BLOCKS, folds)))
    return BacktestPlan(horizon, folds, blocks, memory_of(longest, seasons, horizon), seasons)


def cases_of(panel: Panel, plan: BacktestPlan) -> Cases:
    """Return every window whose series has something before it; at least one.

    A panel whose histories are too short for any is judged on the last values that there are.
    """
    parts: list[Series] = []
    truth: list[Array] = []
    fold: list[int] = []
    for number in range(plan.folds):
        for one in panel.series:
            origin = one.end - plan.horizon * (number + 1)
            if origin - one.start < max(2, min(plan.horizon, 2 * (plan.seasons[0] if plan.seasons else 1))):
                continue
            before = one.until(origin, plan.horizon)
            if np.isfinite(before.values).any():
                parts.append(before)
                truth.append(one.values[origin - one.start :][: plan.horizon])
                fold.append(number)
    if not parts:
        for one in panel.series:
            ahead = min(plan.horizon, max(1, len(one.values) // 2))
            if len(one.values) > 1:
                before = one.until(one.end - ahead, plan.horizon)
                missing = np.full(plan.horizon - ahead, np.nan)
                parts.append(before)
                truth.append(np.concatenate([one.values[-ahead:], missing]))
                fold.append(0)
    batch = batch_of(parts, plan.memory, plan.seasons)
    return Cases(batch, tuple(parts), np.array(truth), np.array(fold, dtype=np.int64))


def before_block(panel: Panel, plan: BacktestPlan, block: Sequence[int]) -> tuple[Series, ...]:
    """Return the series as they stood at the earliest origin of a block; empty ones are left out."""
    steps = plan.horizon * (max(block) + 1)
    cut = [one.until(one.end - steps, plan.horizon) for one in panel.series if len(one.values) > steps + 1]
    return tuple(one for one in cut if np.isfinite(one.values).any())


Forecaster = Callable[[Batch, Sequence[Series]], Array]  # to (B, horizon)
Fit = Callable[[Sequence[Series]], Forecaster | None]  # None where the series are too short


def backtest_global(fit: Fit, panel: Panel, cases: Cases, plan: BacktestPlan, deadline: float | None) -> Array | None:
    """Return a global model's forecasts of every window, (W, horizon); None when the time ran out.

    Args:
        fit: Fits on some series and returns what forecasts batches.
        panel, cases, plan: See above.
        deadline: `time.monotonic()` after which no further block is begun.
    """
    found = np.full(cases.truth.shape, np.nan)
    started = time.monotonic()
    for number, block in enumerate(plan.blocks):
        spent = (time.monotonic() - started) / max(number, 1)
        if deadline is not None and number and time.monotonic() + spent > deadline:
            return None
        rows = np.flatnonzero(np.isin(cases.fold, block))
        series = before_block(panel, plan, block)
        if not len(rows):
            continue
        forecast = fit(series) if series else None
        if forecast is None:
            return None
        found[rows] = forecast(cases.batch.rows(rows), [cases.parts[row] for row in rows])
    return found


def flat(cases: Cases) -> tuple[Array, Array, Array]:
    """Return which of the W * horizon rows were measured, their values and their scales."""
    measured = ~np.isnan(cases.truth)
    scale = np.broadcast_to(cases.batch.scale[:, np.newaxis], cases.truth.shape)
    return measured, cases.truth[measured], scale[measured]
