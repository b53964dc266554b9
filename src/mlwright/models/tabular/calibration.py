"""Probability calibration: maps from the mix's probabilities to better ones, chosen only when that is measured.

Sources: Guo et al. 2017 (temperature), Platt 1999 (sigmoid), Zadrozny and Elkan 2002 (isotonic).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from mlwright.base.errors import DataError
from mlwright.base.seeds import generator
from mlwright.data.columns import Array
from mlwright.models.signature import Task
from mlwright.models.tail import Tail

TINY = 1e-7  # probabilities are kept this far from 0 and 1 before a logarithm
_MAX_KNOTS = 256
_MIN_ROWS = 200  # fewer rows can't tell a miscalibration from chance
_MIN_ROWS_ISOTONIC = 1_000  # a free-form curve needs more


class Calibrator(Protocol):
    """A monotone map of probabilities with an exact JSON state."""

    def apply(self, probabilities: Array, /) -> Array:
        """Return calibrated probabilities, float64, shape (n, C), rows sum to 1."""
        ...

    def state(self) -> dict[str, Any]:
        """Return what `calibrator_from_state` reads."""
        ...


@dataclass(frozen=True, slots=True)
class Temperature:
    """softmax(log(p) / temperature): sharper below 1, softer above; never changes which class is first."""

    temperature: float

    def apply(self, probabilities: Array) -> Array:
        logits = np.log(np.clip(probabilities.astype(np.float64), TINY, 1.0)) / self.temperature
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
        return powers / powers.sum(axis=1, keepdims=True)

    def state(self) -> dict[str, Any]:
        return {"kind": "temperature", "temperature": self.temperature}


@dataclass(frozen=True, slots=True)
class Platt:
    """sigmoid(slope · logit(p) + intercept) of class 1; slope > 0."""

    slope: float
    intercept: float

    def apply(self, probabilities: Array) -> Array:
        first = _sigmoid(self.slope * _logit(probabilities[:, 1]) + self.intercept)
        return np.column_stack([1.0 - first, first])

    def state(self) -> dict[str, Any]:
        return {"kind": "platt", "slope": self.slope, "intercept": self.intercept}


@dataclass(frozen=True, slots=True)
class Isotonic:
    """A rising piecewise linear curve of class 1's probability through the knots (x, y), flat outside."""

    x: tuple[float, ...]
    y: tuple[float, ...]

    def apply(self, probabilities: Array) -> Array:
        first = np.interp(probabilities[:, 1].astype(np.float64), np.array(self.x), np.array(self.y))
        return np.column_stack([1.0 - first, first])

    def state(self) -> dict[str, Any]:
        return {"kind": "isotonic", "x": list(self.x), "y": list(self.y)}


@dataclass(frozen=True, slots=True)
class CalibrationData:
    """Out-of-fold predictions to calibrate on.

    Attributes:
        probabilities: float64, shape (n, C).
        y: int64 class codes, shape (n,).
        task: Decides which calibrators are tried; regression has none.
        weight: Row weights or None.
        groups: int, shape (n,): rows of one number stay together in the cross-validation; None draws five parts.
        seed: Of that draw.
    """

    probabilities: Array
    y: Array
    task: Task
    weight: Array | None = None
    groups: Array | None = None
    seed: int = 0


@dataclass(frozen=True, slots=True)
class CalibrationChoice:
    """What was chosen and why; `losses` are cross-validated log losses, "none" is the uncalibrated one."""

    calibrator: Calibrator | None
    losses: Mapping[str, float]
    reason: str


def choose_calibrator(data: CalibrationData) -> CalibrationChoice:
    """Return the calibrator with the best cross-validated log loss, if it improves beyond two standard errors.

    Example:
        >>> p = np.full((300, 2), 0.5)
        >>> choose_calibrator(CalibrationData(p, np.arange(300) % 2, Task.BINARY)).calibrator is None
        True
    """
    if data.task is Task.REGRESSION:
        return CalibrationChoice(None, {}, "Values of a regression are not calibrated.")
    rows = len(data.y)
    if rows < _MIN_ROWS:
        return CalibrationChoice(None, {}, f"{rows} rows are too few to tell miscalibration from chance ({_MIN_ROWS}).")
    plain = row_log_loss(data.y, data.probabilities)
    parts = _parts(data)
    losses = {"none": _mean_loss(plain, data.weight)}
    best, best_gain = None, 0.0
    for kind in _kinds(data.task, rows):
        calibrated = _cross_fitted(kind, data, parts)
        losses[kind] = _mean_loss(calibrated, data.weight)
        gain, error = _paired(plain - calibrated, data.weight)
        if gain > 2 * error and gain > best_gain:
            best, best_gain = kind, gain
    if best is None:
        return CalibrationChoice(None, losses, "No calibration improves the cross-validated log loss beyond its noise.")
    chosen = _fit(best, data.probabilities, data.y, data.weight)
    reason = f"{best} lowers the cross-validated log loss from {losses['none']:.4g} to {losses[best]:.4g}."
    return CalibrationChoice(chosen, losses, reason)


def calibrator_from_state(state: Mapping[str, Any]) -> Calibrator:
    """Read what a calibrator's `state` wrote.

    Raises:
        DataError: The kind is not known.
    """
    match state["kind"]:
        case "temperature":
            return Temperature(state["temperature"])
        case "platt":
            return Platt(state["slope"], state["intercept"])
        case "isotonic":
            return Isotonic(tuple(state["x"]), tuple(state["y"]))
        case "tail":
            return Tail.from_state(state)
        case other:
            raise DataError(
                f"The calibrator kind '{other}' is not known; expected temperature, platt or isotonic.",
                hint="the model was written by another version of mlwright; use that version.",
            )


