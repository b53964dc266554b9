"""What comes back: the tokens used, the events of a stream, and the whole reply at its end."""

from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict

from mlwright.llm.errors import AnswerError, MalformedCall, Refused, Truncated
from mlwright.llm.messages import Message, ToolUse

StopReason = Literal[
    "end_turn", "max_tokens", "stop_sequence", "tool_use", "pause_turn", "refusal", "model_context_window_exceeded"
]


class Usage(BaseModel):
    """Tokens of one call. The four kinds of input are apart: none is part of another.

    Attributes:
        input_tokens: Read at the full price.
        cache_read_tokens: Read from the provider's cache.
        cache_write_tokens: Written to it, for five minutes or the provider's shortest time.
        cache_write_1h_tokens: Written to it for an hour.
        output_tokens: Written, thinking included.
        reasoning_tokens: Those of the output that were thinking, where the provider says.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    input_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    cache_write_1h_tokens: int = 0
    output_tokens: int = 0
    reasoning_tokens: int = 0

    @property
    def total_input_tokens(self) -> int:
        """Everything that was read."""
        return self.input_tokens + self.cache_read_tokens + self.cache_write_tokens + self.cache_write_1h_tokens

    @property
    def total_tokens(self) -> int:
        """Everything that was read or written."""
        return self.total_input_tokens + self.output_tokens

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(**{name: getattr(self, name) + getattr(other, name) for name in Usage.model_fields})


class Reply(BaseModel):
    """A whole answer.

    Attributes:
        usd: What it cost; None when the model's price is not known or nobody keeps account.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    message: Message
    stop_reason: StopReason
    usage: Usage = Usage()
    model: str = ""
    request_id: str = ""
    usd: float | None = None

    @property
    def text(self) -> str:
        """The text of the answer."""
        return self.message.text

    @property
    def tool_uses(self) -> tuple[ToolUse, ...]:
        """The tool calls of the answer."""
        return self.message.tool_uses

    def checked(self) -> "Reply":
        """Return the reply if it is whole.

        Raises:
            Refused: The model declines to answer.
            Truncated: The answer ended at max_tokens or at the window's end.
            MalformedCall: A tool call is not JSON.
        """
        malformed = next((use for use in self.tool_uses if use.malformed), None)
        error: AnswerError | None = None
        if self.stop_reason == "refusal":
            said = self.text.strip()[:200] or "it gives no reason"
            error = Refused(f"{self.model} declines to answer: {said}", hint="Word the request otherwise.")
        elif self.stop_reason == "max_tokens":
            written = self.usage.output_tokens
            error = Truncated(f"{self.model} stopped after {written:,} tokens.", hint="Raise max_tokens.")
        elif self.stop_reason == "model_context_window_exceeded":
            error = Truncated(f"{self.model} came to the end of its window.", hint="Shorten the messages.")
        elif malformed is not None:
            wrote = malformed.malformed[:200]
            error = MalformedCall(
                f"{self.model} called '{malformed.name}' with {wrote!r}, which is not a JSON object.",
                hint="Send this back as the tool's result, marked as an error.",
            )
        if error is None:
            return self
        error.reply = self
        raise error


@dataclass(frozen=True, slots=True)
class TextDelta:
    """The next piece of the answer's text."""

    text: str


@dataclass(frozen=True, slots=True)
class ThinkingDelta:
    """The next piece of what may be read of the model's thinking."""

    text: str


@dataclass(frozen=True, slots=True)
class ToolDelta:
    """The next piece of a tool call's arguments, as JSON text; the first piece of a call is empty."""

    id: str
    name: str
    json: str


@dataclass(frozen=True, slots=True)
class Restarted:
    """The answer broke off and begins anew: forget every piece so far. `model` is who answers now."""

    model: str
    reason: str


@dataclass(frozen=True, slots=True)
class Done:
    """The last event of every stream."""

    reply: Reply


Event = TextDelta | ThinkingDelta | ToolDelta | Restarted | Done
