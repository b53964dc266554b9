"""What a value of a series looks like beside what came before it: numbers for detectors, never from the future.

| feature     | the absolute deviation, in deviations of the W values before, of                              |
|-------------|-----------------------------------------------------------------------------------------------|
| far_W       | the value from the mean of the W values before                                                |
| change_W    | the change since the value before, from the usual change                                      |
| season_W    | the value's difference from the mean of the same place in up to three earlier seasons         |

Deviations widen with what has just happened, so that after a jump the new level soon is usual.
"""

from dataclasses import dataclass

import numpy as np

from mlwright.base.errors import DataError
from mlwright.data.columns import Array

_SEASONS = 3
_FIRST_ROWS = 20  # too few before them to say what is usual
_MOST = 100.0  # further out says no more
_DAY_SECONDS = 86_400.0


@dataclass(frozen=True, slots=True)
class WindowPlan:
    """Which features are made.

    Attributes:
        windows: Lengths in rows, rising; the first is the one for changes, the second, if any, for seasons.
        season: Length in rows, 0 for none.
    """

    windows: tuple[int, ...] = (200, 800)
    season: int = 0

    @property
    def names(self) -> tuple[str, ...]:
        """What each feature is called."""
        found = [*(f"far_{width}" for width in self.windows), f"change_{self.windows[0]}"]
        return (*found, f"season_{self.season_window}") if self.season else tuple(found)

    @property
    def season_window(self) -> int:
        return 2 * self.windows[0]

    @property
    def history(self) -> int:
        """How many values before a value its features look at most."""
        return max(*self.windows, self.season_window + _SEASONS * self.season) + 1


def window_plan(seconds: Array) -> WindowPlan:
    """Return the plan for stamps in seconds, shape (n,): a season of one day where three fit and a day has 8 rows."""
    steps = np.diff(seconds)
    step = float(np.median(steps[steps > 0])) if bool(np.any(steps > 0)) else 0.0
    season = round(_DAY_SECONDS / step) if step > 0 else 0
    return WindowPlan(season=season if season >= 8 and _SEASONS * season < len(seconds) else 0)


def window_features(values: Array, plan: WindowPlan) -> dict[str, Array]:
    """Return features by name, float64, shape (n,) each, at least 0; missing values are carried forward.

    Args:
        values: One series in the order of time, shape (n,).
        plan: Which features.

    Raises:
        DataError: No value is known.

    Example:
        >>> jump = np.concatenate([np.tile([1.0, 2.0], 50), [9.0]])
        >>> round(float(window_features(jump, WindowPlan(windows=(50,)))["far_50"][-1]), 1)
        15.0
    """
    x = _carried(np.asarray(values, dtype=np.float64))
    change = np.abs(np.diff(x, prepend=x[:1]))
    found = {f"far_{width}": _deviations(x, width) for width in plan.windows}
    found[f"change_{plan.windows[0]}"] = _deviations(change, plan.windows[0])
    if plan.season:
        found[f"season_{plan.season_window}"] = _deviations(x - _same_place(x, plan.season), plan.season_window)
    return found


def _carried(x: Array) -> Array:
    known = np.isfinite(x)
    if not known.any():
        raise DataError("No value of the series is known.", hint="give a column with numbers.")
    place = np.maximum.accumulate(np.where(known, np.arange(len(x)), 0))
    return np.where(np.isfinite(x[place]), x[place], x[known][0])  # what stands before the first known value


def _deviations(x: Array, width: int) -> Array:
    """Return |x - mean| / deviation with both of the `width` values before each row."""
    # Sums of squares of large numbers lose digits: the middle is taken out first.
    shifted = x - np.median(x[: max(width, _FIRST_ROWS)])
    sums = np.cumsum(np.insert(shifted, 0, 0.0))
    squares = np.cumsum(np.insert(shifted**2, 0, 0.0))
    end = np.arange(len(x))
    start = np.maximum(end - width, 0)
    count = np.maximum(end - start, 1)
    mean = (sums[end] - sums[start]) / count
    deviation = np.sqrt(np.maximum((squares[end] - squares[start]) / count - mean**2, 0.0))
    # A flat stretch has no deviation of its own; a thousandth of the whole history's is the least.
    so_far = np.maximum(end, 1)
    whole = np.sqrt(np.maximum(squares[end] / so_far - (sums[end] / so_far) ** 2, 0.0))
    least = np.maximum(1e-3 * whole, 1e-9 * np.maximum(1.0, np.abs(x)))
    found = np.minimum(np.abs(shifted - mean) / np.maximum(deviation, least), _MOST)
    found[:_FIRST_ROWS] = 0.0
    return found


def _same_place(x: Array, season: int) -> Array:
    """Return the mean of the values one, two and three seasons before; the value itself in the first season."""
    total, count = np.zeros(len(x)), np.zeros(len(x))
    for back in range(1, _SEASONS + 1):
        total[back * season :] += x[: max(len(x) - back * season, 0)]
        count[back * season :] += 1
    return np.where(count > 0, total / np.maximum(count, 1), x)
