"""What a benchmark says: rows of a figure, its unit, a reference of the same unit, and what was asked for."""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reference:
    """What a figure is held against: a name, and its own figure in the same unit."""

    name: str
    figure: float


@dataclass(frozen=True, slots=True)
class Target:
    """What the figure should stay under."""

    limit: float

    def is_met(self, figure: float) -> bool:
        """Whether a figure is within the limit."""
        return figure <= self.limit


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a benchmark's table.

    Attributes:
        reference: Measured in the same run; None where there is nothing to compare with.
        target: What the product promises; None where it promises nothing.
    """

    name: str
    figure: float
    unit: str
    reference: Reference | None = None
    target: Target | None = None

    @property
    def ratio(self) -> float | None:
        """The figure divided by that of its reference; None without one, or when that is 0."""
        if self.reference is None or self.reference.figure == 0:
            return None
        return self.figure / self.reference.figure


@dataclass(frozen=True, slots=True)
class Part:
    """What one benchmark found: its rows, and how they were measured, a sentence each."""

    rows: tuple[Row, ...]
    notes: tuple[str, ...]


def median(values: Sequence[float]) -> float:
    """Return the median.

    Raises:
        ValueError: There is no value.

    Example:
        >>> median([3.0, 1.0, 2.0])
        2.0
    """
    return float(statistics.median(values))


def per_second(count: float, seconds: float) -> float:
    """Return a rate; infinite for no time at all."""
    return count / seconds if seconds > 0 else math.inf


def figure_text(value: float) -> str:
    """Return a figure for people: three significant digits, thousands separated.

    Example:
        >>> [figure_text(value) for value in (0.012345, 1.5, 42, 123456.7, 0)]
        ['0.0123', '1.5', '42', '123,457', '0']
    """
    if not math.isfinite(value):
        return str(value)
    if value and abs(value) < 1e-4:
        return f"{value:.2g}"
    digits = 3 - 1 - math.floor(math.log10(abs(value))) if value else 0
    text = f"{value:,.{max(digits, 0)}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
