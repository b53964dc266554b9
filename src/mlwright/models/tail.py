"""How rare a score is among those of usual rows: the one unit in which detectors can be averaged.

A surprise of s means that about one usual row in 10^s scores so high. Beyond the highest score seen the tail is taken
as exponential, so that stranger rows stay stranger.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from mlwright.base.errors import DataError
from mlwright.data.columns import Array

MOST = 8.0  # powers of ten: one detector that cries loudest must not drown the others
_KNOTS = 128
_TAIL_SHARE = 0.1


@dataclass(frozen=True, slots=True)
class Tail:
    """A rising piecewise linear curve through the knots (x, y), a straight line beyond the last, 0 below the first.

    Attributes:
        x: Scores, rising.
        y: Surprises, rising.
        slope: Of the line beyond the last knot.
    """

    x: tuple[float, ...]
    y: tuple[float, ...]
    slope: float

    def apply(self, scores: Array) -> Array:
        """Return the surprise of each score, float64, the same shape, within 0 and 8."""
        wide = scores.astype(np.float64)
        inside = np.interp(wide, np.array(self.x), np.array(self.y))
        return np.minimum(inside + self.slope * np.maximum(wide - self.x[-1], 0.0), MOST)

    def state(self) -> dict[str, Any]:
        return {"kind": "tail", "x": list(self.x), "y": list(self.y), "slope": self.slope}

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        return cls(tuple(state["x"]), tuple(state["y"]), float(state["slope"]))


def fit_tail(scores: Array) -> Tail:
    """Return the tail of usual rows' scores, measured on rows that the detector was not fitted to.

    Args:
        scores: float64, shape (n,), n at least 1; higher is stranger.

    Raises:
        DataError: There is no score, or one that is not finite.

    Example:
        >>> tail = fit_tail(np.arange(1000.0))
        >>> [round(float(value), 1) for value in tail.apply(np.array([0.0, 899.5, 989.5]))]
        [0.0, 1.0, 2.0]
    """
    if not len(scores) or not np.isfinite(scores).all():
        raise DataError(
            f"The tail needs finite scores; of {len(scores)}, {int(np.sum(~np.isfinite(scores)))} are not.",
            hint="look for infinite cells in the data.",
        )
    ordered = np.sort(scores.astype(np.float64))
    count = len(ordered)
    # Tail shares evenly spaced in their logarithm: most knots where alarms are decided.
    shares = np.unique(np.concatenate([np.geomspace(1.0, 1.0 / count, _KNOTS), np.linspace(1.0, 0.1, 10)]))[::-1]
    places = np.clip(np.round((1.0 - shares) * count).astype(int), 0, count - 1)
    knots: dict[float, float] = {}
    for place in np.unique(places):
        # Of rows: how many score at least so high; the half keeps the highest from having no tail at all.
        above = count - int(np.searchsorted(ordered, ordered[place], side="left"))
        knots[float(ordered[place])] = max(-np.log10(max(above - 0.5, 0.5) / count), 0.0) if place else 0.0
    x = sorted(knots)
    y = np.maximum.accumulate([knots[one] for one in x])
    return Tail(tuple(x), tuple(float(one) for one in y), _slope(ordered))


def _slope(ordered: Array) -> float:
    """Return the surprise per unit of score of an exponential tail with the mean excess of the highest tenth."""
    start = ordered[int((1 - _TAIL_SHARE) * (len(ordered) - 1))]
    excess = float(np.mean(ordered[ordered >= start] - start))
    width = max(excess, 1e-9 * max(1.0, abs(float(ordered[-1]))))
    return float(1.0 / (width * np.log(10.0)))
