"""Mix the candidates of a forecast and choose: the simplest that nothing beats beyond the noise."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mlwright.data.columns import Array
from mlwright.features.lags import level_and_spread
from mlwright.models.series.front import Spread
from mlwright.tuning.ensemble import MixPlan, greedy_mix
from mlwright.tuning.series_search import MIX_COMPLEXITY, TREE_VARIANTS, Setting, Trial

LEVELS = (0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 0.975)
MIX = "mix"
_MEMBERS = 5
_PARTS = 8  # of the folds, each judged by weights of the others
_KNOTS = 12


@dataclass(frozen=True, slots=True)
class Candidate:
    """A trial or a mix of trials, as it did on windows that its weights had not seen.

    Attributes:
        weights: By trial; they sum to 1.
        forecast: Of every window, (W, horizon).
    """

    name: str
    complexity: int
    weights: Mapping[str, float]
    forecast: Array
    loss: float


@dataclass(frozen=True, slots=True)
class Choice:
    """What was chosen, and why.

    Attributes:
        floor: The standard error of the difference between the chosen one and the best other.
        decisions: Candidate and reason.
    """

    chosen: Candidate
    candidates: tuple[Candidate, ...]
    floor: float
    decisions: tuple[tuple[str, str], ...]


def choose(setting: Setting, trials: Sequence[Trial]) -> Choice:
    """Return the choice among all trials and their mix.

    The mix is judged with weights that were found without the windows that it is judged on. Going from simple to
    complex, a candidate takes the place of the one before when it is better by more than the standard error of their
    difference over the windows.
    """
    done = [trial for trial in trials if trial.forecast is not None and np.isfinite(trial.loss)]
    candidates = [
        Candidate(trial.name, trial.complexity, {trial.name: 1.0}, trial.forecast, trial.loss)
        for trial in done
        if trial.forecast is not None
    ]
    mixable = _one_of_the_trees(done)
    mixed = _mixed(setting, mixable) if len(mixable) > 1 else None
    if mixed is not None and len(mixed.weights) > 1:
        candidates.append(mixed)
    ordered = sorted(candidates, key=lambda one: (one.complexity, one.loss, one.name))
    kept, floor = ordered[0], 0.0
    decisions: list[tuple[str, str]] = []
    for other in ordered[1:]:
        gain, error = kept.loss - other.loss, difference_error(setting, kept.forecast, other.forecast)
        if gain > error and gain > 1e-12 * abs(kept.loss):
            why = f"{other.name} is better by {gain:.3g}, beyond the noise of {error:.3g}."
            decisions.append((kept.name, why))
            kept, floor = other, error
        else:
            apart = "worse" if gain < 0 else "better"
            why = f"{apart} by {abs(gain):.3g} than {kept.name}, which is simpler; noise {error:.3g}."
            decisions.append((other.name, why))
            floor = floor or error
    return Choice(kept, tuple(sorted(candidates, key=lambda one: one.loss)), floor, tuple(decisions))


def _one_of_the_trees(trials: Sequence[Trial]) -> list[Trial]:
    """Return the trials without all trees but the best: rows have one base, so a model has one kind of trees."""
    trees = [trial for trial in trials if trial.name in TREE_VARIANTS]
    best = min(trees, key=lambda trial: trial.loss, default=None)
    return [trial for trial in trials if trial.name not in TREE_VARIANTS or trial is best]


def _mixed(setting: Setting, trials: Sequence[Trial]) -> Candidate:
    """Return the mix of all windows' weights, with forecasts by weights of the other parts of the time."""
    folds = np.unique(setting.cases.fold)
    parts = np.array_split(folds, min(_PARTS, len(folds)))
    forecast = np.empty_like(setting.cases.truth)
    everywhere = np.arange(len(forecast))
    for part in parts:
        inside = np.isin(setting.cases.fold, part)
        others = everywhere if inside.all() else np.flatnonzero(~inside)
        weights = _weights(setting, trials, others)
        forecast[inside] = weighted(trials, weights)[inside]
    weights = _weights(setting, trials, everywhere)
    return Candidate(MIX, MIX_COMPLEXITY, weights, forecast, setting.loss(forecast))


def _weights(setting: Setting, trials: Sequence[Trial], windows: Array) -> dict[str, float]:
    """Return non-negative weights that sum to 1, found greedily on some windows."""
    shape = setting.cases.truth.shape
    flats = [trial.forecast.reshape(-1) for trial in trials if trial.forecast is not None]

    def loss(mixed: Array) -> float:
        return setting.loss(mixed.reshape(shape), windows)

    mix = greedy_mix(flats, loss, MixPlan(max_members=_MEMBERS))
    return {trials[at].name: mix.weights[at] for at in mix.members}


def weighted(trials: Sequence[Trial], weights: Mapping[str, float]) -> Array:
    """Return the weighted forecasts of every window, (W, horizon)."""
    parts = [
        weights[trial.name] * trial.forecast for trial in trials if trial.name in weights and trial.forecast is not None
    ]
    return np.sum(parts, axis=0)


