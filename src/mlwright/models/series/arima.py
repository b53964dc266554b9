"""Autoregressive models of the differenced history with moving-average terms, by two least-squares fits.

The order of differencing and whether the logarithm is taken are chosen for each history by the error of one step.

Source: Hannan and Rissanen (1982), Recursive estimation of mixed autoregressive-moving average order.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from mlwright.base.traits import Traits
from mlwright.data.columns import Array
from mlwright.data.histories import Batch, bounded
from mlwright.models.series.protocol import Found

_MOST_LAGS = 30
_MOST_SEASON = 200
_RIDGE = 1e-6


@dataclass(frozen=True, slots=True)
class _Form:
    """What is done to a history before the regression: logarithm, differences of one step and of one season."""

    log: bool
    regular: bool
    seasonal: int  # 0 or the season

    def apply(self, values: Array) -> Array:
        y = np.log(values) if self.log else values
        if self.seasonal:
            y = y[self.seasonal :] - y[: -self.seasonal]
        return np.diff(y) if self.regular else y

    def undo(self, values: Array, changes: Array) -> Array:
        """Return the values that follow a history by the forecast changes."""
        y = np.log(values) if self.log else values
        inner = y[self.seasonal :] - y[: -self.seasonal] if self.seasonal else y
        moved = inner[-1] + np.cumsum(changes) if self.regular else changes
        if self.seasonal:
            line = np.concatenate([y[-self.seasonal :], np.empty(len(moved))])
            for h, change in enumerate(moved):
                line[self.seasonal + h] = line[h] + change
            moved = line[self.seasonal :]
        return np.exp(np.minimum(moved, y.max() + 5)) if self.log else moved


@dataclass(frozen=True, slots=True)
class _Fit:
    form: _Form
    lags: tuple[int, ...]
    shocks: tuple[int, ...]
    weights: Array  # intercept, lags, shocks
    residuals: Array
    changes: Array
    score: float


class Arima:
    """ARIMA with seasonal lags; fitted anew to each history, which takes milliseconds."""

    traits: ClassVar[Traits] = Traits(summary="ARIMA by least squares, differencing chosen for each history")
    name: ClassVar[str] = "arima"
    complexity: ClassVar[int] = 5
    baseline: ClassVar[bool] = False

    def fits(self, batch: Batch) -> bool:
        return batch.length >= 12

    def find(self, batch: Batch) -> list[Found]:
        return [{} for _ in range(len(batch.values))]

    def forecast(self, batch: Batch, horizon: int, found: Sequence[Found]) -> Array:
        rows = [self._one(batch, row, horizon) for row in range(len(batch.values))]
        return bounded(np.array(rows), batch)

    def _one(self, batch: Batch, row: int, horizon: int) -> Array:
        values = batch.values[row, -int(batch.real[row]) :]
        if len(values) < 12 or np.ptp(values) == 0:
            return np.full(horizon, values[-1])
        fits = [fit for form in _forms(values, batch.season) if (fit := _fit(values, form)) is not None]
        if not fits:
            return np.full(horizon, values[-1])
        best = min(fits, key=lambda fit: fit.score)
        return best.form.undo(values, _recursion(best, horizon))


def _forms(values: Array, season: int) -> list[_Form]:
    seasons = [0, season] if 1 < season <= _MOST_SEASON and len(values) >= 3 * season + 6 else [0]
    logs = [False, True] if values.min() > 0 and values.max() > 1.5 * values.min() else [False]
    return [_Form(log, regular, m) for log in logs for m in seasons for regular in (False, True)]


def _fit(values: Array, form: _Form) -> _Fit | None:
    """Return the fit of one form, None where the history is too short for it."""
    changes = form.apply(values)
    m = form.seasonal
    longest = min(max(8, m + 2), _MOST_LAGS if m <= _MOST_LAGS - 2 else m + 2, len(changes) // 4)
    if longest < 2:
        return None
    long_lags = tuple(range(1, min(longest, _MOST_LAGS) + 1)) + ((m,) if m > _MOST_LAGS else ())
    if max(long_lags) * 2 > len(changes):
        long_lags = tuple(lag for lag in long_lags if lag * 3 <= len(changes)) or (1,)
    _, shocks = _regress(changes, changes * 0, long_lags, ())
    lags = tuple(lag for lag in dict.fromkeys((1, 2, 3, *((m,) if m else ()))) if lag in long_lags)
    moving = tuple(lag for lag in dict.fromkeys((1, *((m, m + 1) if m else ()))) if lag * 3 <= len(changes))
    weights, residuals = _regress(changes, shocks, lags, moving)
    start = max(*lags, *moving, 0)
    errors = _in_units(values, form, residuals, start)
    k = 1 + len(lags) + len(moving)
    n = len(errors)
    if n < k + 2:
        return None
    score = n * np.log(np.mean(errors**2) + 1e-300) + 2 * k
    return _Fit(form, lags, moving, weights, residuals, changes, float(score / n))


def _in_units(values: Array, form: _Form, residuals: Array, start: int) -> Array:
    """Return one-step errors in the units of the history, so that forms can be compared."""
    lost = len(values) - len(residuals)
    errors = residuals[start:]
    return errors * values[lost + start :] if form.log else errors


def _regress(changes: Array, shocks: Array, lags: tuple[int, ...], moving: tuple[int, ...]) -> tuple[Array, Array]:
    """Return least-squares weights and residuals (0 before the first complete row), shape of `changes`."""
    start = max(*lags, *moving, 0) if lags or moving else 0
    n = len(changes)
    columns = [np.ones(n - start)]
    columns += [changes[start - lag : n - lag] for lag in lags] + [shocks[start - lag : n - lag] for lag in moving]
    X = np.column_stack(columns)
    scale = np.maximum(np.sqrt((X**2).mean(axis=0)), 1e-12)
    Z = X / scale
    penalty = _RIDGE * len(Z) * np.eye(Z.shape[1])
    weights = np.linalg.solve(Z.T @ Z + penalty, Z.T @ changes[start:]) / scale
    residuals = np.zeros(n)
    residuals[start:] = changes[start:] - X @ weights
    return weights, residuals


def _recursion(fit: _Fit, horizon: int) -> Array:
    """Return the forecast changes: future shocks are 0, the constant is left to die out with the shocks."""
    n = len(fit.changes)
    changes = np.concatenate([fit.changes, np.zeros(horizon)])
    shocks = np.concatenate([fit.residuals, np.zeros(horizon)])
    limit = 3 * float(np.abs(fit.changes).max())
    for t in range(n, n + horizon):
        value = fit.weights[0]
        value += sum(w * changes[t - lag] for w, lag in zip(fit.weights[1:], fit.lags, strict=False))
        value += sum(w * shocks[t - lag] for w, lag in zip(fit.weights[1 + len(fit.lags) :], fit.shocks, strict=True))
        changes[t] = min(max(value, -limit), limit)
    return changes[n:]
