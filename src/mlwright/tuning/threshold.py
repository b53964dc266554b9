"""The decision threshold of a binary classifier: for a metric, for a constraint, or for costs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from mlwright.base.errors import DataError
from mlwright.base.seeds import generator
from mlwright.base.suggest import did_you_mean
from mlwright.data.columns import Array

_DRAWS = 500  # bootstrap draws of the comparison with the plain threshold


@dataclass(frozen=True, slots=True)
class Counts:
    """Weighted confusion counts at one or many thresholds: floats, or arrays of one shape."""

    tp: Array
    fp: Array
    fn: Array
    tn: Array


def _ratio(top: Array, bottom: Array) -> Array:
    """Return top / bottom, 0 where nothing is counted."""
    return np.divide(top, bottom, out=np.zeros_like(np.asarray(top, dtype=float)), where=np.asarray(bottom) > 0)


def _mcc(c: Counts) -> Array:
    bottom = np.sqrt(c.tp + c.fp) * np.sqrt(c.tp + c.fn) * np.sqrt(c.tn + c.fp) * np.sqrt(c.tn + c.fn)
    return _ratio(c.tp * c.tn - c.fp * c.fn, bottom)


RATES: Mapping[str, Callable[[Counts], Array]] = MappingProxyType(
    {
        "accuracy": lambda c: _ratio(c.tp + c.tn, c.tp + c.fp + c.fn + c.tn),
        "balanced_accuracy": lambda c: (_ratio(c.tp, c.tp + c.fn) + _ratio(c.tn, c.tn + c.fp)) / 2,
        "f1": lambda c: _ratio(2 * c.tp, 2 * c.tp + c.fp + c.fn),
        "mcc": _mcc,
        "precision": lambda c: _ratio(c.tp, c.tp + c.fp),
        "recall": lambda c: _ratio(c.tp, c.tp + c.fn),
        "specificity": lambda c: _ratio(c.tn, c.tn + c.fp),
    }
)
# Maximised alone these two are met by a constant answer, so they are no goal by themselves.
SEARCHABLE = ("accuracy", "balanced_accuracy", "f1", "mcc")


@dataclass(frozen=True, slots=True)
class MetricGoal:
    """Maximise the metric, one of `SEARCHABLE`."""

    metric: str


@dataclass(frozen=True, slots=True)
class ConstraintGoal:
    """`metric >= at_least` where `given >= given_at_least`, such as recall >= 0.95 at precision 0.9."""

    metric: str
    at_least: float
    given: str
    given_at_least: float


@dataclass(frozen=True, slots=True)
class CostGoal:
    """Minimise the mean cost of a row, in the person's own unit."""

    false_positive: float
    false_negative: float


Goal = MetricGoal | ConstraintGoal | CostGoal


@dataclass(frozen=True, slots=True)
class Scored:
    """Out-of-fold probabilities of the positive class, float, (n,); whether each row is positive, bool, (n,)."""

    probabilities: Array
    positive: Array
    weight: Array | None = None
    seed: int = 0


@dataclass(frozen=True, slots=True)
class ThresholdChoice:
    """The threshold (exactly representable in float32) and why.

    Attributes:
        value: The goal's metric, or mean cost, at the threshold.
        plain_value: The same at the plain threshold (0.5, or for costs the one that calibrated probabilities need).
        met: Whether the goal's constraint holds; True for goals without one.
    """

    threshold: float
    value: float
    plain_value: float
    met: bool
    reason: str


def choose_threshold(scored: Scored, goal: Goal) -> ThresholdChoice:
    """Choose on out-of-fold rows; for a metric or costs the plain threshold stays unless the gain is beyond noise.

    Raises:
        DataError: The metric can't be steered by a threshold, or only one class is there.

    Example:
        >>> scored = Scored(np.array([0.1, 0.2, 0.3, 0.4]), np.array([False, False, True, True]))
        >>> round(choose_threshold(scored, ConstraintGoal("recall", 0.9, "precision", 0.9)).threshold, 2)
        0.25
    """
    if scored.positive.all() or not scored.positive.any():
        raise DataError(
            "The rows to choose a threshold on hold one class only; both were expected.",
            hint="give rows of both classes.",
        )
    thresholds, counts = confusion_curve(scored)
    if isinstance(goal, ConstraintGoal):
        return _for_constraint(goal, thresholds, counts, scored)
    plain = 0.5
    if isinstance(goal, CostGoal):
        plain = float(np.float32(goal.false_positive / (goal.false_positive + goal.false_negative)))
    utility = _utility(goal)
    values = utility(counts)
    best = int(np.argmax(values))
    chosen, gain_is_real = float(thresholds[best]), _beats(scored, float(thresholds[best]), plain, utility)
    plain_value = float(utility(counts_at(scored, plain)))
    sign, name = (-1.0, "mean cost") if isinstance(goal, CostGoal) else (1.0, goal.metric)
    if not gain_is_real:
        reason = f"{plain:.4g} stays: {chosen:.4g} is not better in {name} beyond the noise of a bootstrap."
        return ThresholdChoice(plain, sign * plain_value, sign * plain_value, True, reason)
    value = float(values[best])
    reason = (
        f"{chosen:.4g} gives a {name} of {sign * value:.4g} out of fold; {plain:.4g} gives {sign * plain_value:.4g}."
    )
    return ThresholdChoice(chosen, sign * value, sign * plain_value, True, reason)


