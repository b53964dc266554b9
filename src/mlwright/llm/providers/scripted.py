"""A model that says what it was told to say: for tests and demonstrations."""

import json
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from mlwright.base.errors import LLMError
from mlwright.base.traits import Traits
from mlwright.llm.bounds import most_tokens
from mlwright.llm.capabilities import Capabilities, capabilities_of
from mlwright.llm.errors import CallError
from mlwright.llm.messages import Message, Request, Text, Thinking, ToolUse, check_pairs
from mlwright.llm.names import Endpoint
from mlwright.llm.protocol import concurrently
from mlwright.llm.reply import Done, Event, Reply, TextDelta, ThinkingDelta, ToolDelta, Usage

Turn = str | Message | Reply | LLMError
_PIECE = 12


class Scripted:
    """Answers with its turns, one per call; an error among them is raised. After the last turn it refuses.

    Args:
        turns: What it says, or a function from the request to what it says.
        model: Its name; that of a real model gives it that model's price and capabilities, unless `free`.

    Example:
        >>> from mlwright.llm import SyncLLM
        >>> with SyncLLM(Scripted(["Hello.", "Good-bye."])) as llm:
        ...     llm.complete(Request.of("Hi")).text
        'Hello.'
    """

    traits = Traits(summary="Says what it was told to say, for tests and demonstrations", onnx=False)
    key_variable = ""
    provider = "scripted"

    def __init__(
        self, turns: Sequence[Turn] | Callable[[Request], Turn], model: str = "scripted", *, free: bool = True
    ) -> None:
        self.turns = turns
        self.model = model
        self.requests: list[Request] = []
        known = capabilities_of(model) if model != "scripted" else Capabilities(structured="prompt", documents=True)
        self.capabilities = replace(known, free=free, counts_tokens=False, batches=False)

    @classmethod
    def open(cls, endpoint: Endpoint) -> "Scripted":
        """Return the model whose turns are the texts of a JSON file, `scripted:PATH`."""
        return cls([str(turn) for turn in json.loads(Path(endpoint.model).read_text(encoding="utf-8"))])

    async def stream(self, request: Request) -> AsyncGenerator[Event, None]:
        """Yield the next turn in pieces of twelve characters."""
        check_pairs(request.messages)
        self.requests.append(request)
        turn = self._turn(request)
        if isinstance(turn, LLMError):
            raise turn
        reply = _reply(turn, request, self.model)
        for event in _pieces(reply.message):
            yield event
        yield Done(reply)

    async def count_tokens(self, request: Request) -> int:
        """Return the bound."""
        return most_tokens(request)

    async def batch(self, requests: Sequence[Request]) -> list[Reply | LLMError]:
        """Return the next turns."""
        return await concurrently(self, requests, at_once=1)

    async def aclose(self) -> None:
        """Do nothing."""

    def _turn(self, request: Request) -> Turn:
        if callable(self.turns):
            return self.turns(request)
        place = len(self.requests) - 1
        if place >= len(self.turns):
            return CallError(f"The script has {len(self.turns)} turns.", hint="Write a turn for every call.")
        return self.turns[place]


def _reply(turn: str | Message | Reply, request: Request, model: str) -> Reply:
    if isinstance(turn, Reply):
        return turn
    message = Message.assistant(turn) if isinstance(turn, str) else turn
    written = sum(len(json.dumps(_plain(block))) // 4 + 1 for block in message.content)
    usage = Usage(input_tokens=most_tokens(request) // 4, output_tokens=min(written, request.max_tokens))
    stop = "tool_use" if message.tool_uses else "end_turn"
    return Reply(message=message, stop_reason=stop, usage=usage, model=model, request_id="scripted")


def _plain(block: Any) -> Any:
    return block.model_dump()


def _pieces(message: Message) -> list[Event]:
    events: list[Event] = []
    for block in message.content:
        if isinstance(block, Text):
            events += [TextDelta(block.text[at : at + _PIECE]) for at in range(0, len(block.text), _PIECE)]
        elif isinstance(block, Thinking):
            events.append(ThinkingDelta(block.text))
        elif isinstance(block, ToolUse):
            events += [ToolDelta(block.id, block.name, ""), ToolDelta(block.id, block.name, json.dumps(block.input))]
    return events
