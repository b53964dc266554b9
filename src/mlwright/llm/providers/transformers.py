# pyright: reportMissingImports=false
"""A model in a folder on this machine, through transformers; with a schema, every token is held to it by llguidance.

Source: https://github.com/guidance-ai/llguidance
"""

import asyncio
import json
import re
from collections.abc import AsyncGenerator, Generator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from mlwright.base.errors import LLMError
from mlwright.base.seeds import generator
from mlwright.base.traits import Traits
from mlwright.llm.assembly import Assembly, StopTexts
from mlwright.llm.capabilities import Capabilities
from mlwright.llm.errors import ContextTooLong, SchemaRefused, UnknownModel
from mlwright.llm.messages import Document, Message, Request, Text, ToolResult, check_pairs
from mlwright.llm.names import Endpoint
from mlwright.llm.protocol import concurrently
from mlwright.llm.reply import Done, Event, Reply, TextDelta, ToolDelta, Usage
from mlwright.llm.schemas import closed_schema

_CALL = re.compile(r"<tool_call>\s*(.*?)\s*</tool_call>", re.S)
# Held to a grammar with this many tokens left (and the schema's own length), the shortest way to its end is taken.
_CLOSING_TOKENS = 32


class Transformers:
    """A causal language model from a local folder: safetensors only, and no code of the folder's is run."""

    traits = Traits(
        summary="A model in a local folder, by transformers, held to schemas",
        extra="local",
        requires=("torch", "transformers", "llguidance"),
        onnx=False,
    )
    key_variable = ""
    provider = "local"

    def __init__(self, network: Any, tokenizer: Any, model: str) -> None:
        self.network = network
        self.tokenizer = tokenizer
        self.model = model
        window = int(getattr(network.config, "max_position_embeddings", 0) or 4096)
        self.capabilities = Capabilities(
            context_tokens=window, structured="constrained", images=False, counts_tokens=True, free=True
        )

    @classmethod
    def open(cls, endpoint: Endpoint) -> "Transformers":
        """Return the model in a folder.

        Raises:
            UnknownModel: There is no such folder, or no model in it.
        """
        folder = Path(endpoint.model).expanduser()
        if not (folder / "config.json").is_file():
            raise UnknownModel(f"'{folder}' holds no model.", hint="Name a folder with config.json and safetensors.")
        import transformers

        tokenizer = transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True)
        network = transformers.AutoModelForCausalLM.from_pretrained(
            folder, local_files_only=True, use_safetensors=True, dtype="auto"
        )
        return cls(network.eval(), tokenizer, str(folder))

    async def stream(self, request: Request) -> AsyncGenerator[Event, None]:
        """Yield the answer's events; each token is computed on a thread."""
        check_pairs(request.messages)
        ids = await asyncio.to_thread(self._prompt, request)
        if len(ids) >= self.capabilities.context_tokens:
            raise ContextTooLong(
                f"The request has {len(ids)} tokens and the window {self.capabilities.context_tokens}.",
                hint="Shorten the messages.",
            )
        built, cut = Assembly(self.model, request_id="local"), StopTexts(request.stop)
        said = built.piece(0, "text")
        decoder = _Decoder(self.tokenizer)
        room = min(request.max_tokens, self.capabilities.context_tokens - len(ids))
        steps = self._steps(request, ids, room)
        quiet = _forced(request) is not None
        written, ended = 0, False
        while not ended and not cut.met and written < room:
            token = await asyncio.to_thread(next, steps, None)
            if token is None:
                ended = True
                break
            written += 1
            piece = cut.feed(decoder.feed(token))
            said.add(piece)
            if piece and not quiet:
                yield TextDelta(piece)
        steps.close()
        rest = cut.feed(decoder.rest()) + cut.rest()
        said.add(rest)
        if rest and not quiet:
            yield TextDelta(rest)
        built.usage = Usage(input_tokens=len(ids), output_tokens=written)
        built.stop_reason = "stop_sequence" if cut.met else "end_turn" if ended else "max_tokens"
        for event in _calls(built, request):
            yield event
        yield Done(built.reply())

    async def count_tokens(self, request: Request) -> int:
        """Return the number of tokens of the prompt."""
        return len(await asyncio.to_thread(self._prompt, request))

    async def batch(self, requests: Sequence[Request]) -> list[Reply | LLMError]:
        """Return an answer for each request, one after the other."""
        return await concurrently(self, requests, at_once=1)

    async def aclose(self) -> None:
        """Do nothing: the weights go with the object."""

    @cached_property
    def _grammar_tokenizer(self) -> Any:
        from llguidance.hf import from_tokenizer

        return from_tokenizer(self.tokenizer, n_vocab=int(self.network.config.vocab_size))

    @cached_property
    def _texts(self) -> tuple[str, ...]:
        return tuple(self.tokenizer.decode([token]) for token in range(len(self.tokenizer)))

    @cached_property
    def _closers(self) -> dict[str, list[int]]:
        signs = ('"', "}", "]", ",")
        return {sign: [token for token, text in enumerate(self._texts) if text == sign] for sign in signs}

    def _prompt(self, request: Request) -> list[int]:
        messages = _plain(request)
        if getattr(self.tokenizer, "chat_template", None):
            tools = [
                {
                    "type": "function",
                    "function": {"name": one.name, "description": one.description, "parameters": one.input_schema},
                }
                for one in request.tools
            ]
            text = self.tokenizer.apply_chat_template(
                messages, tools=tools or None, add_generation_prompt=True, tokenize=False
            )
            return list(self.tokenizer(text, add_special_tokens=False)["input_ids"])
        told = [{"role": "system", "content": f"Tools: {_tools_told(request)}"}] if request.tools else []
        lines = [f"{one['role']}: {one['content']}" for one in (*told, *messages)]
        return list(self.tokenizer("\n".join([*lines, "assistant:"]))["input_ids"])

    def _steps(self, request: Request, ids: list[int], room: int) -> Generator[int, None, None]:
        """Yield the answer's tokens up to the end that the model, or the schema, sets."""
        import torch

        held = self._held(request)
        draws = generator(request.seed, "sampling")
        ends = _end_tokens(self.network, self.tokenizer)
        past: Any = None
        fed = torch.tensor([ids])
        for left in range(room, 0, -1):
            with torch.inference_mode():
                out = self.network(input_ids=fed, past_key_values=past, use_cache=True)
            past = out.past_key_values
            logits = out.logits[0, -1].float().cpu().numpy()
            if held is not None:
                token = held.choose(logits, left, request, draws)
                if token is None:
                    return
            else:
                token = _drawn(logits, request.temperature, draws)
                if token in ends:
                    return
            yield token
            fed = torch.tensor([[token]])

    def _held(self, request: Request) -> "_Held | None":
        schema = _forced(request) or request.output_schema
        if schema is None:
            return None
        from llguidance import LLMatcher

        closed = closed_schema(schema)
        grammar = LLMatcher.grammar_from_json_schema(closed, defaults={"whitespace_flexible": False})
        matcher = LLMatcher(self._grammar_tokenizer, grammar)
        if matcher.is_error():
            raise SchemaRefused(f"llguidance does not take the schema: {matcher.get_error()}", hint="Simplify it.")
        closing = len(json.dumps(closed)) + _CLOSING_TOKENS
        return _Held(matcher, closing, self._texts, self._closers, _end_tokens(self.network, self.tokenizer))


