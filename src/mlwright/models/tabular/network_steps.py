"""How a network's parameters move: AdamW, a rate that rises and falls, and a running mean of where they were."""

import math
from dataclasses import dataclass

import numpy as np

from mlwright.data.columns import Array

_CHUNK = 1 << 15  # floats; so many of each vector stay in the cache while they are worked on
_FIRST, _SECOND, _TINY = 0.9, 0.99, 1e-8  # AdamW's decays and its guard against division by zero
_WARM = 0.05  # share of the steps in which the rate rises


@dataclass(frozen=True, slots=True)
class StepPlan:
    """Settings of the steps.

    Attributes:
        peak_rate: The largest step size.
        decay: Of the parameters a step, times the step size.
        memory: Share of the running mean that is kept at each step.
    """

    peak_rate: float
    decay: float
    memory: float


def rate_at(share: float) -> float:
    """Return the share of the peak rate after a share of the steps: a short rise, then half a cosine to nothing.

    Example:
        >>> [round(rate_at(share), 3) for share in (0.0, 0.5, 1.0)]
        [0.0, 0.5, 0.0]
    """
    return min(share / _WARM, 1.0) * 0.5 * (1.0 + math.cos(math.pi * min(share, 1.0)))


class Steps:
    """AdamW on one vector, and the running mean of the vector, which predicts better than its last value.

    Source: Loshchilov and Hutter, "Decoupled Weight Decay Regularization", ICLR 2019.

    Attributes:
        vector: The parameters, float32, shape (parameters,); changed in place.
        mean: Their running mean.
    """

    def __init__(self, vector: Array, plan: StepPlan) -> None:
        self.vector = vector
        self.mean = vector.copy()
        self._plan = plan
        self._direction = np.zeros_like(vector)
        self._square = np.zeros_like(vector)
        self._count = 0

    def take(self, gradient: Array, share: float) -> None:
        """Move against a gradient after `share` of all steps."""
        self._count += 1
        rate = self._plan.peak_rate * rate_at(share)
        size = rate / (1.0 - _FIRST**self._count)
        widen = 1.0 / math.sqrt(1.0 - _SECOND**self._count)
        # The mean forgets the first steps soon: at step t it has seen about t / 9 of them.
        fresh = 1.0 - min(self._plan.memory, (1 + self._count) / (10 + self._count))
        scratch = np.empty(min(_CHUNK, len(self.vector)), dtype=np.float32)
        for start in range(0, len(self.vector), _CHUNK):
            part = slice(start, start + _CHUNK)
            self._move(part, gradient[part], (size, widen, 1.0 - rate * self._plan.decay), scratch)
            self._remember(part, fresh, scratch)

    def _move(self, part: slice, gradient: Array, factors: tuple[float, float, float], scratch: Array) -> None:
        size, widen, keep = factors
        vector, direction, square = self.vector[part], self._direction[part], self._square[part]
        work = scratch[: len(vector)]
        np.subtract(gradient, direction, out=work)
        work *= 1.0 - _FIRST
        direction += work
        np.multiply(gradient, gradient, out=work)
        work -= square
        work *= 1.0 - _SECOND
        square += work
        np.sqrt(square, out=work)
        work *= widen
        work += _TINY
        np.divide(direction, work, out=work)
        work *= size
        vector *= keep
        vector -= work

    def _remember(self, part: slice, fresh: float, scratch: Array) -> None:
        mean = self.mean[part]
        work = scratch[: len(mean)]
        np.subtract(self.vector[part], mean, out=work)
        work *= fresh
        mean += work
