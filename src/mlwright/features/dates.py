"""Parts of dates, by arithmetic on whole doubles that ONNX repeats bit for bit.

Source: Hinnant, "chrono-Compatible Low-Level Date Algorithms" (civil_from_days), 2021.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from mlwright.data.columns import Array, Columns
from mlwright.features.standard import fit_standard, middle, snapped, standardise

FIRST_SECOND = -62135596800.0  # 0001-01-01
LAST_SECOND = 253402300799.0  # 9999-12-31
DAY_SECONDS = 86400.0
PLAIN_PARTS = ("year", "month", "day", "weekday", "hour", "day_of_year", "elapsed_days")
PERIODS = {"month": (1, 12), "weekday": (0, 7), "hour": (0, 24)}  # first value, values in a turn
CYCLIC_PARTS = tuple(f"{part}_{wave}" for part in PERIODS for wave in ("sin", "cos"))


def wave_table(part: str) -> Array:
    """Return the values of a cyclic part, such as "month_sin", by (value - first), float64, shape (period,).

    A table, because sine is not the same to the last bit in every library.
    """
    base, wave = part.rsplit("_", 1)
    period = PERIODS[base][1]
    angle = 2.0 * np.pi * np.arange(period) / period
    return np.round(np.sin(angle) if wave == "sin" else np.cos(angle), 12)


@dataclass(frozen=True, slots=True)
class DateParts:
    """A datetime as year, month, day, weekday (Monday is 0), hour, day of year, days elapsed, and places on circles.

    Attributes:
        parts: Of PLAIN_PARTS and CYCLIC_PARTS.
        origin: Where elapsed days start, in seconds since 1970 UTC.
        fill: Stands for a missing datetime, in seconds since 1970 UTC; None leaves NaN in all parts.
        centers, scales: One for each part, by which it is standardised; () leaves the parts as they are.
        indicator: A last column says whether the cell was missing.

    Example:
        >>> day = DateParts("day", ("year", "month", "day"), origin=0.0)
        >>> day.transform({"day": np.array([-86400.0])}).tolist()
        [[1969.0, 12.0, 31.0]]
    """

    kind: ClassVar[str] = "date_parts"
    column: str
    parts: tuple[str, ...]
    origin: float
    fill: float | None = None
    centers: tuple[float, ...] = ()
    scales: tuple[float, ...] = ()
    indicator: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        parts = tuple(f"{self.column} {part.replace('_', ' ')}" for part in self.parts)
        return (*parts, f"{self.column} is missing") if self.indicator else parts

    @property
    def width(self) -> int:
        return len(self.parts) + self.indicator

    def transform(self, columns: Columns) -> Array:
        """Return the parts, float64, shape (n, width)."""
        values = columns[self.column]
        missing = np.isnan(values)
        parts = date_parts(values if self.fill is None else np.where(missing, self.fill, values), self)
        if self.centers:
            parts = standardise(parts, np.array(self.centers), np.array(self.scales))
        return np.column_stack([parts, missing.astype(np.float64)]) if self.indicator else parts

    def state(self) -> dict[str, Any]:
        return {
            "column": self.column,
            "parts": list(self.parts),
            "origin": self.origin,
            "fill": self.fill,
            "centers": list(self.centers),
            "scales": list(self.scales),
            "indicator": self.indicator,
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        return cls(
            state["column"],
            tuple(state["parts"]),
            state["origin"],
            state["fill"],
            tuple(state["centers"]),
            tuple(state["scales"]),
            state["indicator"],
        )


def date_parts(values: Array, encoder: DateParts) -> Array:
    """Return the raw parts of datetimes in seconds since 1970 UTC, shape (n,), as float64, shape (n, parts)."""
    seconds = np.minimum(np.maximum(values, FIRST_SECOND), LAST_SECOND)
    # Whole seconds first: dividing a fraction just before midnight could round up to the next day.
    whole = np.floor(seconds)
    days = np.floor(whole / DAY_SECONDS)
    found = {
        "weekday": _remainder(days + 3.0, 7.0),  # 1970-01-01 was a Thursday
        "hour": np.floor((whole - days * DAY_SECONDS) / 3600.0),
        "elapsed_days": (seconds - encoder.origin) / DAY_SECONDS,
        **_civil(days),
    }
    return np.column_stack([found[part] if part in found else _wave(part, found) for part in encoder.parts])


def _remainder(values: Array, divisor: float) -> Array:
    return values - np.floor(values / divisor) * divisor


def _civil(days: Array) -> dict[str, Array]:
    """Return year, month, day and day of year of days since 1970-01-01; years are counted from March inside."""
    shifted = days + 719468.0
    era = np.floor(shifted / 146097.0)
    day_of_era = shifted - era * 146097.0
    leaps = np.floor(day_of_era / 36524.0) - np.floor(day_of_era / 1460.0) - np.floor(day_of_era / 146096.0)
    year_of_era = np.floor((day_of_era + leaps) / 365.0)
    from_march = day_of_era - _year_days(year_of_era)
    month_index = np.floor((from_march * 5.0 + 2.0) / 153.0)  # March is 0
    day = from_march - np.floor((month_index * 153.0 + 2.0) / 5.0) + 1.0
    turn = np.floor(month_index / 10.0)  # 1 in January and February, which belong to the next year
    year = year_of_era + era * 400.0 + turn
    leap = _leap(year)
    # January and February come after 306 days from March; else 59 or 60 days come before March.
    day_of_year = from_march + 1.0 + (1.0 - turn) * (leap + 59.0) - turn * 306.0
    return {"year": year, "month": month_index + 3.0 - turn * 12.0, "day": day, "day_of_year": day_of_year}


def _year_days(years: Array) -> Array:
    return years * 365.0 + np.floor(years / 4.0) - np.floor(years / 100.0)


def _leap(years: Array) -> Array:
    """Return 1 for leap years, else 0: the step of floor(x / 4) and its like from the year before to this one."""
    before = years - 1.0
    steps = [np.floor(years / divisor) - np.floor(before / divisor) for divisor in (4.0, 100.0, 400.0)]
    return steps[0] - steps[1] + steps[2]


def _wave(part: str, found: Mapping[str, Array]) -> Array:
    base = part.rsplit("_", 1)[0]
    values = found[base] - PERIODS[base][0]
    missing = np.isnan(values)
    waves = wave_table(part)[np.where(missing, 0.0, values).astype(np.int64)]
    return np.where(missing, np.nan, waves)


def fit_date_parts(column: str, values: Array, *, linear: bool) -> DateParts:
    """Learn which parts vary, where time starts and, for linear models, filler and scales; at least one part stays."""
    known = values[np.isfinite(values)]
    if not len(known):
        known = np.zeros(1)
    origin = snapped(float(np.clip(known.min(), FIRST_SECOND, LAST_SECOND)), 0.0)
    wanted = ("elapsed_days", "day", *CYCLIC_PARTS) if linear else PLAIN_PARTS
    found = date_parts(known, DateParts(column, wanted, origin))
    kept = np.flatnonzero(np.ptp(found, axis=0) > 0)
    if not len(kept):  # one moment, or missing: elapsed days tell which
        kept = np.array([wanted.index("elapsed_days")])
    parts = tuple(wanted[index] for index in kept)
    if not linear:
        return DateParts(column, parts, origin)
    centers, scales = zip(*(fit_standard(found[:, index]) for index in kept), strict=True)
    return DateParts(column, parts, origin, middle(known), centers, scales, bool(np.isnan(values).any()))
