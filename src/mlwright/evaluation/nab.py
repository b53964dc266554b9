"""The Numenta anomaly benchmark's score: early alarms inside a window earn most, false ones cost a little each.

Source: Lavin and Ahmad 2015; the scoring of numenta/NAB ("standard" profile).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mlwright.base.errors import DataError
from mlwright.data.columns import Array

_PROBATION_SHARE = 0.15
_PROBATION_ROWS = 5_000


@dataclass(frozen=True, slots=True)
class NabProfile:
    """What an alarm is worth: the standard profile."""

    true_positive: float = 1.0
    false_positive: float = 0.11
    false_negative: float = 1.0


@dataclass(frozen=True, slots=True)
class NabSeries:
    """One series.

    Attributes:
        scores: Higher is stranger, shape (n,).
        windows: First and last row of each true anomaly's window, in order, both inside.
    """

    scores: Array
    windows: tuple[tuple[int, int], ...]


def probation_rows(rows: int) -> int:
    """Return how many rows at the start are for learning only: 15 %, at most 750.

    Example:
        >>> probation_rows(4000), probation_rows(22695)
        (600, 750)
    """
    return int(min(np.floor(_PROBATION_SHARE * rows), _PROBATION_SHARE * _PROBATION_ROWS))


def nab_score(series: NabSeries, threshold: float, profile: NabProfile = NabProfile()) -> float:
    """Return the raw score of one series at a threshold; alarms in the probation are not counted.

    Example:
        >>> flat = np.zeros(100)
        >>> nab_score(NabSeries(flat, ((40, 60),)), threshold=1.0)
        -1.0
        >>> flat[40] = 2.0
        >>> round(nab_score(NabSeries(flat, ((40, 60),)), threshold=1.0), 3)
        1.0
    """
    alarms = np.flatnonzero(series.scores >= threshold)
    worth, window = row_worths(len(series.scores), series.windows, profile)
    alarms = alarms[alarms >= probation_rows(len(series.scores))]
    total = float(worth[alarms][window[alarms] < 0].sum())
    for at in range(len(series.windows)):
        inside = worth[alarms][window[alarms] == at]
        total += float(inside.max()) if len(inside) else -profile.false_negative
    return total


def row_worths(rows: int, windows: Sequence[tuple[int, int]], profile: NabProfile) -> tuple[Array, Array]:
    """Return what an alarm at each row is worth, and the number of the window it lies in (-1 outside), shapes (n,).

    Raises:
        DataError: A window lies outside the series or before the one before it.
    """
    worth = np.full(rows, -profile.false_positive)
    inside = np.full(rows, -1)
    last = -1
    for at, (first, end) in enumerate(windows):
        if not last < first <= end < rows:
            raise DataError(
                f"The window {first} to {end} does not fit {rows} rows after row {last}.", hint="give them in order."
            )
        width = end - first + 1
        within = np.arange(first, end + 1)
        worth[within] = _sigmoid(-(end - within + 1) / width) * profile.true_positive / _sigmoid(np.array(-1.0))
        inside[within] = at
        after = np.arange(end + 1, rows)
        worth[after] = _sigmoid((after - end) / max(width - 1, 1)) * profile.false_positive
        last = end
    return worth, inside


def normalised(total: float, windows: int, profile: NabProfile = NabProfile()) -> float:
    """Return a sum of raw scores on the scale where finding nothing is 0 and a perfect detector is 100.

    Raises:
        DataError: There is no window at all.
    """
    if windows < 1:
        raise DataError("There is no window to be found.", hint="add series that have an anomaly.")
    null, perfect = -profile.false_negative * windows, profile.true_positive * windows
    return 100.0 * (total - null) / (perfect - null)


def best_threshold(series: Sequence[NabSeries], profile: NabProfile = NabProfile()) -> tuple[float, float]:
    """Return the one threshold for all series that scores best in sum, and that sum, as the benchmark does it."""
    found = np.concatenate([one.scores[probation_rows(len(one.scores)) :] for one in series])
    tried = np.unique(np.quantile(found, np.concatenate([1 - np.geomspace(1e-5, 0.2, 200), [1.0]])))
    tried = np.append(tried, tried[-1] + 1.0)
    totals = [sum(nab_score(one, float(threshold), profile) for one in series) for threshold in tried]
    best = int(np.argmax(totals))
    return float(tried[best]), float(totals[best])


def _sigmoid(place: Array) -> Array:
    """Return 2 / (1 + exp(5 place)) - 1, and -1 from 3 on: far behind a window an alarm is simply false."""
    return np.where(place > 3.0, -1.0, 2.0 / (1.0 + np.exp(5.0 * np.minimum(place, 50.0))) - 1.0)
