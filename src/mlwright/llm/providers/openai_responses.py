"""OpenAI's Responses API through its official SDK.

Source: https://platform.openai.com/docs/api-reference/responses
"""

import json
from collections.abc import AsyncGenerator, Sequence
from hashlib import sha256
from typing import Any

from mlwright.base.errors import LLMError
from mlwright.base.traits import Traits
from mlwright.llm.assembly import Assembly, StopTexts
from mlwright.llm.bounds import most_tokens
from mlwright.llm.capabilities import Capabilities, capabilities_of
from mlwright.llm.errors import CallError, StreamCut
from mlwright.llm.messages import (
    Block,
    Document,
    Image,
    Message,
    Request,
    Text,
    Thinking,
    ToolResult,
    ToolUse,
    check_pairs,
)
from mlwright.llm.names import Endpoint
from mlwright.llm.protocol import concurrently
from mlwright.llm.providers.failures import call_error, error_of_type
from mlwright.llm.reply import Done, Event, Reply, StopReason, TextDelta, ThinkingDelta, ToolDelta, Usage
from mlwright.llm.schemas import strict_schema

ADDRESS = "https://api.openai.com/v1"


class OpenAI:
    """A model of OpenAI's. Nothing is stored there: every call carries the whole conversation, sealed thoughts too."""

    traits = Traits(summary="OpenAI, by the Responses API", extra="llm", requires=("openai",), onnx=False)
    key_variable = "OPENAI_API_KEY"
    address = ADDRESS
    provider = "openai"

    def __init__(self, client: Any, model: str) -> None:
        self.client = client
        self.model = model
        self.capabilities: Capabilities = capabilities_of(model)

    @classmethod
    def open(cls, endpoint: Endpoint) -> "OpenAI":
        """Return the model at an endpoint."""
        return cls(open_client(endpoint, endpoint.base_url or cls.address), endpoint.model)

    async def stream(self, request: Request) -> AsyncGenerator[Event, None]:
        """Yield the answer's events."""
        import openai

        body = wire_request(request, self.model, self.capabilities)
        built, cut = Assembly(self.model), StopTexts(request.stop)
        began = False
        try:
            async with await self.client.responses.create(**body, stream=True) as stream:
                built.request_id = stream.response.headers.get("x-request-id", "")
                async for event in stream:
                    began = True
                    if (found := _event(event, built, cut)) is not None:
                        yield found
        except (openai.OpenAIError, *transport_errors()) as exc:
            raise call_error(exc, model=self.model, began=began) from exc
        if built.stop_reason is None:
            raise StreamCut(f"The answer of {self.model} broke off.", hint="Ask again.")
        if cut.met:
            built.stop_reason = "stop_sequence"
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


def open_client(endpoint: Endpoint, address: str) -> Any:
    """Return the SDK's client, without retries of its own."""
    import openai

    return openai.AsyncOpenAI(
        api_key=endpoint.api_key or "none",
        base_url=address,
        max_retries=0,
        timeout=endpoint.idle_seconds,
    )


def transport_errors() -> tuple[type[Exception], ...]:
    """Return what the SDK lets through while a stream is read."""
    import httpx

    return (httpx.HTTPError, httpx.StreamError, json.JSONDecodeError)


def wire_request(request: Request, model: str, capabilities: Capabilities) -> dict[str, Any]:
    """Return the body of a request: what the model does not take is left out."""
    check_pairs(request.messages)
    body: dict[str, Any] = {
        "model": model,
        "input": [item for message in request.messages for item in _items(message, model)],
        "max_output_tokens": request.max_tokens,
        "store": False,
    }
    if request.system:
        body["instructions"] = request.system
    if request.tools:
        body["tools"] = [
            {
                "type": "function",
                "name": tool.name,
                "description": tool.description,
                "parameters": tool.input_schema,
                "strict": False,
            }
            for tool in request.tools
        ]
        body["tool_choice"] = _tool_choice(request.tool_choice)
    if request.temperature is not None and capabilities.temperature:
        body["temperature"] = request.temperature
    if capabilities.effort:
        body["include"] = ["reasoning.encrypted_content"]
        effort = "none" if request.thinking is False else _effort(request)
        body["reasoning"] = {"summary": "auto"} | ({"effort": effort} if effort else {})
    if request.output_schema is not None and capabilities.structured == "native":
        schema = strict_schema(request.output_schema)
        body["text"] = {"format": {"type": "json_schema", "name": "answer", "schema": schema, "strict": True}}
    if request.cache:
        # Caching is automatic; the key brings calls with one beginning to one cache.
        prefix = request.system + "".join(tool.name for tool in request.tools)
        body["prompt_cache_key"] = sha256(prefix.encode("utf-8", "surrogatepass")).hexdigest()[:32]
    return body


def _effort(request: Request) -> str | None:
    return "xhigh" if request.effort == "max" else request.effort


