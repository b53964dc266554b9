"""Exponential smoothing: level, trend and season, each updated by the latest error.

The forms ETS(A, N|A|Ad, N|A|M) run side by side over a grid of smoothing parameters, for all histories at once; the
best by AICc is refined twice. So it needs no optimiser, and the same few numbers come out on every machine.

Source: Hyndman, Koehler, Ord and Snyder (2008), Forecasting with exponential smoothing, chapters 2 and 5.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import ClassVar, Literal

import numpy as np

from mlwright.base.traits import Traits
from mlwright.data.columns import Array
from mlwright.data.histories import Batch, bounded
from mlwright.models.series.protocol import Found

Season = Literal["N", "A", "M"]
_ALPHAS = (0.02, 0.1, 0.3, 0.6, 0.9)
_BETAS = (0.02, 0.15)  # shares of alpha
_GAMMAS = (0.02, 0.15, 0.4)  # shares of 1 - alpha
_PHIS = (1.0, 0.97, 0.88)
_REFINE = (0.35, 0.12)  # how far neighbours lie, on the scale of the logit
_MOST_SEASON = 400
_CELLS = 4_000_000  # of the seasonal states in memory at once
_CODES: dict[float, Season] = {0.0: "N", 1.0: "A", 2.0: "M"}


@dataclass(frozen=True, slots=True)
class _Grid:
    """Parameters of K candidates, each shape (1 or B, K); `trend` 0 switches the trend off."""

    alpha: Array
    beta: Array
    gamma: Array
    phi: Array
    trend: Array

    def counted(self, season: Season, m: int) -> Array:
        """Return how many numbers each candidate fits: smoothing parameters and starting states."""
        return 2.0 + 2.0 * self.trend + (self.phi < 1.0) + (0.0 if season == "N" else float(m))


class Ets:
    """Exponential smoothing whose form is chosen for each history."""

    traits: ClassVar[Traits] = Traits(summary="exponential smoothing, form chosen by AICc")
    name: ClassVar[str] = "ets"
    complexity: ClassVar[int] = 4
    baseline: ClassVar[bool] = True

    def fits(self, batch: Batch) -> bool:
        return True

    def find(self, batch: Batch) -> list[Found]:
        return [found for part in _parts(batch) for found in _find(part)]

    def forecast(self, batch: Batch, horizon: int, found: Sequence[Found]) -> Array:
        result = np.empty((len(batch.values), horizon))
        for code, season in _CODES.items():
            rows = np.array([row for row, one in enumerate(found) if one["season"] == code], dtype=np.int64)
            if len(rows):
                result[rows] = _continue(batch.rows(rows), season, [found[row] for row in rows], horizon)
        return bounded(result, batch)


def _parts(batch: Batch) -> Iterator[Batch]:
    size = max(1, _CELLS // (100 * max(batch.season, 1)))
    for start in range(0, len(batch.values), size):
        yield batch.rows(slice(start, start + size))


def _find(batch: Batch) -> list[Found]:
    """Return the best form and its parameters for each history."""
    best: list[tuple[float, Found]] = [(np.inf, {}) for _ in range(len(batch.values))]
    for season in _seasons(batch):
        lowest, chosen = _best(batch, season, _coarse(season))
        for width in _REFINE:
            near, closer = _best(batch, season, _around(chosen, width))
            better = near < lowest
            chosen = [new if won else old for new, old, won in zip(closer, chosen, better, strict=True)]
            lowest = np.minimum(lowest, near)
        best = [(float(low), one) if low < old[0] else old for old, low, one in zip(best, lowest, chosen, strict=True)]
    return [found or _default() for _, found in best]


def _best(batch: Batch, season: Season, grid: _Grid) -> tuple[Array, list[Found]]:
    """Return each history's lowest score on the grid, shape (B,), and the numbers that have it."""
    score = _score(batch, season, grid)
    if season == "M":
        # Factors have no meaning for values of 0 and below.
        score = np.where((batch.values.min(axis=1) > 0)[:, np.newaxis], score, np.inf)
    at = np.argmin(score, axis=1)
    chosen = [_numbers(grid, season, row, int(at[row])) for row in range(len(at))]
    return np.take_along_axis(score, at[:, np.newaxis], axis=1)[:, 0], chosen


def _default() -> Found:
    return {"season": 0.0, "alpha": 0.3, "beta": 0.0, "gamma": 0.0, "phi": 1.0, "trend": 0.0}


def _seasons(batch: Batch) -> tuple[Season, ...]:
    usable = 1 < batch.season <= _MOST_SEASON and batch.length >= 3 * batch.season
    return ("N", "A", "M") if usable else ("N",)


def _coarse(season: Season) -> _Grid:
    rows: list[tuple[float, float, float, float, float]] = []
    for alpha, gamma in product(_ALPHAS, (0.0,) if season == "N" else _GAMMAS):
        rows.append((alpha, 0.0, gamma * (1 - alpha), 1.0, 0.0))
        rows += [(alpha, beta * alpha, gamma * (1 - alpha), phi, 1.0) for beta, phi in product(_BETAS, _PHIS)]
    columns = np.array(rows).T[:, np.newaxis, :]
    return _Grid(*columns)


