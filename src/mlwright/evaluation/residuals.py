"""What is left of the target after a regression: its bias, its tails, and where it grows."""

import numpy as np
from pydantic import BaseModel, ConfigDict

from mlwright.base.seeds import generator
from mlwright.data.columns import Array
from mlwright.evaluation.distributions import normal_sf, student_quantile
from mlwright.evaluation.inputs import values

_QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)


class ResidualBin(BaseModel):
    """Rows of like prediction. Immutable. The residual is true minus predicted."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    predicted: float
    residual: float
    mae: float
    rows: int


class Residuals(BaseModel):
    """Immutable. The residual is true minus predicted, in the unit of the target.

    Attributes:
        bias: Mean residual, with its 95 % interval.
        quantiles: Share of rows below it, residual.
        skew: Third standardised moment; 0 is even-sided.
        spread_grows: Rank correlation of |residual| and prediction; far from 0, errors depend on the size predicted.
        spread_grows_p: Its p-value.
        bins: By deciles of the prediction.
        edges, counts: A histogram of the residuals, len(edges) = len(counts) + 1.
        points: At most 1,000 (predicted, true) pairs, drawn with a seed.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    rows: int
    bias: float
    bias_low: float
    bias_high: float
    sd: float
    skew: float
    quantiles: tuple[tuple[float, float], ...]
    spread_grows: float
    spread_grows_p: float
    bins: tuple[ResidualBin, ...]
    edges: tuple[float, ...]
    counts: tuple[int, ...]
    points: tuple[tuple[float, float], ...]


def residuals(y: Array, prediction: Array, *, seed: int = 0) -> Residuals:
    """Return the analysis of values y (n,) against predictions (n,).

    Raises:
        DataError: The arrays do not fit each other or hold NaN.
    """
    truth, predicted = values(y, prediction)
    left = truth - predicted
    n = len(left)
    bias, sd = float(left.mean()), float(left.std(ddof=1)) if n > 1 else 0.0
    half = student_quantile(0.975, n - 1) * sd / np.sqrt(n) if n > 1 else 0.0
    growth = spearman(predicted, np.abs(left))
    counts, edges = np.histogram(left, bins=min(30, max(5, int(np.sqrt(n)))))
    picked = np.sort(generator(seed, "residuals").permutation(n)[:1000])
    return Residuals(
        rows=n,
        bias=bias,
        bias_low=bias - float(half),
        bias_high=bias + float(half),
        sd=sd,
        skew=float(np.mean((left - bias) ** 3) / left.std() ** 3) if left.std() > 0 else 0.0,
        quantiles=tuple((q, float(np.quantile(left, q))) for q in _QUANTILES),
        spread_grows=growth,
        spread_grows_p=min(1.0, 2 * normal_sf(abs(growth) * np.sqrt(max(n - 1, 0)))),
        bins=_bins(predicted, left),
        edges=tuple(float(edge) for edge in edges),
        counts=tuple(int(count) for count in counts),
        points=tuple((float(predicted[i]), float(truth[i])) for i in picked),
    )


def _bins(predicted: Array, left: Array) -> tuple[ResidualBin, ...]:
    order = np.argsort(predicted, kind="stable")
    parts = [part for part in np.array_split(order, 10) if len(part)]
    return tuple(
        ResidualBin(
            predicted=float(predicted[part].mean()),
            residual=float(left[part].mean()),
            mae=float(np.abs(left[part]).mean()),
            rows=len(part),
        )
        for part in parts
    )


def ranks(x: Array) -> Array:
    """Return ranks from 1, ties sharing their mean rank."""
    place, counts = np.unique(x, return_inverse=True, return_counts=True)[1:]
    ends = np.cumsum(counts)
    return (ends - (counts - 1) / 2)[place]


def spearman(a: Array, b: Array) -> float:
    """Return the rank correlation, 0 where one side is constant."""
    x, z = ranks(a), ranks(b)
    x, z = x - x.mean(), z - z.mean()
    scale = float(np.sqrt((x @ x) * (z @ z)))
    return float(x @ z) / scale if scale > 0 else 0.0
