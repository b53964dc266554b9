"""Encoders of numbers: as they are for trees, filled in and standardised for linear models."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from mlwright.data.columns import Array, Columns
from mlwright.features.standard import fit_standard, middle, standardise


@dataclass(frozen=True, slots=True)
class Passthrough:
    """A number as it is; NaN stays NaN.

    Example:
        >>> Passthrough("age").transform({"age": np.array([3.0, np.nan])}).tolist()
        [[3.0], [nan]]
    """

    kind: ClassVar[str] = "passthrough"
    column: str

    @property
    def names(self) -> tuple[str, ...]:
        return (self.column,)

    @property
    def width(self) -> int:
        return 1

    def transform(self, columns: Columns) -> Array:
        """Return the column, float64, shape (n, 1)."""
        return columns[self.column][:, np.newaxis]

    def state(self) -> dict[str, Any]:
        return {"column": self.column}

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        return cls(state["column"])


@dataclass(frozen=True, slots=True)
class Scaled:
    """A number with the median for missing cells, standardised, within ±10 standard deviations.

    Attributes:
        indicator: A second column says whether the cell was missing (1) or not (0).

    Example:
        >>> age = Scaled("age", median=4.0, mean=2.0, scale=2.0, indicator=True)
        >>> age.transform({"age": np.array([3.0, np.nan])}).tolist()
        [[0.5, 0.0], [1.0, 1.0]]
    """

    kind: ClassVar[str] = "scaled"
    column: str
    median: float
    mean: float
    scale: float
    indicator: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        return (self.column, f"{self.column} is missing") if self.indicator else (self.column,)

    @property
    def width(self) -> int:
        return 2 if self.indicator else 1

    def transform(self, columns: Columns) -> Array:
        """Return the standardised column and, where wanted, the indicator, float64, shape (n, width)."""
        values = columns[self.column]
        missing = np.isnan(values)
        standard = standardise(np.where(missing, self.median, values), self.mean, self.scale)
        if not self.indicator:
            return standard[:, np.newaxis]
        return np.column_stack([standard, missing.astype(np.float64)])

    def state(self) -> dict[str, Any]:
        return {
            "column": self.column,
            "median": self.median,
            "mean": self.mean,
            "scale": self.scale,
            "indicator": self.indicator,
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        return cls(state["column"], state["median"], state["mean"], state["scale"], state["indicator"])


def fit_scaled(column: str, values: Array) -> Scaled:
    """Learn median, mean and scale from float64 values, shape (n,); infinities are left out of the statistics."""
    known = values[np.isfinite(values)]
    mean, scale = fit_standard(known)
    return Scaled(column, middle(known) if len(known) else 0.0, mean, scale, indicator=bool(np.isnan(values).any()))
