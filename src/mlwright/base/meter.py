"""What spends money or time sees of a budget: reserve before, settle after."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Reservation:
    """Dollars, seconds, tokens and steps set aside for one thing."""

    number: int
    what: str
    usd: float
    seconds: float
    tokens: int = 0
    steps: int = 0


class Meter(Protocol):
    """A budget. `mlwright.contract.ledger.Ledger` is the one of a run."""

    def reserve(
        self, what: str, *, usd: float = 0.0, seconds: float = 0.0, tokens: int = 0, steps: int = 0
    ) -> Reservation:
        """Set an amount aside; raises BudgetError when that much is not left."""
        ...

    def settle(self, reservation: Reservation, *, usd: float = 0.0, tokens: int = 0) -> None:
        """Replace the reservation by what was really spent; its steps count as spent."""
        ...

    def remaining_seconds(self, *, final: bool = False) -> float | None:
        """Return the seconds left, or None when time is not limited."""
        ...

    def remaining_usd(self) -> float:
        """Return the dollars left; infinity when money is not limited."""
        ...

    def remaining_tokens(self) -> int | None:
        """Return the tokens left, or None when they are not limited."""
        ...
