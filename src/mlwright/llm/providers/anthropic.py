"""Anthropic's Messages API through its official SDK.

Source: https://platform.claude.com/docs/en/api/messages
"""

import asyncio
import json
from collections.abc import AsyncGenerator, Sequence
from typing import Any

from mlwright.base.errors import LLMError
from mlwright.base.traits import Traits
from mlwright.llm.assembly import Assembly
from mlwright.llm.bounds import most_tokens
from mlwright.llm.capabilities import Capabilities, capabilities_of
from mlwright.llm.errors import ProviderDown, StreamCut
from mlwright.llm.messages import Block, Document, Image, Request, Text, Thinking, ToolUse, check_pairs
from mlwright.llm.names import Endpoint
from mlwright.llm.providers.failures import call_error
from mlwright.llm.reply import Done, Event, Reply, TextDelta, ThinkingDelta, ToolDelta, Usage
from mlwright.llm.schemas import strict_schema

ADDRESS = "https://api.anthropic.com"
# Shorter prefixes than this aren't cached; a bound of bytes is about four times the tokens.
_LEAST_CACHED_BYTES = 4 * 1024
_POLL_SECONDS = (1.0, 60.0)


class Anthropic:
    """A Claude model."""

    traits = Traits(summary="Claude, by the Messages API", extra="llm", requires=("anthropic",), onnx=False)
    key_variable = "ANTHROPIC_API_KEY"
    address = ADDRESS
    provider = "anthropic"

    def __init__(self, client: Any, model: str) -> None:
        self.client = client
        self.model = model
        self.capabilities: Capabilities = capabilities_of(model)

    @classmethod
    def open(cls, endpoint: Endpoint) -> "Anthropic":
        """Return the model at an endpoint."""
        import anthropic

        client = anthropic.AsyncAnthropic(
            api_key=endpoint.api_key,
            base_url=endpoint.base_url or cls.address,
            max_retries=0,
            timeout=endpoint.idle_seconds,
        )
        return cls(client, endpoint.model)

    async def stream(self, request: Request) -> AsyncGenerator[Event, None]:
        """Yield the answer's events."""
        import anthropic

        body = wire_request(request, self.model, self.capabilities)
        built = Assembly(self.model)
        began = False
        try:
            # Always streamed: without, the SDK refuses long answers, and a connection may stay silent for minutes.
            async with await self.client.messages.create(**body, stream=True) as stream:
                built.request_id = stream.response.headers.get("request-id", "")
                async for event in stream:
                    began = True
                    if (found := _event(event, built)) is not None:
                        yield found
        except (anthropic.AnthropicError, *_transport_errors()) as exc:
            raise call_error(exc, model=self.model, began=began) from exc
        if built.stop_reason is None:
            raise StreamCut(f"The answer of {self.model} broke off.", hint="Ask again.")
        yield Done(built.reply())

    async def count_tokens(self, request: Request) -> int:
        """Return the provider's own count; asking costs nothing."""
        import anthropic

        body = wire_request(request, self.model, self.capabilities)
        for unused in ("max_tokens", "stop_sequences"):
            body.pop(unused, None)
        try:
            counted = await self.client.messages.count_tokens(**body)
        except (anthropic.AnthropicError, *_transport_errors()) as exc:
            raise call_error(exc, model=self.model) from exc
        return max(1, int(counted.input_tokens))

    async def batch(self, requests: Sequence[Request]) -> list[Reply | LLMError]:
        """Return an answer or an error for each request at half the price; it may take up to a day."""
        import anthropic

        sent = [
            {"custom_id": f"r{place}", "params": wire_request(request, self.model, self.capabilities)}
            for place, request in enumerate(requests)
        ]
        began = False
        try:
            batch = await self.client.messages.batches.create(requests=sent)
            began = True
            wait, longest = _POLL_SECONDS
            while batch.processing_status != "ended":
                await asyncio.sleep(wait)
                wait = min(wait * 1.5, longest)
                batch = await self.client.messages.batches.retrieve(batch.id)
            found: dict[str, Reply | LLMError] = {}
            async for line in await self.client.messages.batches.results(batch.id):
                found[line.custom_id] = _batch_answer(line.result, self.model)
        except (anthropic.AnthropicError, *_transport_errors()) as exc:
            raise call_error(exc, model=self.model, began=began) from exc
        absent = ProviderDown("The batch has no answer for this request.", hint="Send it again.")
        return [found.get(f"r{place}", absent) for place in range(len(requests))]

    async def aclose(self) -> None:
        """Let go of connections."""
        await self.client.close()


