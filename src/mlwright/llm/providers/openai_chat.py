"""Chat completions: what vLLM, llama.cpp, Ollama and most other servers speak, through OpenAI's official SDK.

Source: https://platform.openai.com/docs/api-reference/chat
"""

import json
from collections.abc import AsyncGenerator, Sequence
from dataclasses import replace
from typing import Any

from mlwright.base.errors import LLMError
from mlwright.base.traits import Traits
from mlwright.llm.assembly import Assembly
from mlwright.llm.bounds import most_tokens
from mlwright.llm.capabilities import Capabilities, capabilities_of
from mlwright.llm.errors import StreamCut
from mlwright.llm.messages import Block, Document, Image, Message, Request, Text, ToolResult, ToolUse, check_pairs
from mlwright.llm.names import Endpoint, is_own_machine
from mlwright.llm.protocol import concurrently
from mlwright.llm.providers.failures import call_error
from mlwright.llm.providers.openai_responses import ADDRESS, open_client, transport_errors
from mlwright.llm.reply import Done, Event, Reply, StopReason, TextDelta, ThinkingDelta, ToolDelta, Usage
from mlwright.llm.schemas import strict_schema

_STOPS: dict[str, StopReason] = {
    "stop": "end_turn",
    "length": "max_tokens",
    "tool_calls": "tool_use",
    "function_call": "tool_use",
    "content_filter": "refusal",
}


class OpenAIChat:
    """A model behind a server that speaks chat completions, `http://host:port/v1#model`.

    A server on this machine costs nothing; any other needs a price before money can be limited.
    """

    traits = Traits(summary="Any server of chat completions", extra="llm", requires=("openai",), onnx=False)
    key_variable = "OPENAI_API_KEY"
    address = ADDRESS
    provider = "openai_chat"

    def __init__(self, client: Any, model: str, *, capabilities: Capabilities, vendor: bool = False) -> None:
        self.client = client
        self.model = model
        self.capabilities = capabilities
        self.vendor = vendor

    @classmethod
    def open(cls, endpoint: Endpoint) -> "OpenAIChat":
        """Return the model at an endpoint; without one in its name it is OpenAI's own."""
        vendor = not endpoint.own_server
        facts = (
            replace(capabilities_of(endpoint.model), effort=False)
            if vendor
            else Capabilities(free=is_own_machine(endpoint.host))
        )
        client = open_client(endpoint, endpoint.base_url or cls.address)
        return cls(client, endpoint.model, capabilities=facts, vendor=vendor)

    async def stream(self, request: Request) -> AsyncGenerator[Event, None]:
        """Yield the answer's events."""
        import openai

        body = wire_request(request, self.model, self.capabilities, vendor=self.vendor)
        built = Assembly(self.model)
        began = False
        try:
            async with await self.client.chat.completions.create(**body, stream=True) as stream:
                built.request_id = stream.response.headers.get("x-request-id", "")
                async for chunk in stream:
                    began = True
                    for event in _events(chunk, built):
                        yield event
        except (openai.OpenAIError, *transport_errors()) as exc:
            raise call_error(exc, model=self.model, began=began) from exc
        if built.stop_reason is None:
            raise StreamCut(f"The answer of {self.model} broke off.", hint="Ask again.")
        yield Done(built.reply())

    async def count_tokens(self, request: Request) -> int:
        """Return the bound: there is no count to ask for."""
        return most_tokens(request)

    async def batch(self, requests: Sequence[Request]) -> list[Reply | LLMError]:
        """Return an answer or an error for each request, some at a time."""
        return await concurrently(self, requests)

    async def aclose(self) -> None:
        """Let go of connections."""
        await self.client.close()


def wire_request(request: Request, model: str, capabilities: Capabilities, *, vendor: bool) -> dict[str, Any]:
    """Return the body of a request; `vendor` is OpenAI itself, which knows newer words than other servers."""
    check_pairs(request.messages)
    messages: list[dict[str, Any]] = [{"role": "system", "content": request.system}] if request.system else []
    body: dict[str, Any] = {
        "model": model,
        "messages": messages + [item for message in request.messages for item in _messages(message)],
        "max_completion_tokens" if vendor else "max_tokens": request.max_tokens,
        "stream_options": {"include_usage": True},
    }
    if request.tools:
        body["tools"] = [
            {
                "type": "function",
                "function": {"name": tool.name, "description": tool.description, "parameters": tool.input_schema},
            }
            for tool in request.tools
        ]
        body["tool_choice"] = _tool_choice(request.tool_choice)
    if request.temperature is not None and capabilities.temperature:
        body["temperature"] = request.temperature
    if request.stop:
        body["stop"] = list(request.stop)
    if request.output_schema is not None and capabilities.structured == "native":
        schema = strict_schema(request.output_schema)
        named = {"name": "answer", "schema": schema, "strict": True}
        body["response_format"] = {"type": "json_schema", "json_schema": named}
    return body