@dataclass(slots=True)
class _Held:
    """A grammar, and how far it has come."""

    matcher: Any
    closing_tokens: int
    texts: tuple[str, ...]
    closers: dict[str, list[int]]
    ends: set[int]
    in_string: bool = False
    escaped: bool = False

    def choose(self, logits: np.ndarray, left: int, request: Request, draws: np.random.Generator) -> int | None:
        """Return the likeliest, or a drawn, token that the grammar allows; None at its end."""
        if self.matcher.is_stopped():
            return None
        bits = np.frombuffer(self.matcher.compute_bitmask(), dtype=np.uint8)
        allowed = np.unpackbits(bits, bitorder="little")[: len(logits)].astype(bool)
        if left <= self.closing_tokens:
            if self.matcher.is_accepting():
                return None
            allowed = self._shortest(allowed)
        masked = np.where(allowed, logits[: len(allowed)], -np.inf)
        token = _drawn(masked, request.temperature, draws)
        if not self.matcher.consume_token(token):
            raise SchemaRefused(f"llguidance lost its way: {self.matcher.get_error()}", hint="Simplify the schema.")
        # The end-of-text token is allowed once the value is whole; it is not part of the answer.
        if token in self.ends:
            return None
        self._follow(self.texts[token])
        return token

    def _shortest(self, allowed: np.ndarray) -> np.ndarray:
        """Return the allowed tokens that lead to the value's end: out of a string, an object or list, a number."""
        for wanted in ('"',) if self.in_string else ("}", "]", ","):
            near = [token for token in self.closers[wanted] if allowed[token]]
            if near:
                only = np.zeros_like(allowed)
                only[near] = True
                return only
        return allowed

    def _follow(self, text: str) -> None:
        for sign in text:
            if self.escaped:
                self.escaped = False
            elif sign == "\\":
                self.escaped = self.in_string
            elif sign == '"':
                self.in_string = not self.in_string