def _around(chosen: Sequence[Found], width: float) -> _Grid:
    """Return the neighbours of each history's own numbers."""

    def moved(name: str, shifts: Array) -> Array:
        value = np.array([one[name] for one in chosen])[:, np.newaxis]
        inside = np.clip(value, 1e-4, 0.9999)
        logit = np.log(inside / (1 - inside)) + shifts * 4 * width
        return np.where(value == 0.0, 0.0, np.clip(1 / (1 + np.exp(-logit)), 1e-3, 0.999))

    steps = np.array(list(product((-1.0, 0.0, 1.0), repeat=3))).T
    alpha, beta, gamma = (moved(name, steps[i][np.newaxis, :]) for i, name in enumerate(("alpha", "beta", "gamma")))
    same = np.ones_like(alpha)
    phi, trend = (np.array([one[name] for one in chosen])[:, np.newaxis] * same for name in ("phi", "trend"))
    return _Grid(alpha, np.minimum(beta, alpha), np.minimum(gamma, 1 - alpha), phi, trend)


def _numbers(grid: _Grid, season: Season, row: int, column: int) -> Found:
    code = next(key for key, value in _CODES.items() if value == season)
    names = ("alpha", "beta", "gamma", "phi", "trend")
    values = {name: getattr(grid, name) for name in names}
    found = {name: float(array[row if len(array) > 1 else 0, column]) for name, array in values.items()}
    return {"season": code, **{name: round(value, 6) for name, value in found.items()}}


def _score(batch: Batch, season: Season, grid: _Grid) -> Array:
    """Return AICc of each candidate on each history's own values, shape (B, K)."""
    squares, _ = _run(batch, season, grid)
    n = np.maximum(batch.real, 2).astype(np.float64)[:, np.newaxis]
    k = grid.counted(season, batch.season)
    floor = 1e-12 * np.maximum(batch.scale[:, np.newaxis] ** 2, 1e-300)
    room = np.maximum(n - k - 1, 1.0)
    score = n * np.log(squares / n + floor) + 2 * k + 2 * k * (k + 1) / room
    enough = n > k + 2 if season != "N" else n > 0
    return np.where(enough & np.isfinite(score), score, np.inf)


@dataclass(slots=True)
class _State:
    """Level, trend and seasonal parts of B x K candidates; season: (B, K, m)."""

    level: Array
    trend: Array
    season: Array


def _run(batch: Batch, season: Season, grid: _Grid) -> tuple[Array, _State]:
    """Smooth every history by every candidate; return the sums of squared errors of own values and the last state."""
    values, own = batch.values, batch.own
    state = _start(batch, season, grid)
    squares = np.zeros_like(state.level)
    m = state.season.shape[2]
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        for t in range(batch.length):
            error = _step(state, values[:, t, np.newaxis], t % m, season, grid)
            squares += np.where(own[:, t, np.newaxis], error * error, 0.0)
    return squares, state


def _step(state: _State, value: Array, slot: int, season: Season, grid: _Grid) -> Array:
    """Take in one value; return the error of the forecast of it."""
    moved = state.level + grid.phi * state.trend
    part = state.season[:, :, slot]
    if season == "M":
        error = value - moved * part
        safe = np.where(np.abs(moved) > 1e-12, moved, 1e-12)
        state.season[:, :, slot] = np.maximum(part + grid.gamma * error / safe, 1e-3)
        update = error / part
    else:
        error = value - moved - part
        if season == "A":
            state.season[:, :, slot] = part + grid.gamma * error
        update = error
    state.level = moved + grid.alpha * update
    state.trend = grid.phi * state.trend + grid.beta * update
    return error


def _start(batch: Batch, season: Season, grid: _Grid) -> _State:
    """Return the starting states: classical decomposition of the first few seasons."""
    shape = (len(batch.values), grid.alpha.shape[1])
    m = batch.season if season != "N" else 1
    if season == "N":
        level = np.broadcast_to(batch.values[:, :1], shape).copy()
        head = batch.values[:, : min(10, batch.length)]
        slope = (head[:, -1:] - head[:, :1]) / max(head.shape[1] - 1, 1)
        return _State(level, slope * grid.trend * np.ones(shape), np.zeros((*shape, 1)))
    cycles = min(4, batch.length // m)
    first = batch.values[:, : cycles * m].reshape(-1, cycles, m)
    means = first.mean(axis=2)
    slope = (means[:, -1] - means[:, 0]) / max((cycles - 1) * m, 1)
    line = means[:, :, np.newaxis] + slope[:, np.newaxis, np.newaxis] * (np.arange(m) - (m - 1) / 2)
    if season == "M":
        parts = (first / np.where(np.abs(line) > 1e-12, line, 1e-12)).mean(axis=1)
        parts = np.maximum(parts / np.maximum(parts.mean(axis=1, keepdims=True), 1e-12), 1e-3)
    else:
        parts = (first - line).mean(axis=1)
        parts = parts - parts.mean(axis=1, keepdims=True)
    trend = slope[:, np.newaxis] * grid.trend * np.ones(shape)
    level = np.broadcast_to((means[:, 0] - slope * (m + 1) / 2)[:, np.newaxis], shape)
    level = np.where(grid.trend > 0, level, means[:, :1] * np.ones(shape))
    return _State(level.copy(), trend, np.repeat(parts[:, np.newaxis, :], shape[1], axis=1))


def _continue(batch: Batch, season: Season, found: Sequence[Found], horizon: int) -> Array:
    names = ("alpha", "beta", "gamma", "phi", "trend")
    grid = _Grid(*(np.array([[one[name]] for one in found]) for name in names))
    _, state = _run(batch, season, grid)
    m = state.season.shape[2]
    ahead = np.arange(1, horizon + 1)
    damped = np.cumsum(grid.phi ** ahead[np.newaxis, :], axis=1)
    line = state.level + damped * state.trend
    parts = state.season[:, 0, :][:, (batch.length + ahead - 1) % m]
    return line * parts if season == "M" else line + parts