def _tool_choice(choice: str) -> Any:
    if choice in {"auto", "none"}:
        return choice
    return "required" if choice == "any" else {"type": "function", "function": {"name": choice}}


def _messages(message: Message) -> list[dict[str, Any]]:
    """Return a message as the interface has it: one for each tool result, and one for the rest."""
    found: list[dict[str, Any]] = []
    for block in message.content:
        if isinstance(block, ToolResult):
            texts = [part.text for part in block.content if isinstance(part, Text)]
            found.append({"role": "tool", "tool_call_id": block.tool_use_id, "content": "\n".join(texts)})
            # Only a user's message may hold pictures and files.
            rest = [_part(part) for part in block.content if not isinstance(part, Text)]
            found += [{"role": "user", "content": rest}] if rest else []
    if message.role == "assistant":
        calls = [_call(use) for use in message.tool_uses]
        if message.text or calls:
            said: dict[str, Any] = {"role": "assistant", "content": message.text or None}
            found.append(said | ({"tool_calls": calls} if calls else {}))
        return found
    parts = [_part(block) for block in message.content if isinstance(block, Text | Image | Document)]
    if all(part["type"] == "text" for part in parts) and parts:
        found.append({"role": "user", "content": "\n".join(part["text"] for part in parts)})
    elif parts:
        found.append({"role": "user", "content": parts})
    return found


def _call(use: ToolUse) -> dict[str, Any]:
    arguments = use.malformed or json.dumps(use.input)
    return {"id": use.id, "type": "function", "function": {"name": use.name, "arguments": arguments}}


def _part(block: Block) -> dict[str, Any]:
    match block:
        case Image():
            return {"type": "image_url", "image_url": {"url": f"data:{block.media_type};base64,{block.data}"}}
        case Document(media_type="text/plain"):
            return {"type": "text", "text": f"{block.title}\n{block.data}".strip()}
        case Document():
            data = f"data:{block.media_type};base64,{block.data}"
            return {"type": "file", "file": {"filename": block.title or "document.pdf", "file_data": data}}
        case Text():
            return {"type": "text", "text": block.text}
        case _:
            return {"type": "text", "text": ""}


def _events(chunk: Any, built: Assembly) -> list[Event]:
    """Take one chunk into the reply; return what a reader should see of it."""
    if chunk.usage is not None:
        built.usage = _usage(chunk.usage)
    if not chunk.choices:
        return []
    choice = chunk.choices[0]
    delta = choice.delta
    found: list[Event] = []
    if refusal := getattr(delta, "refusal", None):
        built.stop_reason = "refusal"
        built.piece("text", "text").add(refusal)
        found.append(TextDelta(refusal))
    # Servers of open models send thoughts under this name; they are shown and not sent back.
    if thought := getattr(delta, "reasoning_content", None):
        found.append(ThinkingDelta(thought))
    if delta.content:
        built.piece("text", "text").add(delta.content)
        found.append(TextDelta(delta.content))
    for call in delta.tool_calls or ():
        found += _tool_delta(call, built)
    if choice.finish_reason and built.stop_reason is None:
        built.stop_reason = _STOPS.get(choice.finish_reason, "end_turn")
        # Some servers say "stop" after a tool call.
        if built.stop_reason == "end_turn" and any(piece.kind == "tool_use" for piece in built.pieces.values()):
            built.stop_reason = "tool_use"
    return found


def _tool_delta(call: Any, built: Assembly) -> list[Event]:
    key = ("tool", call.index)
    new = key not in built.pieces
    name = call.function.name if call.function else ""
    piece = built.piece(key, "tool_use", tool_id=call.id or f"call_{call.index}", name=name or "")
    found: list[Event] = [ToolDelta(piece.id, piece.name, "")] if new else []
    arguments = call.function.arguments if call.function else ""
    if arguments:
        piece.add(arguments)
        found.append(ToolDelta(piece.id, piece.name, arguments))
    return found


def _usage(usage: Any) -> Usage:
    details = usage.prompt_tokens_details
    read = (getattr(details, "cached_tokens", 0) if details else 0) or 0
    written = (getattr(details, "cache_write_tokens", 0) if details else 0) or 0
    more = usage.completion_tokens_details
    return Usage(
        input_tokens=max(0, usage.prompt_tokens - read - written),
        cache_read_tokens=read,
        cache_write_tokens=written,
        output_tokens=usage.completion_tokens,
        reasoning_tokens=(getattr(more, "reasoning_tokens", 0) if more else 0) or 0,
    )
