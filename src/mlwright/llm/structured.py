"""Structured output: a pydantic model in, a validated object out, whatever the provider can do by itself."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ValidationError

from mlwright.llm.errors import OutputInvalid, SchemaRefused
from mlwright.llm.messages import Message, Request, ToolResult, ToolSpec
from mlwright.llm.protocol import LLM, complete
from mlwright.llm.reply import Reply
from mlwright.llm.schemas import strict_schema

T = TypeVar("T", bound=BaseModel)
Mode = Literal["native", "constrained", "tool", "prompt"]
_TOOL = "answer"


@dataclass(frozen=True, slots=True)
class Answer(Generic[T]):
    """An object, and the replies that led to it: more than one where the first had to be repaired.

    Attributes:
        mode: How the model was made to follow the schema.
    """

    value: T
    replies: tuple[Reply, ...]
    mode: Mode

    @property
    def usd(self) -> float | None:
        """What it cost, or None when that isn't known."""
        known = [reply.usd for reply in self.replies if reply.usd is not None]
        return sum(known) if len(known) == len(self.replies) else None


async def ask(llm: LLM, request: Request, output: type[T], *, repairs: int = 2) -> Answer[T]:
    """Return the answer as an object of `output`.

    The model follows the schema by itself where it can, is forced to call a tool with it where that is the way, and
    is told of it otherwise. An answer that does not validate goes back with what is wrong, `repairs` times at most.

    Raises:
        OutputInvalid: No answer follows the schema.
        Refused: The model declines to answer.
        Truncated: The answer does not fit max_tokens.
        LLMError: There is no answer.
    """
    schema = output.model_json_schema()
    mode = _mode(llm, schema)
    try:
        return await _rounds(llm, request, output, mode, repairs)
    except SchemaRefused:
        # The provider has its own mind about schemas: tell the model instead.
        if mode in {"tool", "prompt"}:
            raise
        return await _rounds(llm, request, output, "prompt", repairs)


def extract_json(text: str) -> Any:
    """Return the JSON value in a text: all of it, or the one inside a fence or some words.

    Raises:
        ValueError: There is none.

    Example:
        >>> extract_json('Here you are: {"age": 3}. Enjoy!')
        {'age': 3}
    """
    bare = text.strip()
    decoder = json.JSONDecoder()
    for start in [0, *(place for place, sign in enumerate(bare) if sign in "{[")]:
        try:
            value, end = decoder.raw_decode(bare, start)
        except json.JSONDecodeError:
            continue
        if start or not bare[end:].strip():
            return value
    raise ValueError(f"There is no JSON in {bare[:200]!r}.")


def _mode(llm: LLM, schema: dict[str, Any]) -> Mode:
    mode = llm.capabilities.structured
    if mode != "native":
        return mode
    try:
        strict_schema(schema)
    except SchemaRefused:
        return "tool" if llm.capabilities.forced_tools else "prompt"
    return "native"


async def _rounds(llm: LLM, request: Request, output: type[T], mode: Mode, repairs: int) -> Answer[T]:
    asked = _asked(request, output, mode)
    replies: list[Reply] = []
    problem = ""
    for _ in range(repairs + 1):
        reply = await complete(llm, asked)
        replies.append(reply)
        if reply.stop_reason in {"refusal", "max_tokens", "model_context_window_exceeded"}:
            reply.checked()
        try:
            return Answer(_validated(reply, output, mode), tuple(replies), mode)
        except (ValidationError, ValueError) as exc:
            problem = _told(exc)
        asked = asked.with_messages(*_repair(reply, problem))
    error = OutputInvalid(
        f"{llm.model} gave no valid {output.__name__} in {repairs + 1} tries: {problem}",
        hint="Describe the fields, simplify the model, or take a stronger one.",
    )
    error.reply = replies[-1]
    raise error


def _asked(request: Request, output: type[BaseModel], mode: Mode) -> Request:
    schema = output.model_json_schema()
    if mode in {"native", "constrained"}:
        return request.model_copy(update={"output_schema": schema})
    if mode == "tool":
        tool = ToolSpec(name=_TOOL, description=output.__doc__ or "Give the answer.", input_schema=schema)
        return request.model_copy(update={"tools": (*request.tools, tool), "tool_choice": _TOOL})
    told = f"Answer with one JSON object and nothing else. It follows this JSON schema:\n{json.dumps(schema)}"
    return request.model_copy(update={"system": f"{request.system}\n\n{told}".strip()})


def _validated(reply: Reply, output: type[T], mode: Mode) -> T:
    if mode == "tool":
        use = next((use for use in reply.tool_uses if use.name == _TOOL), None)
        if use is not None:
            if use.malformed:
                raise ValueError(f"The arguments are not JSON: {use.malformed[:200]}")
            return output.model_validate(use.input)
    return output.model_validate(extract_json(reply.text))


def _repair(reply: Reply, problem: str) -> Sequence[Message]:
    told = f"That does not follow the schema. {problem} Give the whole corrected answer."
    said = reply.message if reply.message.content else Message.assistant("(nothing)")
    results = [ToolResult.of(use.id, told, is_error=True) for use in said.tool_uses]
    return (said, Message.user(*results) if results else Message.user(told))


def _told(exc: Exception) -> str:
    if not isinstance(exc, ValidationError):
        return str(exc)
    wrong = [f"{'.'.join(map(str, error['loc'])) or 'answer'}: {error['msg']}" for error in exc.errors()[:8]]
    return "; ".join(wrong) + "."
