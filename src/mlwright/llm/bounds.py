"""A number of tokens that a request never exceeds, found without asking anyone."""

import json

from mlwright.llm.messages import Block, Document, Image, Request, Text, Thinking, ToolResult, ToolUse

# A token of a byte-level vocabulary is at least one byte. What a provider adds around texts is bounded by these.
_PER_CALL = 1_000
_PER_MESSAGE = 16
_PER_TOOL = 128
# No vendor's picture is dearer, whatever its size; a PDF page is read as a picture and as text.
_PER_IMAGE = 6_000
_BYTES_PER_PAGE_LEAST = 200


def most_tokens(request: Request) -> int:
    """Return at least as many tokens as the request has; for plain text about four times as many.

    Example:
        >>> most_tokens(Request.of("Hello"))
        1021
    """
    total = _PER_CALL + _size(request.system) + sum(_size(text) for text in request.stop)
    if request.output_schema is not None:
        total += 2 * _size(_json(request.output_schema))
    for tool in request.tools:
        total += _PER_TOOL + _size(tool.name) + _size(tool.description) + _size(_json(tool.input_schema))
    for message in request.messages:
        total += _PER_MESSAGE + sum(_block(block) for block in message.content)
    return total


def _block(block: Block) -> int:
    match block:
        case Text():
            return _size(block.text)
        case Thinking():
            return _size(_json(block.wire))
        case ToolUse():
            return _PER_MESSAGE + _size(block.id) + _size(block.name) + _size(_json(block.input))
        case ToolResult():
            return _PER_MESSAGE + _size(block.tool_use_id) + sum(_block(part) for part in block.content)
        case Image():
            return _PER_IMAGE
        case Document():
            if block.media_type == "text/plain":
                return _size(block.data) + _size(block.title)
            # Compressed text unpacks to many times its size; pages are pictures besides.
            pages = max(1, len(block.data) * 3 // 4 // _BYTES_PER_PAGE_LEAST)
            return min(pages, 1_000) * _PER_IMAGE


def _size(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
