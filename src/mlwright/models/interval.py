"""The band around a predicted value: where the true value lies with a stated probability. Numpy only, as it serves."""

from typing import Self

import numpy as np
from pydantic import BaseModel, ConfigDict, model_validator

from mlwright.data.columns import Array


class ValueInterval(BaseModel):
    """A band that is a function of the predicted value alone. Immutable.

    At a value v it reaches from v - below(v) to v + above(v), both piecewise linear through the knots and flat outside.

    Attributes:
        level: The share of true values that the band is to hold, in (0, 1).
        x: Predicted values of the knots, rising; one knot makes the band equally wide everywhere.
        below, above: Distances at the knots, at least 0, in the unit of the target.
        minimum: No true value lies below, so the band does not either; None where none is known.

    Example:
        >>> interval = ValueInterval(level=0.9, x=(0.0, 10.0), below=(1.0, 3.0), above=(1.0, 5.0))
        >>> low, high = interval.band(np.array([5.0]))
        >>> (low.tolist(), high.tolist())
        ([3.0], [8.0])
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    level: float
    x: tuple[float, ...]
    below: tuple[float, ...]
    above: tuple[float, ...]
    minimum: float | None = None

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if not self.x or not len(self.x) == len(self.below) == len(self.above):
            raise ValueError("x, below and above have one number for each knot, one knot at least")
        if not 0 < self.level < 1 or min(*self.below, *self.above, 0.0) < 0:
            raise ValueError("the level lies between 0 and 1, and no distance is below 0")
        return self

    def band(self, values: Array) -> tuple[Array, Array]:
        """Return the lower and the upper end for predicted values, all float64, shape (n,)."""
        at = np.asarray(values, dtype=np.float64)
        knots = np.array(self.x)
        low = at - np.interp(at, knots, np.array(self.below))
        high = at + np.interp(at, knots, np.array(self.above))
        if self.minimum is not None:
            # A predicted value below the minimum keeps its own place inside its band.
            low = np.minimum(np.maximum(low, self.minimum), at)
        return low, high
