"""Which seasons series have: candidates from the calendar, or found, kept where the autocorrelation shows them."""

from collections.abc import Sequence

import numpy as np

from mlwright.data.columns import Array
from mlwright.data.grid import DAY, Grid
from mlwright.data.series import Panel

MOST_SEASONS = 3
_LONGEST = 1100
_SERIES = 200  # that many are looked at
_STRONG = 0.3


def calendar_seasons(grid: Grid) -> tuple[int, ...]:
    """Return the lengths, in steps, that a grid's calendar suggests, shortest first.

    Example:
        >>> calendar_seasons(Grid(unit="second", every=3600)), calendar_seasons(Grid(unit="month"))
        ((24, 168, 8766), (12,))
    """
    if grid.unit == "step":
        return ()
    if grid.unit == "weekday":
        return (5, 261)
    if grid.unit == "month":
        return (12 // grid.every,) if grid.every in (1, 2, 3, 4, 6) else ()
    lengths = [3600, DAY, 7 * DAY, round(365.25 * DAY)]
    return tuple(round(length / grid.every) for length in lengths if length >= 2 * grid.every)


def find_seasons(panel: Panel) -> tuple[int, ...]:
    """Return the seasons that the series show, shortest first; empty when they show none."""
    longest = max(len(one.values) for one in panel.series)
    chosen = [one for one in panel.series if len(one.values) >= longest / 2][:_SERIES]
    limit = min(longest // 2, _LONGEST)
    if limit < 2:
        return ()
    level, change = mean_autocorrelation([one.values for one in chosen], limit)
    sure = 3 / np.sqrt(longest)
    asked = [m for m in calendar_seasons(panel.grid) if 2 <= m <= limit]
    kept = [m for m in asked if _shown(level, change, m, sure)]
    if not kept and panel.grid.unit == "step":
        kept = _peaks(change, sure)
    return tuple(kept[:MOST_SEASONS])


def mean_autocorrelation(series: Sequence[Array], limit: int) -> tuple[Array, Array]:
    """Return the autocorrelation at lags 0..limit of the detrended series and of their changes, means over series."""
    level, change = np.zeros(limit + 1), np.zeros(limit + 1)
    for values in series:
        filled = np.interp(np.arange(len(values)), np.flatnonzero(~np.isnan(values)), values[~np.isnan(values)])
        at = np.arange(len(filled)) - (len(filled) - 1) / 2
        slope = float(at @ filled) / max(float(at @ at), 1.0)
        level += _autocorrelation(filled - filled.mean() - slope * at, limit)
        change += _autocorrelation(np.diff(filled) - np.diff(filled).mean(), limit)
    return level / len(series), change / len(series)


def _autocorrelation(values: Array, limit: int) -> Array:
    size = 1 << (2 * len(values) - 1).bit_length()
    power = np.abs(np.fft.rfft(values, size)) ** 2
    found = np.fft.irfft(power)[: limit + 1]
    if not found[0] > 1e-12 * max(1.0, float(np.abs(values).max(initial=0.0)) ** 2):
        return np.zeros(limit + 1)
    return np.asarray(np.pad(found / found[0], (0, max(0, limit + 1 - len(found)))))


def _shown(level: Array, change: Array, m: int, sure: float) -> bool:
    """Whether a season shows: in the changes, where it is sharp, or in the level, where it is smooth and long."""
    if change[m] > max(0.1, sure) and change[m] >= change[max(2, m - 1) : m + 2].max() - 1e-12:
        return True
    return bool(m > 20 and level[m] > max(_STRONG, sure) and level[m] - level[m // 2] > 2 * _STRONG)


def _peaks(change: Array, sure: float) -> list[int]:
    """Return the lag at which changes repeat, and seven times that lag where it stands out."""
    inner = np.arange(2, len(change) - 1)
    peaks = inner[(change[2:-1] >= change[1:-2]) & (change[2:-1] >= change[3:]) & (change[2:-1] > max(0.2, sure))]
    if not len(peaks):
        return []
    best = float(change[peaks].max())
    # Multiples of a season repeat as well: the first peak that is nearly as high as any is the season.
    first = int(next(lag for lag in peaks if change[lag] > 0.8 * best))
    week = 7 * first
    # Every multiple repeats a bit less than the one before; the seventh of a weekly rhythm stands out.
    if 8 * first < len(change) and change[week] > max(change[6 * first], change[8 * first]) + 0.01:
        return [first, week]
    return [first]