def wire_request(request: Request, model: str, capabilities: Capabilities) -> dict[str, Any]:
    """Return the body of a request: what the model does not take is left out."""
    check_pairs(request.messages)
    body: dict[str, Any] = {
        "model": model,
        "max_tokens": request.max_tokens,
        "messages": [
            {"role": message.role, "content": content}
            for message in request.messages
            if (content := [_wire(block) for block in message.content if _belongs(block, model)])
        ],
    }
    if request.system:
        body["system"] = [{"type": "text", "text": request.system}]
    if request.tools:
        body["tools"] = [tool.model_dump() for tool in request.tools]
        body["tool_choice"] = _tool_choice(request.tool_choice, capabilities)
    if request.stop:
        body["stop_sequences"] = list(request.stop)
    if request.thinking is False and capabilities.thinking:
        body["thinking"] = {"type": "disabled"}
    output: dict[str, Any] = {}
    if request.effort is not None and capabilities.effort:
        output["effort"] = request.effort
    if request.output_schema is not None and capabilities.structured == "native":
        output["format"] = {"type": "json_schema", "schema": strict_schema(request.output_schema)}
    if output:
        body["output_config"] = output
    if request.cache:
        _mark_cache(body, request)
    return body


def _mark_cache(body: dict[str, Any], request: Request) -> None:
    """Mark what will be read again: system and tools always, the whole history once it is a conversation.

    Writing costs 1.25 times the input price and reading a tenth or less, so a mark pays from the second call on.
    """
    prefix = len(request.system) + sum(len(json.dumps(tool)) for tool in body.get("tools", ()))
    mark = {"type": "ephemeral"}
    if prefix >= _LEAST_CACHED_BYTES:
        last = body["system"][-1] if request.system else body["tools"][-1]
        last["cache_control"] = mark
    goes_on = bool(request.tools) or len(request.messages) > 1
    if goes_on and prefix + most_tokens(request) >= _LEAST_CACHED_BYTES:
        body["cache_control"] = mark


def _tool_choice(choice: str, capabilities: Capabilities) -> dict[str, Any]:
    if choice in {"auto", "none"}:
        return {"type": choice}
    if not capabilities.forced_tools:
        return {"type": "auto"}
    return {"type": "any"} if choice == "any" else {"type": "tool", "name": choice}


def _belongs(block: Block, model: str) -> bool:
    """Return whether a block goes on the wire: another model's thinking doesn't, and no empty text is taken."""
    if isinstance(block, Thinking):
        return block.model == model
    return not (isinstance(block, Text) and not block.text)


def _wire(block: Block) -> dict[str, Any]:
    match block:
        case Thinking():
            return block.wire
        case Image():
            return {"type": "image", "source": {"type": "base64", "media_type": block.media_type, "data": block.data}}
        case Document():
            kind = "text" if block.media_type == "text/plain" else "base64"
            source = {"type": kind, "media_type": block.media_type, "data": block.data}
            return {"type": "document", "source": source} | ({"title": block.title} if block.title else {})
        case Text():
            return {"type": "text", "text": block.text}
        case ToolUse():
            return {"type": "tool_use", "id": block.id, "name": block.name, "input": block.input}
        case _:
            content = [_wire(part) for part in block.content]
            return {
                "type": "tool_result",
                "tool_use_id": block.tool_use_id,
                "content": content,
                "is_error": block.is_error,
            }


