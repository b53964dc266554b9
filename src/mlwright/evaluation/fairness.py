"""How a model treats groups of people: rates and errors by group, and the gaps between groups.

The gaps are those of Fairlearn (between groups, worst case). Groups of few rows are flagged: their rates are mostly
chance, and the largest gap of many small groups is large by chance alone.

Sources: Hardt, Price and Srebro, Equality of opportunity in supervised learning, 2016; the user guide of Fairlearn.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from pydantic import BaseModel, ConfigDict

from mlwright.base.errors import BriefError, DataError
from mlwright.base.suggest import did_you_mean
from mlwright.data.columns import Array
from mlwright.evaluation.distributions import student_quantile, wilson_interval
from mlwright.evaluation.inputs import checked_codes, values

MIN_GROUP_ROWS = 50
_Rates = tuple[float, float]


class GroupRates(BaseModel):
    """One group under a classifier; the positive class is the decision looked at. Immutable.

    Attributes:
        rows, positives: Rows, and those truly positive.
        small: Fewer rows than asked for: don't read its rates alone.
        selection_rate: Share called positive, with Wilson's interval.
        tpr, fpr, fnr, precision: None where there are no rows to count.
        mean_probability, base_rate: Predicted and true share of positives; `calibration_gap` is their difference.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    group: str
    rows: int
    positives: int
    small: bool
    selection_rate: float
    selection_interval: _Rates
    tpr: float | None
    tpr_interval: _Rates
    fpr: float | None
    fpr_interval: _Rates
    fnr: float | None
    precision: float | None
    accuracy: float
    base_rate: float
    mean_probability: float | None = None
    calibration_gap: float | None = None


class GroupErrors(BaseModel):
    """One group under a regression. Immutable. The error is predicted minus true: above 0 it is overestimated."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    group: str
    rows: int
    small: bool
    mean_error: float
    mean_error_interval: _Rates
    mae: float
    mean_true: float
    mean_predicted: float


class Fairness(BaseModel):
    """One sensitive attribute. Immutable.

    Attributes:
        attribute: The column's name.
        positive: The class whose prediction is the decision; "" for regression.
        groups: In the order of their names; "" is "missing".
        gaps: By name of `FAIRNESS_METRICS`, over all groups; None where not defined.
        gaps_of_large_groups: The same without the small groups.
        small_groups: Names of the groups with too few rows.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    attribute: str
    positive: str = ""
    groups: tuple[GroupRates, ...] | tuple[GroupErrors, ...]
    gaps: Mapping[str, float | None]
    gaps_of_large_groups: Mapping[str, float | None]
    small_groups: tuple[str, ...]


def group_names(values_: Array | Sequence[object]) -> Array:
    """Return each row's group as text; missing cells ("" or NaN) are the group "missing"."""
    given = np.asarray(values_)
    if given.dtype.kind == "f":
        return np.array(["missing" if np.isnan(v) else f"{v:g}" for v in given], dtype=object)
    return np.array(["missing" if str(v) == "" else str(v) for v in given], dtype=object)


def _rate(hit: Array, among: Array) -> float:
    return float(hit[among].mean()) if among.any() else float("nan")


def _by_group(group: Array, compute: Callable[[Array], float]) -> Array:
    return np.array([compute(group == name) for name in sorted(set(group))])


def _spread(rates: Array) -> float:
    known = rates[~np.isnan(rates)]
    return float(known.max() - known.min()) if len(known) else float("nan")


def _ratio(rates: Array) -> float:
    known = rates[~np.isnan(rates)]
    if not len(known):
        return float("nan")
    return float(known.min() / known.max()) if known.max() > 0 else 1.0


def _selection(y: Array, called: Array, group: Array) -> Array:
    del y
    return _by_group(group, lambda rows: _rate(called, rows))


def _tpr(y: Array, called: Array, group: Array) -> Array:
    return _by_group(group, lambda rows: _rate(called, rows & y))


def _fpr(y: Array, called: Array, group: Array) -> Array:
    return _by_group(group, lambda rows: _rate(called, rows & ~y))


def _worst(*gaps: float) -> float:
    known = [gap for gap in gaps if not np.isnan(gap)]
    return max(known) if known else float("nan")


def _mae(y: Array, predicted: Array, group: Array) -> Array:
    return _by_group(group, lambda rows: float(np.abs(predicted - y)[rows].mean()))


def _bias(y: Array, predicted: Array, group: Array) -> Array:
    return _by_group(group, lambda rows: float((predicted - y)[rows].mean()))


