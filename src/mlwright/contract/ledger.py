"""The ledger: seconds and dollars are reserved before they are spent, settled after, and never go over."""

import itertools
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from mlwright.base.errors import BudgetError
from mlwright.base.meter import Reservation

_MOST_KEPT = 0.55


@dataclass(frozen=True, slots=True)
class Limits:
    """What may be spent; None is no limit (for dollars: nothing may be spent).

    Attributes:
        tokens: Tokens that language models may read and write.
        steps: Calls of language models.
        finalisation_share: Share of the time that only finishing steps may use.
        finalisation_seconds: They get at least so long, but never more than 55 % of the time.
    """

    seconds: float | None = None
    memory_bytes: int | None = None
    usd: float | None = None
    finalisation_share: float = 0.2
    finalisation_seconds: float = 0.0
    tokens: int | None = None
    steps: int | None = None

    @property
    def kept_seconds(self) -> float:
        """Seconds that only finishing steps may use."""
        total = self.seconds or 0.0
        return min(max(self.finalisation_share * total, self.finalisation_seconds), _MOST_KEPT * total)


class Ledger:
    """Keeps account of one run. `clock` counts seconds up; what earlier sessions spent is given at the start.

    Example:
        >>> ledger = Ledger(Limits(usd=1.0))
        >>> held = ledger.reserve("a call", usd=0.4)
        >>> ledger.settle(held, usd=0.1)
        >>> ledger.remaining_usd()
        0.9
    """

    def __init__(
        self,
        limits: Limits,
        clock: Callable[[], float] = time.monotonic,
        *,
        spent_seconds: float = 0.0,
        spent_usd: float = 0.0,
    ) -> None:
        self.limits = limits
        self._clock = clock
        self._started = clock() - spent_seconds
        self._usd = spent_usd
        self._counted = {"tokens": 0, "steps": 0}
        self._held: dict[int, Reservation] = {}
        self._numbers = itertools.count()
        self._lock = threading.Lock()

    @property
    def spent_seconds(self) -> float:
        """Wall-clock seconds of this run, earlier sessions included."""
        return self._clock() - self._started

    @property
    def spent_usd(self) -> float:
        """Dollars settled."""
        return self._usd

    def remaining_seconds(self, *, final: bool = False) -> float | None:
        """Return the seconds left, never below 0; without `final`, less what is kept back for finishing."""
        if self.limits.seconds is None:
            return None
        kept = 0.0 if final else self.limits.kept_seconds
        return max(0.0, self.limits.seconds - kept - self.spent_seconds)

    def deadline(self, *, final: bool = False) -> float | None:
        """Return the time on the clock when `remaining_seconds` is 0, or None."""
        if self.limits.seconds is None:
            return None
        kept = 0.0 if final else self.limits.kept_seconds
        return self._started + self.limits.seconds - kept

    def remaining_usd(self) -> float:
        """Return the dollars neither spent nor reserved."""
        with self._lock:
            return self._free_usd()

    def remaining_tokens(self) -> int | None:
        """Return the tokens neither spent nor reserved, or None when they are not limited."""
        with self._lock:
            return self._free_count("tokens")

    def reserve(
        self, what: str, *, usd: float = 0.0, seconds: float = 0.0, tokens: int = 0, steps: int = 0
    ) -> Reservation:
        """Set dollars, tokens and steps aside, and make sure that so many seconds are left.

        Raises:
            BudgetError: There is not enough left; nothing is reserved.
        """
        if min(usd, seconds, tokens, steps) < 0:
            raise BudgetError(f"{what} cannot reserve a negative amount.", hint="Reserve 0 or more.")
        left = self.remaining_seconds(final=True)
        if left is not None and seconds > left:
            raise BudgetError(
                f"{what} needs {seconds:.1f} s and {left:.1f} s of {self.limits.seconds:g} s are left.",
                hint="Raise constraints.time in the brief, or plan less.",
            )
        with self._lock:
            free = self._free_usd()
            if usd > free:
                raise BudgetError(
                    f"{what} may cost ${usd:.4f} and ${max(0.0, free):.4f} of ${self.limits.usd or 0.0:.2f} are left.",
                    hint="Raise constraints.usd in the brief, or plan without it.",
                )
            for unit, wanted in (("tokens", tokens), ("steps", steps)):
                self._check_count(what, unit, wanted)
            held = Reservation(next(self._numbers), what, usd, seconds, tokens, steps)
            self._held[held.number] = held
            return held

    def settle(self, reservation: Reservation, *, usd: float = 0.0, tokens: int = 0) -> None:
        """Replace a reservation by what was really spent; its steps count as spent.

        Raises:
            BudgetError: It was settled before, or more was spent than reserved; the amount is booked all the same.
        """
        with self._lock:
            if self._held.pop(reservation.number, None) is None:
                raise BudgetError(f"{reservation.what} was settled before.", hint="Settle each reservation once.")
            self._usd += usd
            self._counted["tokens"] += tokens
            self._counted["steps"] += reservation.steps
        if usd > reservation.usd + 1e-12:
            raise BudgetError(
                f"{reservation.what} cost ${usd:.4f}, more than the ${reservation.usd:.4f} reserved.",
                hint="Reserve the most that a call can cost.",
            )

    def _check_count(self, what: str, unit: str, wanted: int) -> None:
        free = self._free_count(unit)
        if free is not None and wanted > free:
            raise BudgetError(
                f"{what} may take {wanted:,} {unit} and {max(0, free):,} are left.",
                hint=f"Allow more {unit}, or ask for less.",
            )

    def _free_count(self, unit: str) -> int | None:
        limit: int | None = getattr(self.limits, unit)
        if limit is None:
            return None
        return limit - self._counted[unit] - sum(getattr(held, unit) for held in self._held.values())

    def _free_usd(self) -> float:
        return (self.limits.usd or 0.0) - self._usd - sum(held.usd for held in self._held.values())
