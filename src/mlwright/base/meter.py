"""What spends money or time sees of a budget: reserve before, settle after."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Reservation:
    """Dollars and seconds set aside for one thing."""

    number: int
    what: str
    usd: float
    seconds: float


class Meter(Protocol):
    """A budget. `mlwright.contract.ledger.Ledger` is the one of a run."""

    def reserve(self, what: str, *, usd: float = 0.0, seconds: float = 0.0) -> Reservation:
        """Set an amount aside; raises BudgetError when that much is not left."""
        ...

    def settle(self, reservation: Reservation, *, usd: float = 0.0) -> None:
        """Replace the reservation by what was really spent."""
        ...

    def remaining_seconds(self, *, final: bool = False) -> float | None:
        """Return the seconds left, or None when time is not limited."""
        ...

    def remaining_usd(self) -> float:
        """Return the dollars left."""
        ...
