"""Training rows of global models: windows of all series, each with the values that followed."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mlwright.base.seeds import generator
from mlwright.data.columns import Array
from mlwright.data.grid import Grid
from mlwright.data.histories import Batch, filled, seasonal_scale
from mlwright.data.series import Series
from mlwright.features.lags import BASE, RowPlan, all_rows, level_and_spread

_CHUNK = 2_000
_TAILS = (0.002, 0.998)


@dataclass(frozen=True, slots=True)
class Windows:
    """Origins in some series: what came before each, and what followed.

    Attributes:
        batch: The values before, (n, memory); its scale is that of the whole series.
        truth: The values after, (n, horizon), NaN where none was measured.
        order: Position of each origin, shape (n,).
        parts: The series cut at each origin, for what comes from beside the histories; empty when not needed.
    """

    batch: Batch
    truth: Array
    order: Array
    parts: tuple[Series, ...]


def windows_of(
    series: Sequence[Series], plan: RowPlan, memory: int, most: int, seed: int, *, parts: bool = True
) -> Windows:  # fmt: skip
    """Return up to `most` windows, drawn evenly over all origins of all series.

    An origin has at least a quarter of the memory before it, and the whole horizon after it.
    """
    season = plan.seasons[0] if plan.seasons else 1
    least = min(memory, max(2 * season, plan.horizon, memory // 4, 2))
    lengths = np.array([max(0, len(one.values) - plan.horizon - least + 1) for one in series])
    total = int(lengths.sum())
    chosen = np.arange(total)
    if total > most:
        chosen = np.sort(generator(seed, "windows").choice(total, most, replace=False))
    starts = np.r_[0, np.cumsum(lengths)]
    owner = np.searchsorted(starts, chosen, side="right") - 1
    values, truth, real = np.empty((len(chosen), memory)), np.empty((len(chosen), plan.horizon)), []
    scale = np.array([seasonal_scale(one.values, season) for one in series])[owner]
    cut: list[Series] = []
    for index, one in enumerate(series):
        mine = np.flatnonzero(owner == index)
        if not len(mine):
            continue
        whole = filled(one.values, season)
        padded = np.concatenate([np.resize(whole[:season][::-1], memory)[::-1], whole])
        at = chosen[mine] - starts[index] + least
        values[mine] = np.lib.stride_tricks.sliding_window_view(padded, memory)[at]
        truth[mine] = np.lib.stride_tricks.sliding_window_view(one.values, plan.horizon)[at]
        real += np.minimum(at, memory).tolist()
        cut += [one.until(one.start + int(a), plan.horizon) for a in at] if parts else []
    order = np.array([series[o].start for o in owner]) + chosen - starts[owner] + least
    batch = Batch(values, np.array(real, dtype=np.int64), scale, plan.seasons)
    return Windows(batch, truth, order, tuple(cut))


@dataclass(frozen=True, slots=True)
class LearningRows:
    """What a tree model is fitted to: relative to base and spread.

    Attributes:
        columns: The features of the plan, each shape (n,).
        y: (value - base) / spread.
        weight: Spread over scale, so that an error counts as it does in MASE.
        order: Position of the origin.
    """

    columns: dict[str, Array]
    y: Array
    weight: Array
    order: Array


def learning_rows(windows: Windows, plan: RowPlan, grid: Grid, most: int, seed: int) -> LearningRows:
    """Return up to `most` rows, a random few steps of each window."""
    rng = generator(seed, "rows")
    share = min(1.0, most / max(windows.truth.size, 1))
    kept: list[dict[str, Array]] = []
    ys: list[Array] = []
    weights: list[Array] = []
    orders: list[Array] = []
    for start in range(0, len(windows.truth), _CHUNK):
        part = slice(start, start + _CHUNK)
        batch = windows.batch.rows(part)
        rows = all_rows(batch, windows.parts[part], plan, grid)
        truth = windows.truth[part].reshape(-1)
        chosen = ~np.isnan(truth) & (rng.random(len(truth)) < share)
        spread = rows["spread"][chosen]
        ys.append((truth[chosen] - rows[BASE][chosen]) / spread)
        weights.append(spread / rows["scale"][chosen])
        orders.append(np.repeat(windows.order[part], plan.horizon)[chosen])
        kept.append({name: rows[name][chosen] for name in plan.features})
    columns = {name: np.concatenate([one[name] for one in kept]) for name in plan.features}
    weight = np.concatenate(weights)
    weight = np.clip(weight / max(float(np.median(weight)), 1e-12), 0.02, 50.0)
    y = np.concatenate(ys)
    # A few wild steps would otherwise outweigh all others in a squared loss.
    low, high = np.quantile(y, _TAILS)
    return LearningRows(columns, np.clip(y, low, high), weight, np.concatenate(orders))


def linear_rows(windows: Windows, plan: RowPlan, width: int) -> tuple[Array, Array, Array]:
    """Return latest values, following values (gaps filled by 0 change) and weights for the linear map."""
    level, spread = level_and_spread(windows.batch.values[:, -plan.memory :], plan)
    X = (windows.batch.values[:, -width:] - level) / spread
    Y = (windows.truth - level) / spread
    whole = ~np.isnan(Y).any(axis=1)
    weight = spread[:, 0] / windows.batch.scale
    weight = np.clip(weight / max(float(np.median(weight)), 1e-12), 0.02, 50.0)
    return X[whole], np.clip(Y[whole], -50, 50), weight[whole]
