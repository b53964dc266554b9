"""Rounds of boosting: one loop that stops for patience, the end, or the deadline."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from mlwright.base.errors import Infeasible
from mlwright.models.protocol import FitControl


@dataclass(frozen=True, slots=True)
class Round:
    """The outcome of one round.

    Attributes:
        loss: On the validation rows, smaller is better; None without them.
        finished: No further round can change the model.
    """

    loss: float | None
    finished: bool = False


def boost(step: Callable[[int], Round], rounds: int, patience: int, control: FitControl) -> int:
    """Run `step` for round 0, 1, ... and return how many rounds to keep, 1 or more.

    With validation rows these are the rounds up to the best; it ends when `patience` rounds brought nothing better.

    Raises:
        Infeasible: The deadline had passed before the first round.
    """
    check_time(control)
    best, kept = float("inf"), 0
    longest = 0.0
    for index in range(rounds):
        began = time.monotonic()
        # The next round takes about as long as the last: one that would end too late is not begun.
        if index and control.deadline is not None and began + longest > control.deadline:
            break
        outcome = step(index)
        longest = max(longest * 0.9, time.monotonic() - began)
        if outcome.loss is None or outcome.loss < best:
            best, kept = (best if outcome.loss is None else outcome.loss), index + 1
        if outcome.finished or index + 1 - kept >= patience:
            break
    return max(kept, 1)


def check_time(control: FitControl) -> None:
    """Check that there is time left to begin.

    Raises:
        Infeasible: The deadline has passed.
    """
    if control.deadline is not None and time.monotonic() >= control.deadline:
        raise Infeasible(
            "The deadline passed before the first round of the fit; some time was expected to be left.",
            hint="give more time, fewer rows, or a simpler family such as 'linear'.",
        )
