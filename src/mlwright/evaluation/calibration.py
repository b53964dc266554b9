"""Whether a predicted 70 % comes true in 70 % of cases."""

from itertools import pairwise

import numpy as np
from pydantic import BaseModel, ConfigDict

from mlwright.base.errors import DataError
from mlwright.data.columns import Array
from mlwright.evaluation.classification import brier, ece
from mlwright.evaluation.distributions import wilson_interval
from mlwright.evaluation.inputs import probabilities


class ReliabilityPoint(BaseModel):
    """Rows of like probability. Immutable.

    Attributes:
        predicted: Mean predicted probability.
        observed: Share in which it came true, with Wilson's interval `low` to `high`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    predicted: float
    observed: float
    low: float
    high: float
    rows: int


class Calibration(BaseModel):
    """The reliability curve and its summary. Immutable.

    Attributes:
        of: "positive class" for two classes, "predicted class" for more.
        ece: Expected calibration error over 15 equal bins.
        points: Bins of equal row counts.
        bias: Mean probability minus frequency: above 0 the model is too sure.
        within: Share of the points whose interval holds the predicted probability.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    of: str
    ece: float
    brier: float
    bias: float
    within: float
    points: tuple[ReliabilityPoint, ...]


def reliability_curve(hit: Array, p: Array, *, bins: int = 10, level: float = 0.95) -> tuple[ReliabilityPoint, ...]:
    """Return points over bins of equally many rows; rows of one probability stay in one bin.

    Args:
        hit: Whether it came true, bool, shape (n,).
        p: Predicted probability, shape (n,).

    Raises:
        DataError: Lengths differ or there are no rows.
    """
    hit, p = np.asarray(hit, dtype=bool), np.asarray(p, dtype=np.float64)
    if hit.shape != p.shape or hit.size == 0:
        raise DataError(f"There are {hit.size} outcomes and {p.size} probabilities.", hint="pass one of each per row.")
    order = np.argsort(p, kind="stable")
    hit, p = hit[order], p[order]
    starts = np.searchsorted(p, p[(np.arange(bins) * len(p)) // bins])  # move back to the first of equal values
    edges = np.append(np.unique(starts), len(p))
    points: list[ReliabilityPoint] = []
    for a, b in pairwise(edges):
        low, high = wilson_interval(int(hit[a:b].sum()), int(b - a), level)
        points.append(
            ReliabilityPoint(
                predicted=float(p[a:b].mean()), observed=float(hit[a:b].mean()), low=low, high=high, rows=int(b - a)
            )
        )
    return tuple(points)


def calibration(y: Array, prediction: Array, *, bins: int = 10) -> Calibration:
    """Return how well probabilities (n, C) agree with what happened.

    Raises:
        DataError: The arrays do not fit each other, or are no probabilities.
    """
    codes, chance = probabilities(y, prediction)
    two = chance.shape[1] == 2
    p = chance[:, 1] if two else chance.max(axis=1)
    hit = codes == 1 if two else codes == chance.argmax(axis=1)
    points = reliability_curve(hit, p, bins=bins)
    return Calibration(
        of="positive class" if two else "predicted class",
        ece=ece(codes, chance),
        brier=brier(codes, chance),
        bias=float(p.mean() - hit.mean()),
        within=sum(point.low <= point.predicted <= point.high for point in points) / len(points),
        points=points,
    )