def difference_error(setting: Setting, a: Array, b: Array) -> float:
    """Return the standard error of the difference of two losses, by leaving out one block of windows after the other.

    Blocks are folds: windows of one time err together. With few folds they are single windows.

    Source: Efron and Tibshirani (1993), An introduction to the bootstrap, chapter 11 (jackknife).
    """
    folds = np.unique(setting.cases.fold)
    key = setting.cases.fold if len(folds) > 3 else np.arange(len(a)) % 20
    blocks = np.unique(key)
    if len(blocks) < 2:
        return 0.0
    left = [np.flatnonzero(key != block) for block in blocks]
    found = np.array([setting.loss(a, rows) - setting.loss(b, rows) for rows in left])
    n = len(blocks)
    return float(np.sqrt((n - 1) / n * ((found - found.mean()) ** 2).sum()))


def spread_of(setting: Setting, forecast: Array, interval: float) -> Spread:
    """Return the quantiles of backtest errors for each step ahead.

    Errors are divided by a unit of each history and by the typical size of errors at their step, which is smooth and
    never falls with the distance; what is left is pooled over steps. The unit is the one that fits better.

    Source: Lei et al. (2018), Distribution-free predictive inference for regression (split conformal).
    """
    measured = ~np.isnan(setting.cases.truth)
    _, spread = level_and_spread(setting.cases.batch.values[:, -setting.rows.memory :], setting.rows)
    units = {"scale": setting.cases.batch.scale[:, np.newaxis], "spread": spread}
    tail = (1 - interval) / 2
    levels = tuple(sorted({*LEVELS, round(tail, 6), round(1 - tail, 6)}))
    best: tuple[float, Spread] | None = None
    for name, unit in units.items():
        errors = np.where(measured, (setting.cases.truth - forecast) / unit, np.nan)
        sizes = _sizes(errors)
        pooled = np.sort((errors / sizes)[measured])
        offsets = sizes[:, np.newaxis] * _quantiles(pooled, levels, len(errors))[np.newaxis, :]
        quantiles = forecast[:, :, np.newaxis] + unit[:, :, np.newaxis] * offsets[np.newaxis]
        score = _relative_crps(setting, quantiles[measured], np.array(levels), measured)
        rounded = tuple(tuple(float(f"{value:.7g}") for value in row) for row in offsets)
        found = Spread(levels=levels, offsets=rounded, unit="scale" if name == "scale" else "spread", interval=interval)
        if best is None or score < best[0]:
            best = (score, found)
    assert best is not None  # noqa: S101 - there are two units
    return best[1]


def _relative_crps(setting: Setting, quantiles: Array, levels: Array, measured: Array) -> float:
    scale = np.broadcast_to(setting.cases.batch.scale[:, np.newaxis], measured.shape)[measured][:, np.newaxis]
    error = (setting.cases.truth[measured][:, np.newaxis] - quantiles) / scale
    return float(np.maximum(levels * error, (levels - 1) * error).mean())


def _sizes(errors: Array) -> Array:
    """Return the mean size of errors at each step: smooth, never falling, above 0; shape (horizon,)."""
    horizon = errors.shape[1]
    absolute = np.abs(errors)
    counts = (~np.isnan(absolute)).sum(axis=0)
    sums = np.nansum(absolute, axis=0)
    knots = np.array_split(np.arange(horizon), min(_KNOTS, horizon))
    means = np.array([sums[part].sum() / max(counts[part].sum(), 1) for part in knots])
    weights = np.array([max(counts[part].sum(), 1) for part in knots], dtype=np.float64)
    rising = _isotonic(means, weights)
    centers = np.array([part.mean() for part in knots])
    return np.maximum(np.interp(np.arange(horizon), centers, rising), 1e-9)


def _isotonic(values: Array, weights: Array) -> Array:
    """Return the nearest sequence that never falls (pool adjacent violators)."""
    blocks: list[list[float]] = []
    for value, weight in zip(values, weights, strict=True):
        blocks.append([float(value), float(weight), 1])
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            high, low = blocks.pop(-2), blocks.pop()
            total = high[1] + low[1]
            blocks.append([(high[0] * high[1] + low[0] * low[1]) / total, total, high[2] + low[2]])
    return np.concatenate([np.full(int(count), value) for value, _, count in blocks])


def _quantiles(ordered: Array, levels: Sequence[float], windows: int) -> Array:
    """Return quantiles that reach further out the fewer windows there are: errors of one window go together."""
    lowest = np.array(levels)
    stretch = (windows + 1) / windows
    shares = 0.5 + (lowest - 0.5) * min(stretch, 1.5)
    beyond = 1 + 1.0 / windows
    inside = np.quantile(ordered, np.clip(shares, 0.0, 1.0))
    # Past the largest error seen: a little further than it.
    return np.where((shares <= 0.0) | (shares >= 1.0), inside * beyond, inside)


def loss_interval(setting: Setting, forecast: Array) -> tuple[float | None, float | None]:
    """Return the 95 % interval of a loss over windows, None where there are too few of them for one."""
    if len(forecast) < 3:
        return None, None
    error = difference_error(setting, forecast, np.where(np.isnan(setting.cases.truth), 0.0, setting.cases.truth))
    loss = setting.loss(forecast)
    return max(0.0, loss - 1.96 * error) if setting.metric.direction == "minimise" else loss - 1.96 * error, (
        loss + 1.96 * error
    )
