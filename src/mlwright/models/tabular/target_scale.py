"""The scale on which a target is learned: identity, log1p, Yeo-Johnson, logit, normal scores; fitted inside a fold."""

from dataclasses import dataclass

import numpy as np

from mlwright.base.errors import Infeasible
from mlwright.base.suggest import did_you_mean
from mlwright.data.columns import Array
from mlwright.evaluation.distributions import normal_quantile
from mlwright.models.tabular.back import Back, yeo_johnson

TARGETS = ("identity", "log1p", "yeo_johnson", "logit", "normal_scores")
LOG_LINKS = ("poisson", "gamma", "tweedie")  # objectives whose raw score is the logarithm of the mean
_BEYOND = 0.1  # of the learned range: so far out a prediction may lie
_MAX_KNOTS = 256
_EDGE = 1e-3  # shares of exactly 0 and 1 are learned as so near to them, at most


@dataclass(frozen=True, slots=True)
class TargetScale:
    """The way there (`forward`) and back."""

    back: Back
    kind: str
    edge: float = 0.0

    def forward(self, y: Array) -> Array:
        """Return the values to learn, float64, shape (n,)."""
        match self.kind:
            case "log1p":
                return np.log1p(y)
            case "yeo_johnson":
                return yeo_johnson(y / self.back.unit, self.back.power)
            case "logit":
                held = np.clip(y, self.edge, 1.0 - self.edge)
                return np.log(held) - np.log1p(-held)
            case "normal_scores":
                return np.interp(y, np.array(self.back.y), np.array(self.back.x))
            case _:
                return np.asarray(y, dtype=np.float64)


def target_scale(kind: str, y: Array, *, objective: str = "squared") -> TargetScale:
    """Fit the scale on a fold's training values; a target that is never negative is never predicted negative.

    Args:
        kind: One of `TARGETS`.
        y: Training values, float64, shape (n,).
        objective: What is minimised; those of `LOG_LINKS` have a logarithm of their own.

    Raises:
        Infeasible: The values do not allow this scale or objective.

    Example:
        >>> scale = target_scale("log1p", np.array([0.0, 9.0, 99.0]))
        >>> scale.back.apply(scale.forward(np.array([9.0]))).round(9).tolist()
        [9.0]
    """
    lowest, highest = float(y.min()), float(y.max())
    floor = 0.0 if lowest >= 0 else None
    if objective in LOG_LINKS:
        _check_log_link(kind, objective, lowest, highest)
        top = float(np.log(highest)) + 1.0
        return TargetScale(Back(kind="exp", learned=(top - 50.0, top), minimum=floor), "identity")
    match kind:
        case "identity":
            return TargetScale(Back(minimum=floor), kind)
        case "log1p":
            _check(lowest > -1, kind, f"{lowest:.6g} is not above -1")
            return _with_range(TargetScale(Back(kind="expm1", minimum=floor), kind), y, _BEYOND)
        case "yeo_johnson":
            unit = float(np.median(np.abs(y[y != 0]))) if np.any(y != 0) else 1.0
            back = Back(kind=kind, power=_power(y / unit), unit=unit, minimum=floor)
            return _with_range(TargetScale(back, kind), y, 0.0)
        case "logit":
            _check(lowest >= 0 and highest <= 1, kind, f"{lowest:.6g} to {highest:.6g} is not within 0 to 1")
            inner = y[(y > 0) & (y < 1)]
            edge = float(min(_EDGE, inner.min() / 2, (1 - inner.max()) / 2)) if len(inner) else _EDGE
            return _with_range(TargetScale(Back(kind="logistic"), kind, edge), y, _BEYOND)
        case "normal_scores":
            return TargetScale(_scores(y, floor), kind)
        case other:
            raise Infeasible(f"'{other}' is no scale of a target.", hint=did_you_mean(other, TARGETS))


def _with_range(scale: TargetScale, y: Array, beyond: float) -> TargetScale:
    learned = scale.forward(np.array([y.min(), y.max()]))
    pad = beyond * float(learned[1] - learned[0])
    held = (float(learned[0]) - pad, float(learned[1]) + pad)
    return TargetScale(scale.back.model_copy(update={"learned": held}), scale.kind, scale.edge)


def _power(y: Array) -> float:
    """Return the power of the largest likelihood under a normal distribution, by golden section."""
    logs = float(np.sum(np.sign(y) * np.log1p(np.abs(y))))
    low, high, ratio = -2.0, 4.0, (np.sqrt(5) - 1) / 2

    def loss(power: float) -> float:
        return 0.5 * len(y) * float(np.log(max(np.var(yeo_johnson(y, power)), 1e-300))) - (power - 1) * logs

    while high - low > 1e-3:
        left, right = high - ratio * (high - low), low + ratio * (high - low)
        low, high = (low, right) if loss(left) <= loss(right) else (left, high)
    return round(float((low + high) / 2), 4)


def _scores(y: Array, floor: float | None) -> Back:
    """Return the map from normal scores to the values' quantiles; equal values share the middle of their scores."""
    count = int(min(len(y), _MAX_KNOTS))
    shares = (np.arange(count) + 0.5) / count
    quantiles = np.quantile(y, shares)
    scores = np.array([normal_quantile(float(share)) for share in shares])
    values, codes = np.unique(quantiles, return_inverse=True)
    middles = np.bincount(codes, weights=scores) / np.bincount(codes)
    return Back(kind="knots", x=tuple(middles.tolist()), y=tuple(values.tolist()), minimum=floor)


def _check_log_link(kind: str, objective: str, lowest: float, highest: float) -> None:
    _check(kind == "identity", objective, f"it has a logarithm of its own, and '{kind}' is another")
    above = lowest > 0 if objective == "gamma" else lowest >= 0
    _check(above and highest > 0, objective, f"values from {lowest:.6g} to {highest:.6g} are not positive")


def _check(fits: bool, kind: str, why: str) -> None:
    if not fits:
        raise Infeasible(f"The target cannot be learned with '{kind}': {why}.", hint="use target 'identity'.")