def row_log_loss(y: Array, probabilities: Array) -> Array:
    """Return each row's -log of the probability of its own class, shape (n,)."""
    return -np.log(np.clip(probabilities[np.arange(len(y)), y], TINY, 1.0))


def fit_temperature(probabilities: Array, y: Array, weight: Array | None = None) -> Temperature:
    """Fit by golden section on log T: the loss has one minimum in 1/T."""
    low, high, ratio = np.log(0.1), np.log(10.0), (np.sqrt(5) - 1) / 2

    def loss(log_t: float) -> float:
        return _mean_loss(row_log_loss(y, Temperature(float(np.exp(log_t))).apply(probabilities)), weight)

    left, right = high - ratio * (high - low), low + ratio * (high - low)
    at_left, at_right = loss(left), loss(right)
    while high - low > 1e-4:
        if at_left <= at_right:
            high, right, at_right = right, left, at_left
            left = high - ratio * (high - low)
            at_left = loss(left)
        else:
            low, left, at_left = left, right, at_right
            right = low + ratio * (high - low)
            at_right = loss(right)
    return Temperature(float(np.exp((low + high) / 2)))


def fit_platt(probabilities: Array, y: Array, weight: Array | None = None) -> Platt:
    """Fit by Newton's method with Platt's smoothed targets; the slope is kept positive."""
    z = _logit(probabilities[:, 1])
    w = np.ones(len(z)) if weight is None else weight
    ones = float(np.sum(w * (y == 1)))
    zeros = float(np.sum(w * (y == 0)))
    # Platt's targets: a prior count of one in each class keeps a separable sample finite.
    target = np.where(y == 1, (ones + 1) / (ones + 2), 1 / (zeros + 2))
    design = np.column_stack([z, np.ones(len(z))])
    line = np.array([1.0, 0.0])
    loss = _sigmoid_loss(design @ line, target, w)
    for _ in range(100):
        p = _sigmoid(design @ line)
        curvature = np.maximum(w * p * (1 - p), 1e-12)
        hessian = design.T @ (design * curvature[:, None]) + 1e-9 * np.eye(2)
        step = np.linalg.solve(hessian, design.T @ (w * (p - target)))
        size, before = 1.0, loss
        while size > 1e-8:  # a full step overshoots where p is flat
            loss = _sigmoid_loss(design @ (line - size * step), target, w)
            if loss <= before:
                line = line - size * step
                break
            size /= 2
        if before - loss <= 1e-12 * abs(before):
            break
    return Platt(max(float(line[0]), 1e-3), float(line[1]))


def _sigmoid_loss(z: Array, target: Array, weight: Array) -> float:
    """Return the cross-entropy of sigmoid(z) against soft targets."""
    return float(np.sum(weight * (np.logaddexp(0.0, z) - target * z)))


def fit_isotonic(probabilities: Array, y: Array, weight: Array | None = None) -> Isotonic:
    """Fit the rising curve of least squares, kept away from 0 and 1 by the counts behind it."""
    from sklearn.isotonic import IsotonicRegression

    fitted = IsotonicRegression(out_of_bounds="clip").fit(probabilities[:, 1], (y == 1).astype(float), weight)
    x, curve = np.asarray(fitted.X_thresholds_, dtype=float), np.asarray(fitted.y_thresholds_, dtype=float)
    if len(x) > _MAX_KNOTS:
        keep = np.unique(np.linspace(0, len(x) - 1, _MAX_KNOTS).round().astype(int))
        x, curve = x[keep], curve[keep]
    floor = 1.0 / (len(y) + 2)  # Laplace: a pure block is not certainty
    return Isotonic(tuple(x.tolist()), tuple(np.clip(curve, floor, 1 - floor).tolist()))


def _fit(kind: str, probabilities: Array, y: Array, weight: Array | None) -> Calibrator:
    if kind == "temperature":
        return fit_temperature(probabilities, y, weight)
    if kind == "platt":
        return fit_platt(probabilities, y, weight)
    return fit_isotonic(probabilities, y, weight)


def _kinds(task: Task, rows: int) -> Sequence[str]:
    if task is Task.MULTICLASS:
        return ("temperature",)
    return ("platt", "isotonic") if rows >= _MIN_ROWS_ISOTONIC else ("platt",)


def _parts(data: CalibrationData) -> Array:
    if data.groups is not None and len(np.unique(data.groups)) > 1:
        return data.groups
    rows = len(data.y)
    parts = np.empty(rows, dtype=np.int64)
    parts[generator(data.seed, "calibration").permutation(rows)] = np.arange(rows) % 5
    return parts


def _cross_fitted(kind: str, data: CalibrationData, parts: Array) -> Array:
    losses = np.empty(len(data.y))
    for part in np.unique(parts):
        inside, outside = parts == part, parts != part
        weight = None if data.weight is None else data.weight[outside]
        fitted = _fit(kind, data.probabilities[outside], data.y[outside], weight)
        losses[inside] = row_log_loss(data.y[inside], fitted.apply(data.probabilities[inside]))
    return losses


def _paired(gains: Array, weight: Array | None) -> tuple[float, float]:
    """Return the mean gain and its standard error."""
    w = np.ones(len(gains)) if weight is None else weight
    mean = float(np.average(gains, weights=w))
    return mean, float(np.sqrt(np.sum(w**2 * (gains - mean) ** 2)) / np.sum(w))


def _mean_loss(losses: Array, weight: Array | None) -> float:
    return float(np.average(losses, weights=weight))


def _logit(p: Array) -> Array:
    clipped = np.clip(p.astype(np.float64), TINY, 1 - TINY)
    return np.log(clipped) - np.log1p(-clipped)


def _sigmoid(z: Array) -> Array:
    return 0.5 * (1.0 + np.tanh(0.5 * z))  # no overflow
