"""A reply put together from the pieces of a stream; every provider's adapter fills one."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from mlwright.llm.messages import Block, Message, Text, Thinking, ToolUse
from mlwright.llm.reply import Reply, StopReason, Usage


@dataclass(slots=True)
class Piece:
    """A block that is still being written: text, thinking or a tool's arguments, in `parts`."""

    kind: str
    id: str = ""
    name: str = ""
    parts: list[str] = field(default_factory=list[str])
    wire: dict[str, Any] = field(default_factory=dict[str, Any])

    def add(self, part: str) -> None:
        """Add what came next."""
        self.parts.append(part)


@dataclass(slots=True)
class Assembly:
    """Pieces by the provider's own key, in the order in which they began."""

    model: str
    pieces: dict[Any, Piece] = field(default_factory=dict[Any, Piece])
    stop_reason: StopReason | None = None
    usage: Usage = field(default_factory=Usage)
    request_id: str = ""

    def piece(self, key: Any, kind: str, *, tool_id: str = "", name: str = "") -> Piece:
        """Return the piece with this key; it begins now if it isn't there."""
        if key not in self.pieces:
            self.pieces[key] = Piece(kind, tool_id, name)
        return self.pieces[key]

    def reply(self) -> Reply:
        """Return the reply; without a stop reason of the provider's it ends its turn."""
        blocks = tuple(block for piece in self.pieces.values() for block in _blocks(piece, self.model))
        return Reply(
            message=Message(role="assistant", content=blocks),
            stop_reason=self.stop_reason or "end_turn",
            usage=self.usage,
            model=self.model,
            request_id=self.request_id,
        )


def parsed_arguments(text: str) -> dict[str, Any] | None:
    """Return a tool call's arguments, or None when they aren't a JSON object; no text is no arguments."""
    try:
        value = json.loads(text) if text.strip() else {}
    except json.JSONDecodeError:
        return None
    return value if isinstance(value, dict) else None


def _blocks(piece: Piece, model: str) -> Iterable[Block]:
    text = "".join(piece.parts)
    if piece.kind == "text":
        return (Text(text=text),) if text else ()
    if piece.kind == "thinking":
        return (Thinking(text=text, model=model, wire=piece.wire),)
    arguments = parsed_arguments(text)
    if arguments is None:
        return (ToolUse(id=piece.id, name=piece.name, malformed=text),)
    return (ToolUse(id=piece.id, name=piece.name, input=arguments),)


class StopTexts:
    """Cuts a stream of text at the first of some texts, for providers that don't.

    Example:
        >>> cut = StopTexts(("STOP",))
        >>> cut.feed("one ST"), cut.feed("OP two"), cut.met
        ('one ', '', True)
    """

    def __init__(self, stops: tuple[str, ...]) -> None:
        self.stops = stops
        self.met = False
        self._held = ""

    def feed(self, text: str) -> str:
        """Return what of the text so far is certain to belong to the answer and was not returned yet."""
        if self.met or not self.stops:
            return "" if self.met else text
        whole = self._held + text
        places = [place for stop in self.stops if (place := whole.find(stop)) >= 0]
        if places:
            self.met, self._held = True, ""
            return whole[: min(places)]
        kept = max(_overlap(whole, stop) for stop in self.stops)
        self._held = whole[len(whole) - kept :]
        return whole[: len(whole) - kept]

    def rest(self) -> str:
        """Return what was held back at the end of the stream."""
        rest, self._held = self._held, ""
        return rest


def _overlap(text: str, stop: str) -> int:
    """Return the length of the longest beginning of `stop` that `text` ends with."""
    return next((size for size in range(min(len(stop) - 1, len(text)), 0, -1) if text.endswith(stop[:size])), 0)