_CLASSIFICATION: Mapping[str, Callable[[Array, Array, Array], float]] = MappingProxyType(
    {
        "demographic_parity_difference": lambda y, c, g: _spread(_selection(y, c, g)),
        "demographic_parity_ratio": lambda y, c, g: _ratio(_selection(y, c, g)),
        "equalized_odds_difference": lambda y, c, g: _worst(_spread(_tpr(y, c, g)), _spread(_fpr(y, c, g))),
        "equalized_odds_ratio": lambda y, c, g: min(_ratio(_tpr(y, c, g)), _ratio(_fpr(y, c, g))),
        "equal_opportunity_difference": lambda y, c, g: _spread(_tpr(y, c, g)),
        "false_positive_rate_difference": lambda y, c, g: _spread(_fpr(y, c, g)),
        "accuracy_difference": lambda y, c, g: _spread(_by_group(g, lambda rows: _rate(y == c, rows))),
    }
)
_REGRESSION: Mapping[str, Callable[[Array, Array, Array], float]] = MappingProxyType(
    {
        "mae_difference": lambda y, p, g: _spread(_mae(y, p, g)),
        "mae_ratio": lambda y, p, g: _ratio(_mae(y, p, g)),
        "mean_error_difference": lambda y, p, g: _spread(_bias(y, p, g)),
    }
)
FAIRNESS_METRICS: tuple[str, ...] = (*_CLASSIFICATION, *_REGRESSION)
_SHORT: Mapping[str, str] = MappingProxyType(
    {
        "demographic_parity": "demographic_parity_difference",
        "statistical_parity": "demographic_parity_difference",
        "disparate_impact": "demographic_parity_ratio",
        "equalized_odds": "equalized_odds_difference",
        "equalised_odds": "equalized_odds_difference",
        "equal_opportunity": "equal_opportunity_difference",
        "mae_gap": "mae_difference",
        "mean_error_gap": "mean_error_difference",
    }
)


def fairness_name(name: str) -> str:
    """Return the full name of a fairness metric; `equalized_odds` and the like are understood.

    Raises:
        BriefError: No such metric.
    """
    wanted = name.strip().lower().replace("-", "_").replace(" ", "_")
    wanted = _SHORT.get(wanted, wanted)
    if wanted not in FAIRNESS_METRICS:
        raise BriefError(
            f"There is no fairness metric '{name}'.", hint=did_you_mean(wanted, [*FAIRNESS_METRICS, *_SHORT])
        )
    return wanted


def fairness_metric(
    name: str, y: Array, predicted: Array, group: Array | Sequence[object], *, positive: int = 1, min_rows: int = 0
) -> float:
    """Return one gap between groups; ratios are best at 1, differences at 0. NaN where no group has the rows needed.

    Args:
        name: Of `FAIRNESS_METRICS`, or short: "equalized_odds".
        y: Class codes, or values for a regression metric, shape (n,).
        predicted: Predicted codes, or values, shape (n,).
        group: Each row's group, shape (n,).
        positive: The code of the class whose prediction is the decision.
        min_rows: Groups with fewer rows are left out.

    Raises:
        BriefError: No such metric.
        DataError: Lengths differ, or no group is large enough.
    """
    full = fairness_name(name)
    names = group_names(group)
    if not len(y) == len(predicted) == len(names):
        raise DataError(
            f"There are {len(y)} labels, {len(predicted)} predictions and {len(names)} groups.",
            hint="pass one of each per row.",
        )
    truth, decision = _sides(full, y, predicted, positive)
    kept = np.isin(names, [name for name in sorted(set(names)) if (names == name).sum() >= min_rows])
    if not kept.any():
        raise DataError(f"No group has {min_rows} rows.", hint="lower the limit, or score on more rows.")
    return {**_CLASSIFICATION, **_REGRESSION}[full](truth[kept], decision[kept], names[kept])


def _sides(full: str, y: Array, predicted: Array, positive: int) -> tuple[Array, Array]:
    if full in _REGRESSION:
        return values(y, predicted)
    return checked_codes(y) == positive, checked_codes(predicted, "predicted labels") == positive


def _gaps(names: Mapping[str, object], y: Array, predicted: Array, group: Array) -> dict[str, float | None]:
    table = {**_CLASSIFICATION, **_REGRESSION}
    found = {name: table[name](y, predicted, group) for name in names}
    return {name: None if np.isnan(gap) else gap for name, gap in found.items()}


def _large(group: Array, min_rows: int) -> Array:
    return np.isin(group, [name for name in sorted(set(group)) if (group == name).sum() >= min_rows])


