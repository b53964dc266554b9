"""Small exact summaries of a column: cumulative counts on a grid for numbers, counts of the levels for categories."""

from collections import Counter
from collections.abc import Mapping

import numpy as np
from pydantic import BaseModel, ConfigDict

from mlwright.data.columns import Array


class NumberSketch(BaseModel):
    """The distribution of a column's known numbers. Immutable.

    `cumulative[i]` is the exact count of numbers at or below `points[i]`, so a two-sample comparison on the points is
    exact; a column with few distinct numbers has a point for each.

    Attributes:
        rows: Known (not missing) numbers.
        integer: All were whole.
        distinct: How many different numbers.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    rows: int
    points: tuple[float, ...]
    cumulative: tuple[int, ...]
    minimum: float
    maximum: float
    mean: float
    sd: float
    integer: bool
    distinct: int

    def quantile(self, share: float) -> float:
        """Return the point at or below which this share of the numbers lies."""
        place = int(np.searchsorted(self.cumulative, share * self.rows - 1e-9))
        return self.points[min(place, len(self.points) - 1)]


class LevelTable(BaseModel):
    """The levels of a category and their counts. Immutable.

    Attributes:
        rows: Known (not missing) cells.
        counts: The most frequent levels, by falling count; all of them when `whole`.
        floor: Every level seen at least this often is in `counts`.
        unseen_mass: Good and Turing's estimate of the share of new rows whose level is not in `counts`.
        distinct: How many different levels.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    rows: int
    counts: Mapping[str, int]
    floor: int
    unseen_mass: float
    distinct: int

    @property
    def whole(self) -> bool:
        return self.distinct == len(self.counts)


def sketch_numbers(known: Array, points: int) -> NumberSketch | None:
    """Return the sketch of finite numbers, None for none.

    Args:
        known: float64, shape (n,), no NaN, no infinity.
        points: At most this many.
    """
    if not len(known):
        return None
    ordered = np.sort(known)
    distinct = int((np.diff(ordered) > 0).sum()) + 1
    if distinct <= points:
        grid = np.unique(ordered)
    else:
        at = np.rint(np.linspace(0, len(ordered) - 1, points)).astype(np.int64)
        grid = _shortened(np.unique(ordered[at]))
    return NumberSketch(
        rows=len(ordered),
        points=tuple(grid.tolist()),
        cumulative=tuple(np.searchsorted(ordered, grid, side="right").tolist()),
        minimum=float(ordered[0]),
        maximum=float(ordered[-1]),
        mean=float(ordered.mean()),
        sd=float(ordered.std()),
        integer=bool((ordered == np.rint(ordered)).all()),
        distinct=distinct,
    )


def _shortened(grid: Array) -> Array:
    """Round the points to fewer digits, still well apart, to keep the file small.

    Counts are taken at the rounded points, so the comparison stays exact; equal points melt into one.
    """
    gap = float(np.quantile(np.diff(grid), 0.1))
    decimals = int(np.clip(2 - np.floor(np.log10(gap)), -300, 300)) if gap > 0 else 17
    return np.unique(np.round(grid, decimals)) if decimals < 17 else grid


def tabulate_levels(counts: Counter[str], limit: int) -> LevelTable:
    """Return the table of a category's known cells, at most `limit` levels of it.

    Source: Good, The population frequencies of species, 1953: the species seen less than c times hold together about
    sum over r <= c of r N_r / n of the population, where N_r species were seen r times.
    """
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    rows = sum(counts.values())
    floor = 1 if len(ordered) <= limit else ordered[limit][1] + 1
    kept = {level: count for level, count in ordered if count >= floor}
    rare = sum(count for _, count in ordered if count <= floor)
    return LevelTable(
        rows=rows, counts=kept, floor=floor, unseen_mass=rare / rows if rows else 1.0, distinct=len(ordered)
    )
