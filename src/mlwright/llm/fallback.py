"""Several models, one after the other: the next answers when one cannot."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from mlwright.base.errors import InputError, LLMError
from mlwright.llm.capabilities import Capabilities
from mlwright.llm.errors import CallError, ContextTooLong
from mlwright.llm.messages import Request
from mlwright.llm.protocol import LLM
from mlwright.llm.reply import Done, Event, Reply, Restarted


class Fallback:
    """The first of `llms` that answers. It passes on for what may be mended elsewhere: a provider that is down or
    busy, a broken answer, messages too long for a model when the next has a larger window, and with `on_refusal` an
    answer declined. A wrong key or an unknown model is the caller's to mend and stops the chain.
    """

    def __init__(self, llms: Sequence[LLM], *, on_refusal: bool = False) -> None:
        if not llms:
            raise InputError("A chain of models needs at least one.", hint="Name a model.")
        self.llms = tuple(llms)
        self.on_refusal = on_refusal

    @property
    def model(self) -> str:
        """The first model's name."""
        return self.llms[0].model

    @property
    def provider(self) -> str:
        """The first model's provider."""
        return self.llms[0].provider

    @property
    def capabilities(self) -> Capabilities:
        """What the first model takes."""
        return self.llms[0].capabilities

    async def stream(self, request: Request) -> AsyncGenerator[Event, None]:
        """Yield the answer's events.

        Raises:
            CallError: That of the last model asked.
        """
        for place, llm in enumerate(self.llms):
            begun, reason = False, ""
            following = self.llms[place + 1] if place + 1 < len(self.llms) else None
            try:
                async with aclosing(llm.stream(request)) as events:
                    async for event in events:
                        if isinstance(event, Done) and self._declined(event.reply, following):
                            reason = f"{llm.model} declines to answer."
                            break
                        begun = begun or not isinstance(event, Done)
                        yield event
                if not reason:
                    return
            except CallError as error:
                if following is None or not _mendable(error, llm, following):
                    raise
                reason = error.message
            if begun and following is not None:
                yield Restarted(following.model, reason)

    async def count_tokens(self, request: Request) -> int:
        """Return how many tokens the request has for the first model."""
        return await self.llms[0].count_tokens(request)

    async def batch(self, requests: Sequence[Request]) -> list[Reply | LLMError]:
        """Return an answer or an error for each request, from the first model."""
        return await self.llms[0].batch(requests)

    async def aclose(self) -> None:
        """Let go of connections."""
        for llm in self.llms:
            await llm.aclose()

    def _declined(self, reply: Reply, following: LLM | None) -> bool:
        return self.on_refusal and reply.stop_reason == "refusal" and following is not None


def _mendable(error: CallError, llm: LLM, following: LLM) -> bool:
    if isinstance(error, ContextTooLong):
        return following.capabilities.context_tokens > llm.capabilities.context_tokens
    return error.retryable
