"""Prediction intervals from out-of-fold residuals, in the form that measurably suits the residuals best.

The delivered bag is the mean of the estimators whose out-of-fold residuals are looked at, so that a new row's residual
is drawn as theirs are: the argument of CV+, with the one band of the bag in place of a band per fold.

Sources: Barber, Candes, Ramdas and Tibshirani 2021, "Predictive inference with the jackknife+" (CV+); Lei et al. 2018,
"Distribution-free predictive inference for regression" (locally weighted residuals); Gneiting and Raftery 2007
(the interval score).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mlwright.data.columns import Array
from mlwright.models.interval import ValueInterval

_LEAST_ROWS = 10  # fewer residuals say nothing of a tail
_MIN_ROWS_BY_VALUE = 300
_ROWS_A_KNOT = 60
_MAX_KNOTS = 24
_LEAST_SCALE = 0.05  # of the mean absolute residual: a band is nowhere a point
KINDS = ("equal", "two-sided", "by value", "by value, two-sided")


@dataclass(frozen=True, slots=True)
class Residuals:
    """Out-of-fold predictions to make a band of.

    Attributes:
        y, values: True and predicted, float64, shape (n,).
        groups: int, shape (n,): rows of one number stay together in the cross-validation.
    """

    y: Array
    values: Array
    groups: Array


@dataclass(frozen=True, slots=True)
class IntervalChoice:
    """The band and why it has its form; `scores` are cross-validated mean interval scores by kind, lower is better."""

    interval: ValueInterval | None
    kind: str
    scores: Mapping[str, float]
    reason: str


def choose_interval(data: Residuals, level: float) -> IntervalChoice:
    """Return the band of the best cross-validated interval score; a form must beat the plain one beyond its noise.

    Example:
        >>> y = np.random.default_rng(0).normal(size=400)
        >>> choose_interval(Residuals(y, np.zeros(400), np.arange(400) % 5), 0.9).kind
        'equal'
    """
    rows = len(data.y)
    if rows < _LEAST_ROWS:
        return IntervalChoice(None, "", {}, f"{rows} out-of-fold rows are too few for a band ({_LEAST_ROWS}).")
    minimum = 0.0 if data.y.min() >= 0 else None
    by_kind = {kind: _cross_fitted(kind, data, level, minimum) for kind in _kinds(rows)}
    scores = {kind: float(np.mean(score)) for kind, score in by_kind.items()}
    best, best_gain = KINDS[0], 0.0
    for kind, score in by_kind.items():
        gains = by_kind[KINDS[0]] - score
        gain, error = float(np.mean(gains)), float(np.std(gains) / np.sqrt(rows))
        # One error: to keep the plainer band wrongly costs as much as to take the finer one wrongly.
        if gain > error and gain > best_gain:
            best, best_gain = kind, gain
    reason = "An equally wide band is kept: no other form improves the cross-validated interval score beyond its noise."
    if best != KINDS[0]:
        reason = (
            f"The band is {best}: its interval score is {scores[best]:.4g}, that of equal width {scores['equal']:.4g}."
        )
    return IntervalChoice(_fit(best, data.y, data.values, level, minimum), best, scores, reason)


def interval_scores(y: Array, low: Array, high: Array, level: float) -> Array:
    """Return each row's width plus 2 / (1 - level) times the distance by which the band misses, shape (n,).

    Example:
        >>> interval_scores(np.array([0.0, 3.0]), np.array([-1.0, -1.0]), np.array([1.0, 1.0]), 0.9).round(6).tolist()
        [2.0, 42.0]
    """
    missed = np.maximum(low - y, 0.0) + np.maximum(y - high, 0.0)
    return high - low + 2.0 / (1.0 - level) * missed


def _kinds(rows: int) -> Sequence[str]:
    return KINDS if rows >= _MIN_ROWS_BY_VALUE else KINDS[:2]


def _cross_fitted(kind: str, data: Residuals, level: float, minimum: float | None) -> Array:
    parts = data.groups if len(np.unique(data.groups)) > 1 else np.arange(len(data.y)) % 5
    scores = np.empty(len(data.y))
    for part in np.unique(parts):
        inside, outside = parts == part, parts != part
        fitted = _fit(kind, data.y[outside], data.values[outside], level, minimum)
        scores[inside] = interval_scores(data.y[inside], *fitted.band(data.values[inside]), level)
    return scores


def _fit(kind: str, y: Array, values: Array, level: float, minimum: float | None) -> ValueInterval:
    residual = y - values
    knots, scale = _scale(values, residual) if kind.startswith("by value") else (np.zeros(1), np.ones(1))
    relative = residual / np.interp(values, knots, scale)
    if kind.endswith("two-sided"):
        tail = (1.0 + level) / 2.0
        below, above = max(_quantile(-relative, tail), 0.0), max(_quantile(relative, tail), 0.0)
    else:
        below = above = _quantile(np.abs(relative), level)
    return ValueInterval(
        level=level,
        x=tuple(knots.tolist()),
        below=tuple((below * scale).tolist()),
        above=tuple((above * scale).tolist()),
        minimum=minimum,
    )


def _quantile(scores: Array, level: float) -> float:
    """Return the smallest score with at least ceil((n + 1) level) of n at or below it; the largest where n is small."""
    rank = int(np.ceil((len(scores) + 1) * level - 1e-9))
    return float(np.sort(scores)[min(rank, len(scores)) - 1])


def _scale(values: Array, residual: Array) -> tuple[Array, Array]:
    """Return knots of the predicted value, rising, and the mean absolute residual around each."""
    order = np.argsort(values, kind="stable")
    count = int(np.clip(len(values) // _ROWS_A_KNOT, 2, _MAX_KNOTS))
    parts = np.array_split(order, count)
    at = np.array([values[part].mean() for part in parts])
    size = np.array([np.abs(residual[part]).mean() for part in parts])
    padded = np.concatenate([size[:1], size, size[-1:]])
    smooth = np.maximum((padded[:-2] + 2 * padded[1:-1] + padded[2:]) / 4, _LEAST_SCALE * size.mean())
    kept = np.concatenate([[True], np.diff(at) > 0])
    return at[kept], np.where(smooth[kept] > 0, smooth[kept], 1.0)
