"""Intervals by the bootstrap: of one score, and of the difference of two models on the same rows.

Classification resamples within each class, so that no resample loses a rare one.

Source: Efron and Tibshirani, An introduction to the bootstrap, 1993, chapters 13 and 14.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from mlwright.base.errors import DataError
from mlwright.base.seeds import generator
from mlwright.data.columns import Array
from mlwright.evaluation.distributions import normal_quantile, normal_sf
from mlwright.evaluation.inputs import checked_codes, checked_weight, label_codes
from mlwright.evaluation.metrics import Metric

_WORK_ROWS = 4_000_000  # rows that all resamples of one interval may touch together
_JACKKNIFE_BLOCKS = 100


@dataclass(frozen=True, slots=True)
class Bootstrap:
    """How resamples are drawn.

    Attributes:
        resamples: How many; None gives 500 on small tables and fewer, at least 100, on large ones.
        level: Coverage of the interval, in (0, 1).
        method: "percentile", or "bca" (bias-corrected and accelerated: better where the metric is skewed).
        seed: Of the draws.
    """

    resamples: int | None = None
    level: float = 0.95
    method: Literal["percentile", "bca"] = "percentile"
    seed: int = 0

    def count(self, rows: int) -> int:
        """Return the number of resamples for a table of this many rows."""
        return self.resamples or int(np.clip(_WORK_ROWS // max(rows, 1), 100, 500))


@dataclass(frozen=True, slots=True)
class Interval:
    """A value and where it may lie. All NaN where the metric is not defined.

    Attributes:
        defined: Share of resamples on which the metric was defined.
    """

    value: float
    low: float
    high: float
    level: float
    resamples: int
    defined: float = 1.0


@dataclass(frozen=True, slots=True)
class PairedDifference:
    """By how much model a is better than model b on the same rows.

    Attributes:
        difference: In units of the metric, positive when a is better, whatever the metric's direction.
        low, high: Its interval.
        p: Two-sided p-value of "no difference", at least 2 / (resamples + 1).
    """

    difference: float
    low: float
    high: float
    p: float
    level: float
    resamples: int


Draw = Callable[[np.random.Generator], Array]


def _draws(y: Array, stratify: bool) -> Draw:
    """Return a function that draws row indices, ascending, so that sorted scores stay sorted."""
    if not stratify:
        return lambda rng: _sorted_draw(np.arange(len(y)), rng)
    strata = [np.flatnonzero(y == k) for k in np.unique(y)]

    def draw(rng: np.random.Generator) -> Array:
        return np.sort(np.concatenate([_sorted_draw(rows, rng) for rows in strata]), kind="stable")

    return draw


def _sorted_draw(rows: Array, rng: np.random.Generator) -> Array:
    counts = np.bincount(rng.integers(0, len(rows), len(rows)), minlength=len(rows))
    return np.repeat(rows, counts)


def _presorted(y: Array, predictions: Array, weight: Array | None) -> tuple[Array, Array, Array | None]:
    """Order rows by score: the metric's own sort of every resample then runs in linear time."""
    key = predictions if predictions.ndim == 1 else predictions[:, -1]
    order = np.argsort(key, kind="stable")
    return y[order], predictions[order], None if weight is None else weight[order]


def _checked(y: Array, prediction: Array, metric: Metric) -> tuple[Array, Array]:
    y, prediction = np.asarray(y), np.asarray(prediction)
    if len(y) != len(prediction) or len(y) == 0:
        raise DataError(
            f"There are {len(y)} labels and {len(prediction)} predictions.", hint="pass one prediction per label."
        )
    return (checked_codes(y) if _is_classification(metric) else y), prediction


def _is_classification(metric: Metric) -> bool:
    return metric.fits("binary") or metric.fits("multiclass")


def bootstrap(
    y: Array, prediction: Array, metric: Metric, *, weight: Array | None = None, how: Bootstrap | None = None
) -> Interval:
    """Return the metric with its bootstrap interval.

    Args:
        y: Labels or values, shape (n,).
        prediction: As the metric takes it, n rows.
        metric: From `mlwright.evaluation.metrics`.
        weight: Row weights, shape (n,).
        how: Resamples, level, method and seed.

    Raises:
        DataError: The arrays do not fit each other.
    """
    how = how or Bootstrap()
    y, prediction = _checked(y, prediction, metric)
    if weight is not None:
        weight = checked_weight(weight, len(y))
    value = metric.compute(y, prediction, weight=weight)
    y, prediction, weight = _presorted(y, prediction, weight)
    count = how.count(len(y))
    if metric.needs == "labels" and weight is None:
        found = _resampled_counts(y, prediction, metric, how)
    else:
        found = _resampled_rows(y, prediction, metric, weight, how)
    known = found[np.isfinite(found)]
    if len(known) < 2 or not np.isfinite(value):
        return Interval(value, float("nan"), float("nan"), how.level, count, len(known) / count)
    tails = (1 - how.level) / 2, (1 + how.level) / 2
    if how.method == "bca":
        tails = _bca_tails(value, known, _jackknife(y, prediction, metric, weight), how.level)
    low, high = np.quantile(known, tails)
    return Interval(value, float(low), float(high), how.level, count, len(known) / count)