class _Decoder:
    """Text from tokens, without the halves of characters; the last tokens shown are decoded again for their joints."""

    def __init__(self, tokenizer: Any) -> None:
        self.tokenizer = tokenizer
        self.before: list[int] = []
        self.new: list[int] = []

    def feed(self, token: int) -> str:
        self.new.append(token)
        text = self._text()
        if text.endswith("\ufffd"):
            return ""
        self.before, self.new = self.new, []
        return text

    def rest(self) -> str:
        return self._text() if self.new else ""

    def _text(self) -> str:
        shown = len(self.tokenizer.decode(self.before, skip_special_tokens=True))
        return self.tokenizer.decode([*self.before, *self.new], skip_special_tokens=True)[shown:]


def _drawn(logits: np.ndarray, temperature: float | None, draws: np.random.Generator) -> int:
    if not temperature:
        return int(np.argmax(logits))
    scaled = (logits - logits.max()) / temperature
    chances = np.exp(scaled)
    return int(draws.choice(len(chances), p=chances / chances.sum()))


def _end_tokens(network: Any, tokenizer: Any) -> set[int]:
    said = getattr(getattr(network, "generation_config", None), "eos_token_id", None)
    many = said if isinstance(said, list) else [said]
    return {int(token) for token in (*many, tokenizer.eos_token_id) if token is not None}


def _forced(request: Request) -> dict[str, Any] | None:
    """Return the schema of a tool call that must be made, or None."""
    if not request.tools or request.tool_choice in {"auto", "none"}:
        return None
    wanted = [tool for tool in request.tools if request.tool_choice in {"any", tool.name}]
    shapes = [
        {
            "type": "object",
            "properties": {"name": {"const": tool.name}, "arguments": tool.input_schema},
            "required": ["name", "arguments"],
        }
        for tool in wanted
    ]
    return shapes[0] if len(shapes) == 1 else {"anyOf": shapes}


def _calls(built: Assembly, request: Request) -> list[Event]:
    """Turn written tool calls into blocks; return their events."""
    if not request.tools or request.tool_choice == "none" or request.output_schema is not None:
        return []
    text = "".join(built.pieces[0].parts)
    written = [text] if _forced(request) is not None else _CALL.findall(text)
    if not written:
        return []
    built.pieces[0].parts[:] = [] if _forced(request) is not None else [_CALL.sub("", text).strip()]
    events: list[Event] = []
    for number, call in enumerate(written):
        name, arguments = _call_parts(call)
        piece = built.piece(("tool", number), "tool_use", tool_id=f"call_{number}", name=name)
        piece.add(arguments)
        events += [ToolDelta(piece.id, name, ""), ToolDelta(piece.id, name, arguments)]
    if built.stop_reason == "end_turn":
        built.stop_reason = "tool_use"
    return events


def _call_parts(text: str) -> tuple[str, str]:
    """Return the name and the arguments, as JSON, of a call as models write it; what can't be read is the arguments."""
    try:
        call = json.loads(text)
    except json.JSONDecodeError:
        return "unreadable", text
    if not isinstance(call, dict):
        return "unreadable", text
    return str(call.get("name", "unreadable")), json.dumps(call.get("arguments", {}))


def _tools_told(request: Request) -> str:
    return json.dumps([tool.model_dump() for tool in request.tools])


def _plain(request: Request) -> list[dict[str, Any]]:
    """Return the messages as chat templates take them."""
    found: list[dict[str, Any]] = [{"role": "system", "content": request.system}] if request.system else []
    for message in request.messages:
        names = {use.id: use.name for earlier in request.messages for use in earlier.tool_uses}
        found += [
            {"role": "tool", "name": names.get(block.tool_use_id, ""), "content": _joined(block.content)}
            for block in message.content
            if isinstance(block, ToolResult)
        ]
        if message.role == "assistant" or any(not isinstance(block, ToolResult) for block in message.content):
            found.append(_one(message))
    return found


def _one(message: Message) -> dict[str, Any]:
    calls = [{"type": "function", "function": {"name": use.name, "arguments": use.input}} for use in message.tool_uses]
    said = {"role": message.role, "content": _joined(message.content)}
    return said | ({"tool_calls": calls} if calls else {})


def _joined(blocks: Sequence[Any]) -> str:
    texts = [block.text for block in blocks if isinstance(block, Text)]
    texts += [block.data for block in blocks if isinstance(block, Document) and block.media_type == "text/plain"]
    return "\n".join(texts)
