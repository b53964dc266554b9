"""What each trial added to a running mix: the measured gain by which the search spends its time."""

from dataclasses import dataclass, field

import numpy as np

from mlwright.data.columns import Array
from mlwright.tuning.objective import Objective, covered
from mlwright.tuning.trial import Trial

_STEPS = (0.1, 0.2, 0.35, 0.5)  # weights at which a new trial is tried in the mix
_MAX_ROWS = 10_000  # gains steer, they don't decide: this many rows are enough and cheap


@dataclass(slots=True)
class Gains:
    """A running mix of the finished trials, added in the order of their numbers.

    Attributes:
        objective: Its loss is what gains are measured in.
    """

    objective: Objective
    best_loss: float = np.inf
    plain_loss: float = np.inf  # of the dummy; of the first trial when there is none
    _gains: dict[int, float] = field(default_factory=dict)
    _mix: Array | None = None
    _mix_loss: float = np.inf
    _rows: Array | None = None

    @property
    def span(self) -> float:
        """Loss of the dummy minus the best loss: the scale of a gain; a small positive number when they are equal."""
        span = self.plain_loss - self.best_loss
        least = 0.01 * abs(self.best_loss) if np.isfinite(self.best_loss) else 0.0
        return max(span if np.isfinite(span) else 0.0, least, 1e-9)

    def of(self, number: int) -> float:
        """Return by how much trial `number` lowered the mix's loss; 0 for one that was pruned or failed."""
        return self._gains.get(number, 0.0)

    def add(self, trial: Trial) -> None:
        """Take a finished trial into account."""
        if trial.status != "complete" or not np.isfinite(trial.loss):
            return
        self.best_loss = min(self.best_loss, trial.loss)
        if trial.spec.family == "dummy" or not np.isfinite(self.plain_loss):
            self.plain_loss = trial.loss
        self._gains[trial.spec.number] = self._blend(trial.oof)

    def promised(self, so_far: Array) -> float:
        """Return by how much the mix's loss would fall on the rows of the folds that a trial has finished.

        Args:
            so_far: Its out-of-fold predictions, NaN where there are none yet.
        """
        if self._mix is None:
            return np.inf
        rows = _some(np.flatnonzero(covered(so_far) & covered(self._mix)))
        before = self.objective.loss(self._mix, rows)
        losses = [self.objective.loss(candidate, rows) for candidate in _blends(self._mix, so_far)]
        return max(before - min(losses), 0.0)

    def _blend(self, oof: Array) -> float:
        if self._mix is None or self._rows is None:
            self._rows = _some(np.flatnonzero(covered(oof)))
            self._mix = oof.copy()
            self._mix_loss = self.objective.loss(oof, self._rows)
            return 0.0
        before = self._mix_loss
        candidates = _blends(self._mix, oof)
        losses = [self.objective.loss(candidate, self._rows) for candidate in candidates]
        at = int(np.argmin(losses))
        if losses[at] < before:
            self._mix, self._mix_loss = candidates[at], losses[at]
        return max(before - losses[at], 0.0)


def _blends(mix: Array, oof: Array) -> list[Array]:
    return [oof, *((1 - step) * mix + step * oof for step in _STEPS)]


def _some(rows: Array) -> Array:
    step = max(1, -(-len(rows) // _MAX_ROWS))
    return rows[::step]
