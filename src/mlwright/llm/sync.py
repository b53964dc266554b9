"""Models for code that doesn't await: the calls run on a thread of their own."""

import asyncio
import queue
import threading
from collections.abc import Coroutine, Iterator, Sequence
from contextlib import aclosing
from types import TracebackType
from typing import Any, Self, TypeVar

from pydantic import BaseModel

from mlwright.base.errors import LLMError
from mlwright.llm.messages import Request
from mlwright.llm.protocol import LLM, complete
from mlwright.llm.reply import Event, Reply
from mlwright.llm.structured import Answer, ask

T = TypeVar("T")
Output = TypeVar("Output", bound=BaseModel)


class SyncLLM:
    """A model whose methods wait for their results; use it as a context manager, or close it.

    Example:
        >>> from mlwright.llm.providers.scripted import Scripted
        >>> with SyncLLM(Scripted(["Four."])) as llm:
        ...     llm.complete(Request.of("2 + 2?")).text
        'Four.'
    """

    def __init__(self, llm: LLM) -> None:
        self.llm = llm
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="mlwright-llm", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def complete(self, request: Request) -> Reply:
        """Return the whole answer."""
        return self._wait(complete(self.llm, request))

    def ask(self, request: Request, output: type[Output], *, repairs: int = 2) -> "Answer[Output]":
        """Return the answer as an object of a pydantic model."""
        return self._wait(ask(self.llm, request, output, repairs=repairs))

    def stream(self, request: Request) -> Iterator[Event]:
        """Yield the answer piece by piece; leaving the loop cancels the call."""
        events: queue.SimpleQueue[Event | BaseException | None] = queue.SimpleQueue()

        async def pump() -> None:
            try:
                async with aclosing(self.llm.stream(request)) as found:
                    async for event in found:
                        events.put(event)
                events.put(None)
            except BaseException as error:
                events.put(error)
                raise

        pumping = asyncio.run_coroutine_threadsafe(pump(), self._loop)
        try:
            while (event := events.get()) is not None:
                if isinstance(event, BaseException):
                    raise event
                yield event
        finally:
            pumping.cancel()

    def count_tokens(self, request: Request) -> int:
        """Return how many tokens the request has."""
        return self._wait(self.llm.count_tokens(request))

    def batch(self, requests: Sequence[Request]) -> list[Reply | LLMError]:
        """Return an answer or an error for each request."""
        return self._wait(self.llm.batch(requests))

    def close(self) -> None:
        """Let go of connections and end the thread."""
        if self._loop.is_closed():
            return
        self._wait(self.llm.aclose())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _wait(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()
