"""What a call costs: dollars per million tokens by model, with tiers, cache and batch prices; exact, in decimals."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import ROUND_CEILING, Decimal
from typing import Any

from mlwright.llm.capabilities import model_table, table_name
from mlwright.llm.reply import Usage

_MILLION = Decimal(1_000_000)
# Message Batches and the Batch API cost half of everything.
BATCH_FACTOR = Decimal("0.5")


@dataclass(frozen=True, slots=True)
class Rates:
    """Dollars per million tokens of each kind."""

    input: Decimal
    output: Decimal
    cache_read: Decimal
    cache_write: Decimal
    cache_write_1h: Decimal

    @classmethod
    def read(cls, usd: Mapping[str, Any]) -> "Rates":
        """Return rates from a table's line; a kind it does not name costs what plain input costs.

        Example:
            >>> Rates.read({"input": 1, "output": 5}).cache_write
            Decimal('1')
        """
        given = {name: Decimal(str(value)) for name, value in usd.items()}
        names = ("cache_read", "cache_write", "cache_write_1h")
        return cls(**{**dict.fromkeys(names, given["input"]), **given})


@dataclass(frozen=True, slots=True)
class Price:
    """A model's price. Over a tier's threshold of input tokens, its rates hold for every token of the call.

    Attributes:
        source: Where it was read.
        date: When, as YYYY-MM-DD.
    """

    rates: Rates
    tiers: tuple[tuple[int, Rates], ...] = ()
    source: str = ""
    date: str = ""

    @classmethod
    def read(cls, line: Mapping[str, Any]) -> "Price":
        """Return the price in a line of `models.json`."""
        base = line["usd_per_million"]
        tiers = tuple(
            (int(tier["above_input_tokens"]), Rates.read({**base, **tier["usd_per_million"]}))
            for tier in line.get("tiers", ())
        )
        return cls(Rates.read(base), tuple(sorted(tiers, key=lambda tier: tier[0])), line["source"], line["date"])

    def rates_for(self, input_tokens: int) -> Rates:
        """Return the rates that hold for a call with so many input tokens, cached ones included."""
        found = self.rates
        for threshold, rates in self.tiers:
            if input_tokens > threshold:
                found = rates
        return found

    def cost_usd(self, usage: Usage, *, batch: bool = False) -> Decimal:
        """Return what these tokens cost in dollars.

        Example:
            >>> price = Price(Rates.read({"input": 2, "output": 10, "cache_read": "0.1"}))
            >>> price.cost_usd(Usage(input_tokens=1000, cache_read_tokens=10_000, output_tokens=500))
            Decimal('0.008')
        """
        rates = self.rates_for(usage.total_input_tokens)
        total = (
            usage.input_tokens * rates.input
            + usage.cache_read_tokens * rates.cache_read
            + usage.cache_write_tokens * rates.cache_write
            + usage.cache_write_1h_tokens * rates.cache_write_1h
            + usage.output_tokens * rates.output
        ) / _MILLION
        return total * BATCH_FACTOR if batch else total

    def most_usd(self, input_tokens: int, output_tokens: int, *, batch: bool = False) -> Decimal:
        """Return the most that a call with at most so many tokens can cost: all of its input newly cached."""
        rates = self.rates_for(input_tokens)
        dearest = max(rates.input, rates.cache_write)
        total = (input_tokens * dearest + output_tokens * rates.output) / _MILLION
        total = total * BATCH_FACTOR if batch else total
        return total.quantize(Decimal("1e-9"), rounding=ROUND_CEILING)


@dataclass(frozen=True, slots=True)
class PriceTable:
    """The prices of `models.json`, and before them those the caller knows better."""

    own: Mapping[str, Price] = field(default_factory=dict[str, Price])

    def find(self, model: str) -> Price | None:
        """Return a model's price, or None.

        Example:
            >>> PriceTable().find("claude-sonnet-5-5").rates.output
            Decimal('10')
        """
        if model in self.own:
            return self.own[model]
        name = table_name(model)
        return Price.read(model_table()[name]) if name else None