def _resampled_rows(y: Array, prediction: Array, metric: Metric, weight: Array | None, how: Bootstrap) -> Array:
    draw, rng = _draws(y, _is_classification(metric)), generator(how.seed, "bootstrap")
    found = np.empty(how.count(len(y)))
    for i in range(len(found)):
        rows = draw(rng)
        found[i] = metric.compute(y[rows], prediction[rows], weight=None if weight is None else weight[rows])
    return found


def _resampled_counts(y: Array, prediction: Array, metric: Metric, how: Bootstrap) -> Array:
    """Resample the confusion matrix, which is all that labels leave: the same distribution, a thousand times faster."""
    codes, predicted, classes = label_codes(y, prediction)
    counts = np.bincount(codes * classes + predicted, minlength=classes * classes).reshape(classes, classes)
    occurring = np.flatnonzero(counts.sum(axis=1))
    shares = counts[occurring] / counts[occurring].sum(axis=1, keepdims=True)
    one_hot, found = np.eye(classes), np.empty(how.count(len(y)))
    rng = generator(how.seed, "bootstrap")
    for i in range(len(found)):
        drawn = rng.multinomial(counts[occurring].sum(axis=1), shares)
        cells = np.nonzero(drawn)
        found[i] = metric.compute(occurring[cells[0]], one_hot[cells[1]], weight=drawn[cells].astype(np.float64))
    return found


def _jackknife(y: Array, prediction: Array, metric: Metric, weight: Array | None) -> Array:
    """Return the metric with each of up to 100 interleaved blocks of rows left out."""
    blocks = min(len(y), _JACKKNIFE_BLOCKS)
    block = np.arange(len(y)) % blocks
    found = [
        metric.compute(y[block != i], prediction[block != i], weight=None if weight is None else weight[block != i])
        for i in range(blocks)
        if blocks > 1
    ]
    return np.array(found)


def _bca_tails(value: float, found: Array, jackknife: Array, level: float) -> tuple[float, float]:
    below = (np.sum(found < value) + 0.5 * np.sum(found == value)) / len(found)
    bias = normal_quantile(float(np.clip(below, 1 / (2 * len(found)), 1 - 1 / (2 * len(found)))))
    deviation = np.mean(jackknife) - jackknife if len(jackknife) else np.zeros(1)
    spread = float(np.sum(deviation**2))
    acceleration = float(np.sum(deviation**3)) / (6 * spread**1.5) if spread > 0 else 0.0

    def tail(probability: float) -> float:
        z = bias + normal_quantile(probability)
        return 1 - normal_sf(bias + z / (1 - acceleration * z))

    return tail((1 - level) / 2), tail((1 + level) / 2)


def paired_difference(
    y: Array, a: Array, b: Array, metric: Metric, *, weight: Array | None = None, how: Bootstrap | None = None
) -> PairedDifference:
    """Return by how much predictions a are better than predictions b, resampling the rows of both together.

    Raises:
        DataError: The arrays do not fit each other, or the metric is not defined on them.
    """
    how = how or Bootstrap()
    y, a = _checked(y, a, metric)
    b = _checked(y, b, metric)[1]
    whole = None if weight is None else checked_weight(weight, len(y))
    value = metric.gain(metric.compute(y, a, weight=whole), metric.compute(y, b, weight=whole))
    if not np.isfinite(value):
        raise DataError(
            f"{metric.name} is not defined on these {len(y)} rows, so two models cannot be compared by it.",
            hint="compare on rows in which every class occurs.",
        )
    draw, rng, count = _draws(y, _is_classification(metric)), generator(how.seed, "paired"), how.count(2 * len(y))
    found = np.empty(count)
    for i in range(count):
        rows = draw(rng)
        row_weight = None if whole is None else whole[rows]
        found[i] = metric.gain(
            metric.compute(y[rows], a[rows], weight=row_weight), metric.compute(y[rows], b[rows], weight=row_weight)
        )
    found = found[np.isfinite(found)]
    low, high = np.quantile(found, ((1 - how.level) / 2, (1 + how.level) / 2))
    rarer = min(np.sum(found <= 0), np.sum(found >= 0))
    p = min(1.0, 2 * (float(rarer) + 1) / (len(found) + 1))
    return PairedDifference(value, float(low), float(high), p, how.level, count)