def _tool_choice(choice: str) -> Any:
    if choice in {"auto", "none"}:
        return choice
    return "required" if choice == "any" else {"type": "function", "name": choice}


def _items(message: Message, model: str) -> list[dict[str, Any]]:
    """Return a message as items: what is said in one piece, and each call, result and thought by itself."""
    items: list[dict[str, Any]] = []
    said: list[dict[str, Any]] = []

    def flush() -> None:
        if said:
            items.append({"type": "message", "role": message.role, "content": list(said)})
            said.clear()

    for block in message.content:
        match block:
            case Thinking():
                flush()
                items += [block.wire] if block.model == model else []
            case ToolUse():
                flush()
                arguments = block.malformed or json.dumps(block.input)
                call = {"type": "function_call", "call_id": block.id, "name": block.name, "arguments": arguments}
                items.append(call)
            case ToolResult():
                flush()
                output = [_part(part, "user") for part in block.content]
                items.append({"type": "function_call_output", "call_id": block.tool_use_id, "output": output})
            case _:
                said.append(_part(block, message.role))
    flush()
    return items


def _part(block: Block, role: str) -> dict[str, Any]:
    match block:
        case Text():
            return {"type": "output_text" if role == "assistant" else "input_text", "text": block.text}
        case Image():
            return {
                "type": "input_image",
                "image_url": f"data:{block.media_type};base64,{block.data}",
                "detail": "auto",
            }
        case Document(media_type="text/plain"):
            return {"type": "input_text", "text": f"{block.title}\n{block.data}".strip()}
        case Document():
            name = block.title or "document.pdf"
            return {
                "type": "input_file",
                "filename": name,
                "file_data": f"data:{block.media_type};base64,{block.data}",
            }
        case _:
            return {"type": "input_text", "text": ""}


def _event(event: Any, built: Assembly, cut: StopTexts) -> Event | None:
    """Take one of the SDK's events into the reply; return what a reader should see of it."""
    match event.type:
        case "response.output_text.delta":
            return _said(built, (event.output_index, event.content_index), cut.feed(event.delta))
        case "response.output_text.done":
            return _said(built, (event.output_index, event.content_index), cut.rest())
        case "response.refusal.delta":
            built.stop_reason = "refusal"
            return _said(built, (event.output_index, event.content_index), event.delta)
        case "response.reasoning_summary_text.delta":
            built.piece(event.output_index, "thinking").add(event.delta)
            return ThinkingDelta(event.delta)
        case "response.output_item.added":
            return _added(event.output_index, event.item, built)
        case "response.function_call_arguments.delta":
            piece = built.piece(event.output_index, "tool_use")
            piece.add(event.delta)
            return ToolDelta(piece.id, piece.name, event.delta)
        case "response.output_item.done":
            if event.item.type == "reasoning":
                piece = built.piece(event.output_index, "thinking")
                piece.wire = event.item.model_dump(exclude_none=True, exclude={"status"})
        case "response.completed" | "response.incomplete":
            _finish(event.response, built)
        case "response.failed":
            raise _failure(event.response.error, built.model)
        case "error":
            raise _failure(event, built.model)
        case _:
            pass
    return None


def _said(built: Assembly, key: Any, text: str) -> Event | None:
    if not text:
        return None
    built.piece(key, "text").add(text)
    return TextDelta(text)


def _added(index: int, item: Any, built: Assembly) -> Event | None:
    if item.type == "function_call":
        built.piece(index, "tool_use", tool_id=item.call_id, name=item.name)
        return ToolDelta(item.call_id, item.name, "")
    if item.type == "reasoning":
        built.piece(index, "thinking")
    return None


def _finish(response: Any, built: Assembly) -> None:
    usage = response.usage
    if usage is not None:
        details = usage.input_tokens_details
        read = getattr(details, "cached_tokens", 0) or 0
        written = getattr(details, "cache_write_tokens", 0) or 0
        built.usage = Usage(
            # The vendor's count of input holds the cached tokens as well.
            input_tokens=max(0, usage.input_tokens - read - written),
            cache_read_tokens=read,
            cache_write_tokens=written,
            output_tokens=usage.output_tokens,
            reasoning_tokens=getattr(usage.output_tokens_details, "reasoning_tokens", 0) or 0,
        )
    if built.stop_reason != "refusal":
        built.stop_reason = _stop_reason(response, built)


def _stop_reason(response: Any, built: Assembly) -> StopReason:
    if response.status == "incomplete":
        reason = getattr(response.incomplete_details, "reason", "")
        return "refusal" if reason == "content_filter" else "max_tokens"
    called = any(piece.kind == "tool_use" for piece in built.pieces.values())
    return "tool_use" if called else "end_turn"


def _failure(error: Any, model: str) -> CallError:
    found = error_of_type(str(getattr(error, "code", "") or ""), str(getattr(error, "message", "")), model)
    found.billed = True
    return found