def confusion_curve(scored: Scored) -> tuple[Array, Counts]:
    """Return the K useful thresholds, rising, and the counts at each; the first calls every row positive.

    A threshold lies midway between neighbouring scores, so that rounding can't flip a row.
    """
    p = scored.probabilities.astype(np.float64)
    order = np.argsort(p, kind="stable")
    p, weight = p[order], _weights(scored)[order]
    ones = np.where(scored.positive[order], weight, 0.0)
    starts = np.concatenate([[0], np.flatnonzero(np.diff(p) > 0) + 1, [len(p)]])  # first row called positive
    below_ones = np.concatenate([[0.0], np.cumsum(ones)])[starts]
    below = np.concatenate([[0.0], np.cumsum(weight)])[starts]
    edges = np.concatenate([[0.0], (p[starts[1:-1] - 1] + p[starts[1:-1]]) / 2, [(p[-1] + 1.0) / 2]])
    if p[-1] >= 1.0:  # no threshold within [0, 1] calls a certain row negative
        edges, below_ones, below = edges[:-1], below_ones[:-1], below[:-1]
    narrow = edges.astype(np.float32).astype(np.float64)
    fn, tn = below_ones, below - below_ones
    return narrow, Counts(tp=ones.sum() - fn, fp=(weight - ones).sum() - tn, fn=fn, tn=tn)


def counts_at(scored: Scored, threshold: float) -> Counts:
    """Return the counts at one threshold."""
    called, weight = scored.probabilities >= threshold, _weights(scored)
    cells = [(called, scored.positive), (called, ~scored.positive), (~called, scored.positive)]
    tp, fp, fn = (np.sum(weight[a & b]) for a, b in cells)
    return Counts(tp=tp, fp=fp, fn=fn, tn=weight.sum() - tp - fp - fn)


def _utility(goal: MetricGoal | CostGoal) -> Callable[[Counts], Array]:
    if isinstance(goal, CostGoal):
        return lambda c: -(goal.false_positive * c.fp + goal.false_negative * c.fn) / (c.tp + c.fp + c.fn + c.tn)
    if goal.metric not in SEARCHABLE:
        raise DataError(
            f"A threshold can't be chosen for '{goal.metric}' alone; expected one of {', '.join(SEARCHABLE)}.",
            hint=did_you_mean(goal.metric, SEARCHABLE),
        )
    return RATES[goal.metric]


def _for_constraint(goal: ConstraintGoal, thresholds: Array, counts: Counts, scored: Scored) -> ThresholdChoice:
    for name in (goal.metric, goal.given):
        if name not in RATES:
            raise DataError(
                f"A threshold can't hold '{name}'; expected one of {', '.join(RATES)}.",
                hint=did_you_mean(name, RATES),
            )
    values, given = RATES[goal.metric](counts), RATES[goal.given](counts)
    spare, spare_given = values - goal.at_least, given - goal.given_at_least
    wish = f"{goal.metric} >= {goal.at_least:.4g} at {goal.given} {goal.given_at_least:.4g}"
    met = bool(np.any((spare >= 0) & (spare_given >= 0)))
    if met:  # the widest margin on both sides holds best on new rows
        best = int(np.argmax(np.minimum(spare, spare_given)))
    elif np.any(spare_given >= 0):
        best = int(np.argmax(np.where(spare_given >= 0, values, -np.inf)))
    else:
        best = int(np.argmax(given))
    threshold, value = float(thresholds[best]), float(values[best])
    reached = f"{goal.metric} {value:.4g}, {goal.given} {float(given[best]):.4g} out of fold"
    reason = f"{threshold:.4g} keeps {wish}: {reached}." if met else f"{wish} can't be met; {threshold:.4g}: {reached}."
    plain_value = float(RATES[goal.metric](counts_at(scored, 0.5)))
    return ThresholdChoice(threshold, value, plain_value, met, reason)


def _beats(scored: Scored, threshold: float, plain: float, utility: Callable[[Counts], Array]) -> bool:
    """Return whether the gain over `plain` is above 0 in 95 % of bootstrap draws of the rows.

    A row is one of 8 kinds (called by each threshold or not, positive or not), so a draw is one multinomial.
    """
    if threshold == plain:
        return False
    a, b = scored.probabilities >= threshold, scored.probabilities >= plain
    kind = a.astype(np.intp) * 4 + b.astype(np.intp) * 2 + scored.positive.astype(np.intp)
    mass = np.bincount(kind, weights=_weights(scored), minlength=8)
    drawn = generator(scored.seed, "threshold").multinomial(len(kind), mass / mass.sum(), size=_DRAWS).astype(float)

    def counts(bit: int) -> Counts:
        cells = np.arange(8)
        called, positive = (cells & bit) > 0, (cells & 1) > 0
        return Counts(
            tp=drawn[:, called & positive].sum(axis=1),
            fp=drawn[:, called & ~positive].sum(axis=1),
            fn=drawn[:, ~called & positive].sum(axis=1),
            tn=drawn[:, ~called & ~positive].sum(axis=1),
        )

    return bool(np.quantile(utility(counts(4)) - utility(counts(2)), 0.05) > 0)


def _weights(scored: Scored) -> Array:
    return np.ones(len(scored.positive)) if scored.weight is None else scored.weight.astype(np.float64)
