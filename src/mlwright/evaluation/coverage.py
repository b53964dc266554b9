"""Whether bands hold as many true values as they say, how wide they are, and where they don't."""

import numpy as np
from pydantic import BaseModel, ConfigDict

from mlwright.base.errors import DataError
from mlwright.data.columns import Array
from mlwright.evaluation.distributions import wilson_interval

_PARTS = 5
_LEAST_ROWS_A_PART = 20


class PartCoverage(BaseModel):
    """The coverage among rows of similar predicted values. Immutable."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    smallest: float
    largest: float
    rows: int
    coverage: float
    mean_width: float


class Coverage(BaseModel):
    """What bands of one level did on rows whose true value is known. Immutable.

    Attributes:
        coverage: Share of true values within their band; `low` to `high` is its 95 % interval.
        below, above: Shares of true values under and over their band.
        mean_width, median_width: In the unit of the target.
        score: Mean interval score: the width plus 2 / (1 - level) times the distance of a miss; lower is better.
        parts: By fifths of the predicted value; empty where these would have too few rows.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    level: float
    rows: int
    coverage: float
    low: float
    high: float
    below: float
    above: float
    mean_width: float
    median_width: float
    score: float
    parts: tuple[PartCoverage, ...] = ()


def coverage(y: Array, values: Array, band: tuple[Array, Array], level: float) -> Coverage:
    """Return what the bands (low, high) around predicted values did; all float64, shape (n,).

    Raises:
        DataError: No rows, or arrays of different lengths.

    Example:
        >>> y = np.array([0.0, 1.0, 2.0, 9.0])
        >>> found = coverage(y, y * 0, (np.full(4, -3.0), np.full(4, 3.0)), 0.9)
        >>> (found.coverage, found.above, found.mean_width)
        (0.75, 0.25, 6.0)
    """
    low, high = band
    if not len(y) or not len(y) == len(values) == len(low) == len(high):
        raise DataError(
            f"There are {len(y)} true values, {len(values)} predicted ones and {len(low)} bands.",
            hint="pass one of each for every row, one row at least.",
        )
    inside, width = (low <= y) & (y <= high), high - low
    missed = np.maximum(low - y, 0.0) + np.maximum(y - high, 0.0)
    lowest, highest = wilson_interval(int(inside.sum()), len(y), 0.95)
    return Coverage(
        level=level,
        rows=len(y),
        coverage=float(inside.mean()),
        low=lowest,
        high=highest,
        below=float((y < low).mean()),
        above=float((y > high).mean()),
        mean_width=float(width.mean()),
        median_width=float(np.median(width)),
        score=float(np.mean(width + 2.0 / (1.0 - level) * missed)),
        parts=_parts(values, inside, width),
    )


def _parts(values: Array, inside: Array, width: Array) -> tuple[PartCoverage, ...]:
    if len(values) < _PARTS * _LEAST_ROWS_A_PART:
        return ()
    return tuple(
        PartCoverage(
            smallest=float(values[rows].min()),
            largest=float(values[rows].max()),
            rows=len(rows),
            coverage=float(inside[rows].mean()),
            mean_width=float(width[rows].mean()),
        )
        for rows in np.array_split(np.argsort(values, kind="stable"), _PARTS)
    )
