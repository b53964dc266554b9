"""Another try where it may help, under one deadline; the providers' own retries are off."""

import asyncio
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass

import numpy as np

from mlwright.base.errors import LLMError
from mlwright.base.seeds import generator
from mlwright.llm.capabilities import Capabilities
from mlwright.llm.deadline import Deadline
from mlwright.llm.errors import CallError, ProviderDown
from mlwright.llm.messages import Request
from mlwright.llm.protocol import LLM, concurrently
from mlwright.llm.reply import Done, Event, Reply, Restarted

_MOST_PAUSES = 8


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often and how long to try.

    Attributes:
        attempts: Calls at most, the first included.
        deadline_seconds: For all of them together.
        first_wait_seconds: Waiting doubles from here, and is drawn between half of it and all of it.
        longest_wait_seconds: No wait is longer, whatever a provider asks for; one that asks for more is given up.
        seed: Of the draws; None lets callers that failed together come back apart.
    """

    attempts: int = 5
    deadline_seconds: float = 600.0
    first_wait_seconds: float = 0.5
    longest_wait_seconds: float = 60.0
    seed: int | None = None


class Retrying:
    """A model that is asked again when a call fails and may succeed later; a paused turn is taken up again.

    When pieces were already handed out, `Restarted` says so before the answer begins anew.
    """

    def __init__(self, llm: LLM, policy: RetryPolicy | None = None) -> None:
        self.llm = llm
        self.policy = policy or RetryPolicy()

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
        """Yield the answer's events.

        Raises:
            CallError: The call failed for good, or the attempts or the time are used up.
        """
        deadline = time.monotonic() + self.policy.deadline_seconds
        for attempt in range(1, self.policy.attempts + 1):
            begun = False
            try:
                with Deadline(deadline - time.monotonic()) as limit:
                    async with aclosing(_whole(self.llm, request)) as events:
                        while (event := await limit.next(events)) is not None:
                            begun = True
                            yield event
                return
            except TimeoutError as exc:
                error = ProviderDown("The answer did not come in time.", hint="Allow more time, or ask another model.")
                error.retryable, error.billed = False, True
                raise error from exc
            except CallError as error:
                wait = self._wait(attempt, error, deadline)
                if wait is None:
                    raise
                reason = error.message
            await asyncio.sleep(wait)
            if begun:
                yield Restarted(self.model, reason)

    async def count_tokens(self, request: Request) -> int:
        """Return how many tokens the request has."""
        deadline = time.monotonic() + self.policy.deadline_seconds
        attempt = 1
        while True:
            try:
                return await self.llm.count_tokens(request)
            except CallError as error:
                wait = self._wait(attempt, error, deadline)
                if wait is None:
                    raise
            await asyncio.sleep(wait)
            attempt += 1

    async def batch(self, requests: Sequence[Request]) -> list[Reply | LLMError]:
        """Return an answer or an error for each request: by the provider's own batches, or some calls at a time."""
        if self.capabilities.batches:
            return await self.llm.batch(requests)
        return await concurrently(self, requests)

    async def aclose(self) -> None:
        """Let go of connections."""
        await self.llm.aclose()

    def _wait(self, attempt: int, error: CallError, deadline: float) -> float | None:
        """Return the seconds to wait before the next try, or None when there is none."""
        policy = self.policy
        if not error.retryable or attempt >= policy.attempts:
            return None
        longest = min(policy.first_wait_seconds * 2 ** (attempt - 1), policy.longest_wait_seconds)
        draws = np.random.default_rng() if policy.seed is None else generator(policy.seed, "retry", attempt)
        wait = longest * float(draws.uniform(0.5, 1.0))
        if error.retry_after_seconds is not None:
            if error.retry_after_seconds > policy.longest_wait_seconds:
                return None
            wait = max(wait, error.retry_after_seconds)
        return wait if time.monotonic() + wait < deadline else None


async def _whole(llm: LLM, request: Request) -> AsyncGenerator[Event, None]:
    """Yield the events of a turn; one that the provider pauses is sent back as it is, and goes on."""
    said: tuple[Reply, ...] = ()
    for _ in range(_MOST_PAUSES):
        asked = request.with_messages(*(reply.message for reply in said))
        async with aclosing(llm.stream(asked)) as events:
            async for event in events:
                if not isinstance(event, Done):
                    yield event
                    continue
                said = (*said, event.reply)
        if not said or said[-1].stop_reason != "pause_turn":
            break
    if said:
        yield Done(_joined(said))


def _joined(replies: tuple[Reply, ...]) -> Reply:
    last = replies[-1]
    if len(replies) == 1:
        return last
    usage, blocks = last.usage, last.message.content
    for earlier in reversed(replies[:-1]):
        usage, blocks = earlier.usage + usage, (*earlier.message.content, *blocks)
    known = [reply.usd for reply in replies if reply.usd is not None]
    usd = sum(known) if len(known) == len(replies) else None
    message = last.message.model_copy(update={"content": blocks})
    return last.model_copy(update={"message": message, "usage": usage, "usd": usd})