@dataclass(frozen=True, slots=True)
class Decision:
    """The class whose prediction is the decision looked at.

    Attributes:
        code, label: Of the class.
        probability: Of that class, shape (n,), for calibration by group.
        min_rows: Below it a group is flagged as small.
    """

    code: int = 1
    label: str = "1"
    probability: Array | None = None
    min_rows: int = MIN_GROUP_ROWS


def classification_fairness(
    attribute: str,
    y: Array,
    predicted: Array,
    group: Array | Sequence[object],
    decision: Decision | None = None,
) -> Fairness:
    """Return rates by group and the gaps between groups.

    Args:
        attribute: The sensitive column's name.
        y, predicted: Class codes, shape (n,).
        group: The sensitive column, shape (n,).
        decision: Which class is the decision looked at; None is code 1.

    Raises:
        DataError: The arrays do not fit each other.
    """
    decision = decision or Decision()
    names, min_rows = group_names(group), decision.min_rows
    truth, called = checked_codes(y) == decision.code, checked_codes(predicted) == decision.code
    if not len(truth) == len(called) == len(names):
        raise DataError(f"There are {len(truth)} labels and {len(names)} groups.", hint="pass one of each per row.")
    large = _large(names, min_rows)
    groups = tuple(_rates(str(g), names == g, truth, called, decision) for g in sorted(set(names)))
    whole = _gaps(_CLASSIFICATION, truth, called, names)
    return Fairness(
        attribute=attribute,
        positive=decision.label,
        groups=groups,
        gaps=whole,
        gaps_of_large_groups=_gaps(_CLASSIFICATION, truth[large], called[large], names[large]),
        small_groups=tuple(item.group for item in groups if item.small),
    )


def _rates(name: str, rows: Array, y: Array, called: Array, decision: Decision) -> GroupRates:
    truth, chosen = y[rows], called[rows]
    n, positives = len(truth), int(truth.sum())
    hits, wrong = int((truth & chosen).sum()), int((~truth & chosen).sum())
    probability = decision.probability
    mean_probability = float(np.asarray(probability)[rows].mean()) if probability is not None else None
    return GroupRates(
        group=name,
        rows=n,
        positives=positives,
        small=n < decision.min_rows,
        selection_rate=(hits + wrong) / n,
        selection_interval=wilson_interval(hits + wrong, n),
        tpr=hits / positives if positives else None,
        tpr_interval=wilson_interval(hits, positives),
        fpr=wrong / (n - positives) if n > positives else None,
        fpr_interval=wilson_interval(wrong, n - positives),
        fnr=1 - hits / positives if positives else None,
        precision=hits / (hits + wrong) if hits + wrong else None,
        accuracy=float((truth == chosen).mean()),
        base_rate=positives / n,
        mean_probability=mean_probability,
        calibration_gap=None if mean_probability is None else mean_probability - positives / n,
    )


def regression_fairness(
    attribute: str, y: Array, predicted: Array, group: Array | Sequence[object], *, min_rows: int = MIN_GROUP_ROWS
) -> Fairness:
    """Return errors by group and the gaps between groups; see `classification_fairness`.

    Raises:
        DataError: The arrays do not fit each other.
    """
    truth, value = values(y, predicted)
    names = group_names(group)
    if len(names) != len(truth):
        raise DataError(f"There are {len(truth)} values and {len(names)} groups.", hint="pass one group per row.")
    large = _large(names, min_rows)
    groups = tuple(_errors(str(g), truth[names == g], value[names == g], min_rows) for g in sorted(set(names)))
    return Fairness(
        attribute=attribute,
        groups=groups,
        gaps=_gaps(_REGRESSION, truth, value, names),
        gaps_of_large_groups=_gaps(_REGRESSION, truth[large], value[large], names[large]) if large.any() else {},
        small_groups=tuple(item.group for item in groups if item.small),
    )


def _errors(name: str, y: Array, predicted: Array, min_rows: int) -> GroupErrors:
    error = predicted - y
    n, mean = len(error), float(error.mean())
    half = student_quantile(0.975, n - 1) * float(error.std(ddof=1)) / np.sqrt(n) if n > 1 else 0.0
    return GroupErrors(
        group=name,
        rows=n,
        small=n < min_rows,
        mean_error=mean,
        mean_error_interval=(mean - float(half), mean + float(half)),
        mae=float(np.abs(error).mean()),
        mean_true=float(y.mean()),
        mean_predicted=float(predicted.mean()),
    )
