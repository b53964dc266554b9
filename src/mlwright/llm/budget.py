"""A budget of its own for a conversation or an agent; a share of a larger one when that is given."""

import itertools
import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from mlwright.base.errors import BudgetError
from mlwright.base.meter import Meter, Reservation


@dataclass(frozen=True, slots=True)
class _Spent:
    usd: float = 0.0
    tokens: int = 0
    steps: int = 0


class Budget:
    """Limits in dollars, tokens, steps (calls) and seconds; None is no limit. It is a `Meter`.

    What is reserved here is reserved in `parent` as well, so that shares never add up to more than the whole.

    Example:
        >>> budget = Budget(usd=1.0, steps=2)
        >>> held = budget.reserve("a call", usd=0.25, steps=1)
        >>> budget.settle(held, usd=0.125)
        >>> budget.remaining_usd(), budget.spent.steps
        (0.875, 1)
    """

    def __init__(
        self,
        usd: float | None = None,
        tokens: int | None = None,
        steps: int | None = None,
        seconds: float | None = None,
        *,
        parent: Meter | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.usd = usd
        self.tokens = tokens
        self.steps = steps
        self.seconds = seconds
        self.parent = parent
        self._clock = clock
        self._started = clock()
        self._spent = _Spent()
        self._held: dict[int, tuple[Reservation, Reservation | None]] = {}
        self._numbers = itertools.count()
        self._lock = threading.Lock()

    @property
    def spent(self) -> _Spent:
        """What was settled: `usd`, `tokens`, `steps`."""
        return self._spent

    def remaining_seconds(self, *, final: bool = False) -> float | None:
        """Return the seconds left, or None when time is not limited."""
        above = self.parent.remaining_seconds(final=final) if self.parent else None
        own = None if self.seconds is None else max(0.0, self.seconds - (self._clock() - self._started))
        known = [left for left in (own, above) if left is not None]
        return min(known) if known else None

    def remaining_usd(self) -> float:
        """Return the dollars neither spent nor reserved; infinity when money is not limited."""
        with self._lock:
            own = self._free("usd")
        return min(own, self.parent.remaining_usd()) if self.parent else own

    def remaining_tokens(self) -> int | None:
        """Return the tokens neither spent nor reserved, or None when they are not limited."""
        above = self.parent.remaining_tokens() if self.parent else None
        with self._lock:
            own = None if self.tokens is None else int(self._free("tokens"))
        known = [left for left in (own, above) if left is not None]
        return min(known) if known else None

    def reserve(
        self, what: str, *, usd: float = 0.0, seconds: float = 0.0, tokens: int = 0, steps: int = 0
    ) -> Reservation:
        """Set an amount aside.

        Raises:
            BudgetError: There is not enough left, here or in the parent; nothing is reserved.
        """
        if min(usd, seconds, tokens, steps) < 0:
            raise BudgetError(f"{what} cannot reserve a negative amount.", hint="Reserve 0 or more.")
        left = self.remaining_seconds(final=True)
        if left is not None and (seconds > left or left <= 0):
            raise BudgetError(f"{what} has {left:.1f} s left.", hint="Allow more seconds, or ask for less.")
        with self._lock:
            for unit, wanted in (("usd", usd), ("tokens", tokens), ("steps", steps)):
                self._check(what, unit, wanted)
            wide = (
                self.parent.reserve(what, usd=usd, seconds=seconds, tokens=tokens, steps=steps) if self.parent else None
            )
            held = Reservation(next(self._numbers), what, usd, seconds, tokens, steps)
            self._held[held.number] = (held, wide)
            return held

    def settle(self, reservation: Reservation, *, usd: float = 0.0, tokens: int = 0) -> None:
        """Replace a reservation by what was really spent; its steps count as spent.

        Raises:
            BudgetError: It was settled before, or more was spent than reserved; the amount is booked all the same.
        """
        with self._lock:
            held = self._held.pop(reservation.number, None)
            if held is None:
                raise BudgetError(f"{reservation.what} was settled before.", hint="Settle each reservation once.")
            now = self._spent
            self._spent = _Spent(now.usd + usd, now.tokens + tokens, now.steps + reservation.steps)
        if self.parent and held[1]:
            self.parent.settle(held[1], usd=usd, tokens=tokens)
        if usd > reservation.usd + 1e-12:
            raise BudgetError(
                f"{reservation.what} cost ${usd:.4f}, more than the ${reservation.usd:.4f} reserved.",
                hint="Reserve the most that a call can cost.",
            )

    def _check(self, what: str, unit: str, wanted: float) -> None:
        free = self._free(unit)
        if wanted > free:
            amounts = (f"${wanted:.4f}", f"${free:.4f}") if unit == "usd" else (f"{wanted:,} {unit}", f"{free:,}")
            raise BudgetError(
                f"{what} may take {amounts[0]} and {amounts[1]} are left.",
                hint=f"Allow more {unit}, or ask for less (a smaller max_tokens reserves less).",
            )

    def _free(self, unit: str) -> float:
        limit: float | None = getattr(self, unit)
        if limit is None:
            return math.inf
        held = sum(getattr(one, unit) for one, _ in self._held.values())
        return max(0, limit - getattr(self._spent, unit) - held)
