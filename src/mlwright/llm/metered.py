"""The account of a model: the most that a call can cost is reserved before it, what it cost is settled after it."""

import math
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass

from mlwright.base.errors import BudgetError, LLMError, MlwrightError
from mlwright.base.meter import Meter, Reservation
from mlwright.llm.bounds import most_tokens
from mlwright.llm.capabilities import Capabilities
from mlwright.llm.deadline import Deadline
from mlwright.llm.errors import PriceUnknown
from mlwright.llm.messages import Document, Request, ToolResult
from mlwright.llm.prices import Price, PriceTable
from mlwright.llm.protocol import LLM
from mlwright.llm.reply import Done, Event, Reply, Usage

# Providers call their counts estimates: the count and this share of it more is what may be billed.
_COUNT_MARGIN = 1.02
_COUNT_EXTRA = 64


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the account, as a journal may keep it."""

    model: str
    usage: Usage
    usd: float | None
    reserved_usd: float
    request_id: str = ""
    prompt: str = ""


class Metered:
    """A model whose every call is paid from `meter`; without one, calls are only priced.

    A call that fails before it is charged gives everything back. One that breaks off, or is cancelled, is booked with
    all that was reserved for it, since nobody says what it cost: an account may be too careful, never too low.
    """

    def __init__(
        self,
        llm: LLM,
        meter: Meter | None = None,
        prices: PriceTable | None = None,
        note: Callable[[Entry], None] | None = None,
    ) -> None:
        self.llm = llm
        self.meter = meter
        self.prices = prices or PriceTable()
        self.note = note

    @property
    def model(self) -> str:
        """The model's name."""
        return self.llm.model

    @property
    def provider(self) -> str:
        """The provider's name."""
        return self.llm.provider

    @property
    def capabilities(self) -> Capabilities:
        """What the model takes."""
        return self.llm.capabilities

    async def stream(self, request: Request) -> AsyncGenerator[Event, None]:
        """Yield the answer's events; the reply carries its cost.

        Raises:
            BudgetError: The call might cost more money, tokens, steps or time than are left; it was not made.
            PriceUnknown: Money is limited and the model has no price.
        """
        held = await self._reserve(request)
        booked = False
        deadline = Deadline(self._seconds_left())
        try:
            with deadline:
                async with aclosing(self.llm.stream(request)) as events:
                    while (event := await deadline.next(events)) is not None:
                        if isinstance(event, Done):
                            booked = True
                            event = Done(self._settle(held, event.reply, request))
                        yield event
        except TimeoutError as exc:
            raise BudgetError(f"The time is spent: {deadline.seconds or 0:.1f} s.", hint="Allow more seconds.") from exc
        except MlwrightError as error:
            if not booked and not _may_be_billed(error):
                booked = True
                self._give_back(held)
            raise
        finally:
            if not booked:
                self._book_all(held)

    async def count_tokens(self, request: Request) -> int:
        """Return how many tokens the request has."""
        return await self.llm.count_tokens(request)

    async def batch(self, requests: Sequence[Request]) -> list[Reply | LLMError]:
        """Return an answer or an error for each request; everything is reserved before the first is sent."""
        held: list[Reservation | None] = []
        sent = False
        try:
            for request in requests:
                held.append(await self._reserve(request, batch=self.capabilities.batches))  # noqa: PERF401 one by one
            sent = True
            answers = await self.llm.batch(requests)
        except BaseException as error:
            for one in held:
                if sent and _may_be_billed(error):
                    self._book_all(one)
                else:
                    self._give_back(one)
            raise
        found: list[Reply | LLMError] = []
        for one, request, answer in zip(held, requests, answers, strict=True):
            if isinstance(answer, Reply):
                found.append(self._settle(one, answer, request, batch=self.capabilities.batches))
                continue
            found.append(answer)
            if _may_be_billed(answer):
                self._book_all(one)
            else:
                self._give_back(one)
        return found

    async def aclose(self) -> None:
        """Let go of connections."""
        await self.llm.aclose()

    def _price(self) -> Price | None:
        return None if self.capabilities.free else self.prices.find(self.model)

    def _seconds_left(self) -> float | None:
        return self.meter.remaining_seconds() if self.meter else None

    async def _reserve(self, request: Request, *, batch: bool = False) -> Reservation | None:
        if self.meter is None:
            return None
        what = f"a call of {self.model}"
        left = self._seconds_left()
        if left is not None and left <= 0:
            raise BudgetError(f"{what} has no time left.", hint="Allow more seconds.")
        price = self._price()
        if price is None and not self.capabilities.free and self.meter.remaining_usd() != math.inf:
            raise PriceUnknown(
                f"Money is limited and the price of '{self.model}' is not known.",
                hint="Give its price (Options.prices), or choose a model of the table.",
            )
        tokens = await self._most_input(request, price, batch=batch)
        usd = float(price.most_usd(tokens, request.max_tokens, batch=batch)) if price else 0.0
        return self.meter.reserve(what, usd=usd, tokens=tokens + request.max_tokens, steps=1)

    async def _most_input(self, request: Request, price: Price | None, *, batch: bool) -> int:
        """Return a number of input tokens that the call won't exceed: the cheap bound, or a count where it is tight."""
        bound = most_tokens(request)
        if self.meter is None or not self.capabilities.counts_tokens:
            return bound
        tokens_left = self.meter.remaining_tokens()
        fits = tokens_left is None or bound + request.max_tokens <= tokens_left
        if price is not None:
            fits = fits and float(price.most_usd(bound, request.max_tokens, batch=batch)) <= self.meter.remaining_usd()
        # No vocabulary bounds what a PDF unpacks to, so that one is always counted.
        if fits and not _has_pdf(request):
            return bound
        return math.ceil(await self.llm.count_tokens(request) * _COUNT_MARGIN) + _COUNT_EXTRA

    def _settle(self, held: Reservation | None, reply: Reply, request: Request, *, batch: bool = False) -> Reply:
        price = self._price()
        usd = 0.0 if self.capabilities.free else float(price.cost_usd(reply.usage, batch=batch)) if price else None
        if self.meter is not None and held is not None:
            self.meter.settle(held, usd=usd or 0.0, tokens=reply.usage.total_tokens)
        if self.note is not None:
            reserved = held.usd if held else 0.0
            self.note(Entry(self.model, reply.usage, usd, reserved, reply.request_id, request.prompt))
        return reply.model_copy(update={"usd": usd})

    def _book_all(self, held: Reservation | None) -> None:
        if held is not None and self.meter is not None:
            self.meter.settle(held, usd=held.usd, tokens=held.tokens)

    def _give_back(self, held: Reservation | None) -> None:
        if held is not None and self.meter is not None:
            self.meter.settle(held)


def _may_be_billed(error: BaseException) -> bool:
    """Return whether a call that ended so may be charged: cancelled, out of time in the middle, or said to be."""
    if isinstance(error, BudgetError) or not isinstance(error, MlwrightError):
        return True
    return bool(getattr(error, "billed", False))


def _has_pdf(request: Request) -> bool:
    blocks = [block for message in request.messages for block in message.content]
    inner = [part for block in blocks if isinstance(block, ToolResult) for part in block.content]
    return any(isinstance(block, Document) and block.media_type != "text/plain" for block in (*blocks, *inner))
