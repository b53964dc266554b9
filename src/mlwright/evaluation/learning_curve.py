"""Whether more rows would help: the score on growing shares of the training rows."""

from collections.abc import Callable, Sequence

import numpy as np
from pydantic import BaseModel, ConfigDict

from mlwright.base.errors import DataError
from mlwright.base.seeds import generator
from mlwright.data.columns import Array
from mlwright.evaluation.distributions import student_quantile
from mlwright.evaluation.metrics import Metric

FitScore = Callable[[Array], float]


class CurvePoint(BaseModel):
    """The score at one number of rows; the interval is over the repeats, None with one repeat. Immutable."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    share: float
    rows: int
    score: float
    low: float | None = None
    high: float | None = None
    scores: tuple[float, ...]


class LearningCurve(BaseModel):
    """Immutable.

    Attributes:
        last_gain: By how much the last step improved the score, positive is better.
        noise: Half the width of the interval of that gain; 0 with one repeat.
        more_rows_help: The last step's gain lies above its noise.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    metric: str
    points: tuple[CurvePoint, ...]
    last_gain: float
    noise: float
    more_rows_help: bool


def growing_subsets(y: Array, shares: Sequence[float], seed: int, *, stratify: bool) -> list[Array]:
    """Return nested row indices, ascending, one array per share; stratified ones keep the classes' shares.

    Each class keeps at least one row, so that every subset can be fitted.
    """
    rng = generator(seed, "learning_curve")
    strata = [np.flatnonzero(y == k) for k in np.unique(y)] if stratify else [np.arange(len(y))]
    shuffled = [rng.permutation(rows) for rows in strata]
    return [
        np.sort(np.concatenate([rows[: max(1, round(share * len(rows)))] for rows in shuffled])) for share in shares
    ]


def learning_curve(
    fit_score: FitScore,
    y: Array,
    metric: Metric,
    *,
    shares: Sequence[float] = (0.1, 0.2, 0.35, 0.6, 1.0),
    repeats: int = 1,
    seed: int = 0,
) -> LearningCurve:
    """Return the learning curve.

    Args:
        fit_score: Fits on the rows at the given indices and returns the score on rows held out for this.
        y: Labels of the training rows, shape (n,); classification subsets are stratified by them.
        metric: What `fit_score` returns.
        shares: Growing, in (0, 1].
        repeats: Other subsets per share.

    Raises:
        DataError: Shares that do not grow or lie outside (0, 1].
    """
    if not shares or list(shares) != sorted(set(shares)) or shares[0] <= 0 or shares[-1] > 1:
        raise DataError(
            f"The shares {tuple(shares)} do not grow within (0, 1].", hint="pass for example (0.1, 0.3, 1.0)."
        )
    stratify = metric.fits("binary") or metric.fits("multiclass")
    found = np.empty((repeats, len(shares)))
    sizes = [0] * len(shares)
    for repeat in range(repeats):
        for i, rows in enumerate(growing_subsets(np.asarray(y), shares, seed + repeat, stratify=stratify)):
            found[repeat, i] = fit_score(rows)
            sizes[i] = len(rows)
    points = tuple(_point(share, sizes[i], found[:, i]) for i, share in enumerate(shares))
    steps = [metric.gain(float(row[-1]), float(row[-2])) for row in found] if len(shares) > 1 else [0.0]
    gain, noise = float(np.mean(steps)), _half_width(np.array(steps))
    return LearningCurve(
        metric=metric.name, points=points, last_gain=gain, noise=noise, more_rows_help=repeats > 1 and gain > noise
    )


def _half_width(values: Array) -> float:
    if len(values) < 2:
        return 0.0
    return student_quantile(0.975, len(values) - 1) * float(values.std(ddof=1)) / float(np.sqrt(len(values)))


def _point(share: float, rows: int, scores: Array) -> CurvePoint:
    mean, half = float(scores.mean()), _half_width(scores)
    several = len(scores) > 1
    return CurvePoint(
        share=share,
        rows=rows,
        score=mean,
        low=mean - half if several else None,
        high=mean + half if several else None,
        scores=tuple(float(score) for score in scores),
    )