def _event(event: Any, built: Assembly) -> Event | None:
    """Take one of the SDK's events into the reply; return what a reader should see of it."""
    match event.type:
        case "content_block_delta":
            return _delta(event.delta, built.pieces.get(event.index))
        case "content_block_start":
            return _start(event.index, event.content_block, built)
        case "message_start":
            built.usage = _usage(event.message.usage)
        case "message_delta":
            built.stop_reason = event.delta.stop_reason
            built.usage = _last_usage(built.usage, event.usage)
        case _:
            pass
    return None


def _start(index: int, block: Any, built: Assembly) -> Event | None:
    if block.type == "tool_use":
        built.piece(index, "tool_use", tool_id=block.id, name=block.name)
        return ToolDelta(block.id, block.name, "")
    if block.type == "text":
        built.piece(index, "text").add(block.text)
        return TextDelta(block.text) if block.text else None
    if block.type in {"thinking", "redacted_thinking"}:
        piece = built.piece(index, "thinking")
        piece.wire = block.model_dump(exclude_none=True)
    return None


def _delta(delta: Any, piece: Any) -> Event | None:
    if piece is None:
        return None
    match delta.type:
        case "text_delta":
            piece.add(delta.text)
            return TextDelta(delta.text)
        case "input_json_delta":
            piece.add(delta.partial_json)
            return ToolDelta(piece.id, piece.name, delta.partial_json) if delta.partial_json else None
        case "thinking_delta":
            piece.add(delta.thinking)
            piece.wire["thinking"] = piece.wire.get("thinking", "") + delta.thinking
            return ThinkingDelta(delta.thinking)
        case "signature_delta":
            piece.wire["signature"] = delta.signature
        case _:
            pass
    return None


def _usage(usage: Any) -> Usage:
    written = usage.cache_creation_input_tokens or 0
    hour = (usage.cache_creation.ephemeral_1h_input_tokens if usage.cache_creation else 0) or 0
    details = usage.output_tokens_details
    return Usage(
        input_tokens=usage.input_tokens,
        cache_read_tokens=usage.cache_read_input_tokens or 0,
        cache_write_tokens=max(0, written - hour),
        cache_write_1h_tokens=hour,
        output_tokens=usage.output_tokens,
        reasoning_tokens=(details.thinking_tokens if details else 0) or 0,
    )


def _last_usage(usage: Usage, delta: Any) -> Usage:
    """Return the usage at the end: the last event counts from the start of the message, where it counts at all."""
    details = delta.output_tokens_details
    newer: dict[str, int | None] = {
        "output_tokens": delta.output_tokens,
        "input_tokens": delta.input_tokens,
        "cache_read_tokens": delta.cache_read_input_tokens,
        "reasoning_tokens": details.thinking_tokens if details else None,
    }
    return usage.model_copy(update={name: value for name, value in newer.items() if value is not None})


def _batch_answer(result: Any, model: str) -> Reply | LLMError:
    if result.type != "succeeded":
        said = getattr(getattr(getattr(result, "error", None), "error", None), "message", result.type)
        return ProviderDown(f"This request of the batch has no answer: {said}", hint="Send it again.")
    message = result.message
    built = Assembly(model, stop_reason=message.stop_reason, usage=_usage(message.usage), request_id=message.id)
    for index, block in enumerate(message.content):
        _start(index, block, built)
        piece = built.pieces.get(index)
        if piece is not None and block.type == "tool_use":
            piece.add(json.dumps(block.input))
        elif piece is not None and block.type == "thinking":
            piece.add(block.thinking)
    return built.reply()


def _transport_errors() -> tuple[type[Exception], ...]:
    import httpx2

    # While a stream is read, the SDK lets these through as they are; cut event data is a JSONDecodeError.
    return (httpx2.HTTPError, httpx2.StreamError, json.JSONDecodeError)
