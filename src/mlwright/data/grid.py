"""A regular grid of time: what lies between two neighbours, and where a stamp falls on it.

A grid counts in steps, seconds, weekdays or months, so that months of different lengths and weeks without weekends
are regular too. Positions are whole numbers; a history is an array over positions.
"""

import re
from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict

from mlwright.base.errors import BriefError
from mlwright.data.columns import Array

Unit = Literal["step", "second", "weekday", "month"]
DAY = 86_400
_SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": DAY, "week": 7 * DAY}
_MONTHS = {"month": 1, "quarter": 3, "year": 12}
_SHORT = {
    "s": "second", "sec": "second", "min": "minute", "t": "minute", "h": "hour", "d": "day", "w": "week",
    "b": "business day", "bd": "business day", "weekday": "business day", "m": "month", "mo": "month", "ms": "month",
    "me": "month", "q": "quarter", "qs": "quarter", "y": "year", "a": "year", "ys": "year",
    "hourly": "hour", "daily": "day", "weekly": "week", "monthly": "month", "quarterly": "quarter", "yearly": "year",
    "annual": "year", "step": "step",
}  # fmt: skip


class Grid(BaseModel):
    """Immutable.

    Attributes:
        unit: What is counted. "weekday" is Monday to Friday.
        every: Units between two positions.
        offset: Of the position 0: seconds since 1970 (unit second), or a step number.
        day: Day of the month of a stamp (unit month); 0 is its last day.
        seconds: Time of the day of a stamp (units weekday and month).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    unit: Unit
    every: int = 1
    offset: float = 0.0
    day: int = 1
    seconds: float = 0.0

    @property
    def dated(self) -> bool:
        """Whether stamps are moments and not step numbers."""
        return self.unit != "step"

    @property
    def name(self) -> str:
        """What a position is, in words.

        Example:
            >>> Grid(unit="second", every=900).name, Grid(unit="month", every=3).name
            ('15 minutes', 'quarter')
        """
        if self.unit == "second":
            size, word = next((s, w) for w, s in reversed(_SECONDS.items()) if self.every % s == 0)
            count = self.every // size
        elif self.unit == "month":
            size, word = next((s, w) for w, s in reversed(_MONTHS.items()) if self.every % s == 0)
            count = self.every // size
        else:
            count, word = self.every, "business day" if self.unit == "weekday" else "step"
        return word if count == 1 else f"{count} {word}s"

    def positions(self, stamps: Array) -> Array:
        """Return where stamps fall, float64, shape (n,): whole numbers for stamps on the grid.

        Args:
            stamps: Seconds since 1970, or step numbers; no NaN.
        """
        if self.unit in ("step", "second"):
            return (stamps - self.offset) / self.every
        days = np.floor_divide(stamps, DAY)
        within = (stamps - days * DAY - self.seconds) / DAY
        if self.unit == "weekday":
            dates = days.astype("datetime64[D]")
            count = np.busday_count(np.datetime64(0, "D"), dates).astype(np.float64)
            return count + np.where(np.is_busday(dates), within, -0.5)
        months = days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
        # A stamp is on the grid when it lies on its day of the month; the share of a month beside it is the distance.
        return (months + (days - self._days_of(months) + within) / 31.0) / self.every - self.offset

    def stamps(self, positions: Array) -> Array:
        """Return the stamps of whole positions, float64, shape (n,)."""
        whole = np.asarray(positions, dtype=np.int64)
        if self.unit in ("step", "second"):
            return whole * float(self.every) + self.offset
        if self.unit == "weekday":
            dates = np.busday_offset(np.datetime64(0, "D"), whole, roll="forward")
            return dates.astype(np.int64) * float(DAY) + self.seconds
        months = np.rint((whole + self.offset) * self.every).astype(np.int64)
        return self._days_of(months) * float(DAY) + self.seconds

    def _days_of(self, months: Array) -> Array:
        """Return the day (since 1970) on which each month (since 1970) has its stamp."""
        first = months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
        length = (months + 1).astype("datetime64[M]").astype("datetime64[D]").astype(np.int64) - first
        day = length if self.day == 0 else np.minimum(self.day, length)
        return first + day - 1


def parse_frequency(text: str) -> tuple[Unit, int]:
    """Return unit and number of units of a written frequency.

    Raises:
        BriefError: It is none.

    Example:
        >>> parse_frequency("15 min"), parse_frequency("month"), parse_frequency("2 weeks")
        (('second', 900), ('month', 1), ('second', 1209600))
    """
    found = re.fullmatch(r"\s*(\d*)\s*([a-zA-Z][a-zA-Z ]*?)\s*", text)
    word = found[2].lower() if found else ""
    name = _SHORT.get(word, word if word in {*_SECONDS, *_MONTHS, "business day"} else word.removesuffix("s"))
    count = int(found[1] or 1) if found else 0
    if count > 0 and name in _SECONDS:
        return "second", count * _SECONDS[name]
    if count > 0 and name in _MONTHS:
        return "month", count * _MONTHS[name]
    if count > 0 and name in ("business day", "step"):
        return ("weekday" if name == "business day" else "step"), count
    raise BriefError(
        f"'{text}' is not a frequency.",
        hint="write hour, 15 min, day, business day, week, month, quarter, year or step.",
    )


def find_grid(stamps: Array, *, dated: bool) -> Grid:
    """Return the grid that most neighbours fit.

    Args:
        stamps: Sorted different stamps of all series together or of one, float64, shape (n,), at least 2.
        dated: They are seconds since 1970, not step numbers.
    """
    gaps = np.diff(stamps)
    step = _usual(gaps[gaps > 0])
    if not dated:
        every = max(1, round(step))
        return Grid(unit="step", every=every, offset=float(stamps[0] % every))
    calendar = _calendar_grid(stamps, step)
    if calendar is not None:
        return calendar
    every = max(1, round(step))
    return Grid(unit="second", every=every, offset=_usual(np.mod(stamps, every)))


def grid_of(unit: Unit, every: int, stamps: Array) -> Grid:
    """Return the grid of a written frequency, placed where most stamps lie."""
    if unit in ("step", "second"):
        return Grid(unit=unit, every=every, offset=_usual(np.mod(stamps, every)))
    days = np.floor_divide(stamps, DAY)
    time = _usual(stamps - days * DAY)
    if unit == "weekday":
        return Grid(unit=unit, every=1, seconds=time)
    return _month_grid(days.astype("datetime64[D]"), every, time)


def _calendar_grid(stamps: Array, step: float) -> Grid | None:
    """Return a grid of months or weekdays, None where a fixed number of seconds says it better."""
    days = np.floor_divide(stamps, DAY)
    time = _usual(stamps - days * DAY)
    dates = days.astype("datetime64[D]")
    months = step / DAY / 30.44
    every = next((size for size in (1, 2, 3, 4, 6, 12) if abs(months - size) < 0.1 * min(size, 3)), 0)
    if every:
        grid = _month_grid(dates, every, time)
        near = grid.positions(stamps)
        if np.mean(np.abs(near - np.rint(near)) < 0.02) >= 0.9:
            return grid
    weekends = np.mean(~np.is_busday(dates))
    if step == DAY and weekends == 0.0 and len(stamps) >= 10:
        return Grid(unit="weekday", seconds=time)
    return None


def _month_grid(dates: Array, every: int, seconds: float) -> Grid:
    months = dates.astype("datetime64[M]")
    day = (dates - months.astype("datetime64[D]")).astype(np.int64) + 1
    last = ((months + 1).astype("datetime64[D]") - dates).astype(np.int64) == 1
    usual = 0 if np.mean(last) > 0.9 and len(np.unique(day)) > 1 else int(_usual(day.astype(np.float64)))
    phase = _usual(np.mod(months.astype(np.int64), every).astype(np.float64))
    return Grid(unit="month", every=every, offset=phase / every, day=usual, seconds=seconds)


def _usual(values: Array) -> float:
    """Return the most frequent value, the smallest of equals."""
    found, counts = np.unique(values, return_counts=True)
    return float(found[np.argmax(counts)])
