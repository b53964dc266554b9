"""What each model takes: facts by family, and the table of windows and prices."""

import json
import re
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

_TABLE = Path(__file__).parent / "models.json"
_DATED = re.compile(r"(-\d{8}|-\d{4}-\d{2}-\d{2}|-latest|@\d{8})$")


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What one model takes; the defaults are those of an unknown model behind a compatible server.

    Attributes:
        context_tokens: The window.
        structured: How it is made to follow a schema: by itself in the vendors' strict subset, by itself in any schema
            (`constrained`), by a forced tool call, or by being told.
        forced_tools: Whether `tool_choice` may force a call.
        temperature: Whether it takes a temperature.
        effort: Whether it takes an effort.
        thinking: Whether it thinks by itself, and may be told not to.
        documents: Whether it reads PDF files.
        counts_tokens: Whether its tokens can be counted exactly before a call.
        batches: Whether many requests at once are a job of their own, at half the price.
        free: Whether a call costs nothing.
    """

    context_tokens: int = 32_768
    structured: Literal["native", "constrained", "tool", "prompt"] = "native"
    forced_tools: bool = True
    temperature: bool = True
    effort: bool = False
    thinking: bool = False
    images: bool = True
    documents: bool = False
    counts_tokens: bool = False
    batches: bool = False
    free: bool = False


_CLAUDE = Capabilities(context_tokens=200_000, temperature=False, documents=True, counts_tokens=True, batches=True)
_GPT = Capabilities(context_tokens=128_000, documents=True)
# The first pattern that matches says it. Newest first; an unknown name of a vendor gets the newest rules.
_FAMILIES: tuple[tuple[str, Capabilities], ...] = (
    (r"claude-(opus|sonnet)-4-[01]$|claude-(opus|sonnet)-4$|claude-[23]", replace(_CLAUDE, structured="tool")),
    (r"claude-(haiku|sonnet)-4-5", _CLAUDE),
    (r"claude-opus-4-5", replace(_CLAUDE, effort=True)),
    (r"claude-(opus|sonnet)-4-[6-9]", replace(_CLAUDE, effort=True, thinking=True)),
    (r"claude-", replace(_CLAUDE, effort=True, thinking=True, forced_tools=False)),
    (r"gpt-(3\.5|4$|4-)", replace(_GPT, structured="tool", documents=False)),
    (r"gpt-4", _GPT),
    (r"(gpt-|o\d)", replace(_GPT, temperature=False, effort=True, thinking=True)),
)


@cache
def model_table() -> MappingProxyType[str, dict[str, Any]]:
    """Return the lines of `models.json` by model name."""
    return MappingProxyType({line["model"]: line for line in json.loads(_TABLE.read_text(encoding="utf-8"))})


def table_name(model: str) -> str | None:
    """Return the name under which the table knows a model, also one with a date in its name; None if it doesn't.

    Example:
        >>> table_name("claude-opus-4-5-20251101")
        'claude-opus-4-5'
    """
    if model in model_table():
        return model
    bare = _DATED.sub("", model)
    return bare if bare in model_table() else None


def capabilities_of(model: str) -> Capabilities:
    """Return what a vendor's model takes.

    Example:
        >>> capabilities_of("claude-sonnet-5-5").forced_tools
        False
    """
    found = next((facts for pattern, facts in _FAMILIES if re.match(pattern, model)), Capabilities())
    known = table_name(model)
    window = model_table()[known]["context_tokens"] if known else None
    return replace(found, context_tokens=window) if window else found
