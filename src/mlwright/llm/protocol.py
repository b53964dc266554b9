"""What a language model is to the rest of the house, and what can be done with any."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Protocol

from mlwright.base.errors import LLMError
from mlwright.llm.capabilities import Capabilities
from mlwright.llm.errors import StreamCut
from mlwright.llm.messages import Request
from mlwright.llm.reply import Done, Event, Reply

_AT_ONCE = 8


class LLM(Protocol):
    """A language model: a provider's, or a layer (retry, account, fallback) around one.

    Attributes:
        model: The model's name at its provider.
        provider: The provider's name in `PROVIDERS`.
        capabilities: What it takes.
    """

    @property
    def model(self) -> str: ...

    @property
    def provider(self) -> str: ...

    @property
    def capabilities(self) -> Capabilities: ...

    def stream(self, request: Request) -> AsyncGenerator[Event, None]:
        """Yield the answer piece by piece; the last event is `Done`. Close it (`aclosing`) to cancel the call."""
        ...

    async def count_tokens(self, request: Request) -> int:
        """Return how many tokens the request has: exact where `capabilities.counts_tokens`, else never too few."""
        ...

    async def batch(self, requests: Sequence[Request]) -> list[Reply | LLMError]:
        """Return an answer or an error for each request, in order; cheaper and slower where the provider can."""
        ...

    async def aclose(self) -> None:
        """Let go of connections."""
        ...


async def complete(llm: LLM, request: Request) -> Reply:
    """Return the whole answer.

    Raises:
        LLMError: There is none. A reply that is refused or truncated is returned; `Reply.checked` raises for it.
    """
    async with aclosing(llm.stream(request)) as events:
        async for event in events:
            if isinstance(event, Done):
                return event.reply
    raise StreamCut(f"The answer of {llm.model} has no end.", hint="Ask again.")


async def concurrently(llm: LLM, requests: Sequence[Request], at_once: int = _AT_ONCE) -> list[Reply | LLMError]:
    """Return an answer or an error for each request, in order: the `batch` of a provider that has none."""
    slots = asyncio.Semaphore(at_once)

    async def one(request: Request) -> Reply | LLMError:
        async with slots:
            try:
                return await complete(llm, request)
            except LLMError as error:
                return error

    return list(await asyncio.gather(*(one(request) for request in requests)))
