"""Encoders of categories that look at the column alone: codes for trees, one column a level for linear models."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

import numpy as np

from mlwright.data.columns import Array, Columns
from mlwright.features.levels import MISSING, LevelTable, count_levels


@dataclass(frozen=True, slots=True)
class Ordinal:
    """A category as its rank by training frequency: the most frequent level is 0, an unknown one -1, missing NaN.

    Example:
        >>> sex = Ordinal("sex", ("male", "female"))
        >>> sex.transform({"sex": np.array(["female", "?", ""], dtype=object)}).ravel().tolist()
        [1.0, -1.0, nan]
    """

    kind: ClassVar[str] = "ordinal"
    column: str
    levels: tuple[str, ...]
    table: LevelTable = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        rows = np.concatenate([[np.nan], np.arange(len(self.levels), dtype=np.float64), [-1.0]])
        object.__setattr__(self, "table", LevelTable((MISSING, *self.levels), rows[:, np.newaxis]))

    @property
    def names(self) -> tuple[str, ...]:
        return (self.column,)

    @property
    def width(self) -> int:
        return 1

    def transform(self, columns: Columns) -> Array:
        """Return the codes, float64, shape (n, 1)."""
        return self.table.take(columns[self.column])

    def state(self) -> dict[str, Any]:
        return {"column": self.column, "levels": list(self.levels)}

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        return cls(state["column"], tuple(state["levels"]))


@dataclass(frozen=True, slots=True)
class OneHot:
    """A category as one column of 0 and 1 for each level.

    Attributes:
        other: A further column is 1 for every string that is no level of `levels`; else such a row is all 0.
        missing: A last column is 1 for a missing cell; else such a row is all 0.

    Example:
        >>> port = OneHot("port", ("S", "C"), other=True)
        >>> port.transform({"port": np.array(["C", "Q", ""], dtype=object)}).tolist()
        [[0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [0.0, 0.0, 0.0]]
    """

    kind: ClassVar[str] = "one_hot"
    column: str
    levels: tuple[str, ...]
    other: bool = False
    missing: bool = False
    table: LevelTable = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        count = len(self.levels)
        rows = np.zeros((count + 2, self.width))
        rows[1 : count + 1, :count] = np.eye(count)
        if self.other:
            rows[-1, count] = 1.0
        if self.missing:
            rows[0, -1] = 1.0
        object.__setattr__(self, "table", LevelTable((MISSING, *self.levels), rows))

    @property
    def names(self) -> tuple[str, ...]:
        extra = ("(other)",) * self.other + ("(missing)",) * self.missing
        return tuple(f"{self.column}={level}" for level in (*self.levels, *extra))

    @property
    def width(self) -> int:
        return len(self.levels) + self.other + self.missing

    def transform(self, columns: Columns) -> Array:
        """Return zeros and ones, float64, shape (n, width)."""
        return self.table.take(columns[self.column])

    def state(self) -> dict[str, Any]:
        return {"column": self.column, "levels": list(self.levels), "other": self.other, "missing": self.missing}

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        return cls(state["column"], tuple(state["levels"]), state["other"], state["missing"])


def fit_ordinal(column: str, values: Array, *, min_count: int = 1, max_levels: int = 10_000) -> Ordinal:
    """Learn the levels that occur at least `min_count` times, the `max_levels` most frequent of them."""
    return Ordinal(column, tuple(_frequent(values, min_count, max_levels)))


def fit_one_hot(column: str, values: Array, *, min_count: int = 1, max_levels: int = 30) -> OneHot:
    """Learn the levels that get a column; the others share one, and so do missing cells, where any were seen."""
    levels = _frequent(values, min_count, max_levels)
    seen = set(values.tolist())
    other = len(seen - {MISSING}) > len(levels)
    return OneHot(column, tuple(levels), other=other, missing=MISSING in seen)


def _frequent(values: Array, min_count: int, max_levels: int) -> Sequence[str]:
    return [level for level, count in count_levels(values).items() if count >= min_count][:max_levels]
