"""What is said: messages of content blocks, the tools that may be called, and the request that carries them."""

import base64
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from mlwright.base.errors import InputError

Effort = Literal["low", "medium", "high", "xhigh", "max"]
_DOCUMENT_TYPES = {".pdf": "application/pdf", ".txt": "text/plain", ".md": "text/plain", ".csv": "text/plain"}
_IMAGE_TYPES = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".gif": "image/gif",
    ".webp": "image/webp",
}


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Text(_Frozen):
    """Plain text."""

    type: Literal["text"] = "text"
    text: str


class Image(_Frozen):
    """A picture: `data` in base64.

    Example:
        >>> Image(media_type="image/png", data="iVBORw0KGgo=").media_type
        'image/png'
    """

    type: Literal["image"] = "image"
    media_type: str
    data: str = Field(repr=False)

    @classmethod
    def read(cls, path: str | Path) -> "Image":
        """Return the picture in a PNG, JPEG, GIF or WebP file."""
        path = Path(path)
        return cls(media_type=_media_type(path, _IMAGE_TYPES), data=base64.b64encode(path.read_bytes()).decode())


class Document(_Frozen):
    """A document: base64 of a PDF, or the text itself when `media_type` is `text/plain`.

    Attributes:
        source: Where it comes from, for whoever has to trust it.
    """

    type: Literal["document"] = "document"
    media_type: str = "application/pdf"
    data: str = Field(repr=False)
    title: str = ""
    source: str = ""

    @classmethod
    def read(cls, path: str | Path) -> "Document":
        """Return the document in a PDF or text file."""
        path = Path(path)
        media_type = _media_type(path, _DOCUMENT_TYPES)
        content = path.read_bytes()
        data = content.decode() if media_type == "text/plain" else base64.b64encode(content).decode()
        return cls(media_type=media_type, data=data, title=path.name, source=str(path))


class ToolUse(_Frozen):
    """A model's wish to call a tool.

    Attributes:
        malformed: What the model wrote in place of a JSON object; empty when `input` is what it meant.
    """

    type: Literal["tool_use"] = "tool_use"
    id: str
    name: str
    input: dict[str, Any] = Field(default_factory=dict)
    malformed: str = ""


class ToolResult(_Frozen):
    """What came of a tool call. `source` says where the content comes from, for whoever has to trust it."""

    type: Literal["tool_result"] = "tool_result"
    tool_use_id: str
    content: tuple[Text | Image | Document, ...]
    is_error: bool = False
    source: str = ""

    @classmethod
    def of(cls, tool_use_id: str, text: str, *, is_error: bool = False, source: str = "") -> "ToolResult":
        """Return a result that is one text."""
        return cls(tool_use_id=tool_use_id, content=(Text(text=text),), is_error=is_error, source=source)


class Thinking(_Frozen):
    """What a model thought. It belongs to that model alone: it is given back untouched, and dropped for others.

    Attributes:
        text: What may be read of it; often empty.
        model: The model that it belongs to.
        wire: The block as the vendor sent it.
    """

    type: Literal["thinking"] = "thinking"
    text: str = ""
    model: str
    wire: dict[str, Any] = Field(repr=False)


Block = Annotated[Text | Image | Document | ToolUse | ToolResult | Thinking, Field(discriminator="type")]


class Message(_Frozen):
    """One turn of a conversation.

    Example:
        >>> Message.user("What failed last night?").text
        'What failed last night?'
    """

    role: Literal["user", "assistant"]
    content: tuple[Block, ...]

    @classmethod
    def user(cls, *parts: "str | Block") -> "Message":
        """Return what the user, or a tool, says."""
        return cls(role="user", content=_blocks(parts))

    @classmethod
    def assistant(cls, *parts: "str | Block") -> "Message":
        """Return what the model says."""
        return cls(role="assistant", content=_blocks(parts))

    @property
    def text(self) -> str:
        """Its texts, one after the other."""
        return "".join(block.text for block in self.content if isinstance(block, Text))

    @property
    def tool_uses(self) -> tuple[ToolUse, ...]:
        """Its tool calls."""
        return tuple(block for block in self.content if isinstance(block, ToolUse))


class ToolSpec(_Frozen):
    """A tool as a model sees it; `input_schema` is a JSON schema of an object."""

    name: str = Field(pattern=r"^[a-zA-Z0-9_-]{1,64}$")
    description: str = ""
    input_schema: dict[str, Any] = Field(default_factory=lambda: {"type": "object", "properties": {}})


class Request(_Frozen):
    """What is asked of a model. What a model does not take (see `Capabilities`) is left out for it.

    Attributes:
        tool_choice: `auto`, `none`, `any`, or the name of the tool that must be called.
        output_schema: JSON schema that the answer must follow; `ask` sets it from a pydantic model.
        max_tokens: Most tokens that may be written, thinking included.
        effort: How hard to think; None is the model's own default.
        thinking: False turns thinking off where that is possible; None is the model's own default.
        temperature: 0 or more; None is the model's own default (0 for local models).
        stop: Texts that end the answer; they are not part of it.
        cache: Whether to mark what may be cached, where that pays.
        seed: Of local sampling.
        prompt: Name and version of the template that it was made from; kept in the account.
    """

    messages: tuple[Message, ...] = Field(min_length=1)
    system: str = ""
    tools: tuple[ToolSpec, ...] = ()
    tool_choice: str = "auto"
    output_schema: dict[str, Any] | None = None
    max_tokens: int = Field(default=8192, ge=1)
    effort: Effort | None = None
    thinking: bool | None = None
    temperature: float | None = Field(default=None, ge=0)
    stop: tuple[str, ...] = ()
    cache: bool = True
    seed: int = 0
    prompt: str = ""

    @classmethod
    def of(cls, said: "str | Message | Iterable[Message]", **fields: Any) -> "Request":
        """Return a request from one text, one message or several; `fields` are its other attributes.

        Example:
            >>> Request.of("Hello", system="Be brief.").messages[0].role
            'user'
        """
        messages = (Message.user(said),) if isinstance(said, str) else (said,) if isinstance(said, Message) else said
        return cls(messages=tuple(messages), **fields)

    def with_messages(self, *more: Message) -> "Request":
        """Return the request with further messages at its end."""
        return self.model_copy(update={"messages": (*self.messages, *more)})


def check_pairs(messages: Iterable[Message]) -> None:
    """Refuse a history that every provider refuses: a tool call without its result in the next message.

    Raises:
        InputError: A call has no result, or a result has no call.
    """
    open_ids: set[str] = set()
    for message in messages:
        results = {block.tool_use_id for block in message.content if isinstance(block, ToolResult)}
        if results != open_ids:
            odd = sorted(results ^ open_ids)[0]
            raise InputError(
                f"The tool call '{odd}' is not followed by exactly one message with its result.",
                hint="Keep each tool_use together with its tool_result when a history is shortened.",
            )
        open_ids = {block.id for block in message.tool_uses}
    if open_ids:
        raise InputError(
            f"The tool call '{sorted(open_ids)[0]}' has no result.", hint="End the messages with its tool_result."
        )


def _blocks(parts: Iterable[Any]) -> tuple[Any, ...]:
    return tuple(Text(text=part) if isinstance(part, str) else part for part in parts)


def _media_type(path: Path, known: dict[str, str]) -> str:
    if path.suffix.lower() not in known:
        raise InputError(f"'{path.name}' is not one of {', '.join(known)}.", hint="Convert it to one of them first.")
    return known[path.suffix.lower()]
