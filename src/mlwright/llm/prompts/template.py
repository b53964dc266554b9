"""Prompt templates: text with named, typed gaps, examples, and a version that changes with any of them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from string import Formatter
from typing import Any

from pydantic import TypeAdapter, ValidationError

from mlwright.base.errors import InputError
from mlwright.base.suggest import did_you_mean
from mlwright.llm.messages import Message, Request
from mlwright.llm.prompts.shots import Shot, Similarity, nearest, token_overlap


@dataclass(frozen=True, slots=True)
class Template:
    """A prompt with gaps in braces, `{ticket}`; a brace itself is written twice.

    A gap takes a value of its type and nothing else: no attributes, no indexes, so that a value can't reach further.

    Attributes:
        text: What the user's message says.
        inputs: Type of each gap.
        system: What the system prompt says; it may have gaps as well.
        shots: Examples shown as earlier turns.
        shown: How many of them at most, the nearest to the case; None shows all in their order.
        similarity: What nearest means.

    Example:
        >>> greet = Template("Greet {name} in {count} words.", {"name": str, "count": int})
        >>> greet.request(name="Ada", count=3).messages[0].text
        'Greet Ada in 3 words.'
    """

    text: str
    inputs: Mapping[str, Any]
    name: str = "prompt"
    system: str = ""
    shots: tuple[Shot, ...] = ()
    shown: int | None = None
    similarity: Similarity = field(default=token_overlap, compare=False)

    def __post_init__(self) -> None:
        gaps = _gaps(self.text) | _gaps(self.system)
        if gaps != set(self.inputs):
            odd = sorted(gaps ^ set(self.inputs))[0]
            raise InputError(
                f"The template '{self.name}' and its inputs differ in '{odd}'.",
                hint=did_you_mean(odd, (gaps | set(self.inputs)) - {odd}),
            )

    @property
    def version(self) -> str:
        """Twelve hexadecimal digits that change with the wording, the inputs or the shots."""
        types = {name: str(kind) for name, kind in sorted(self.inputs.items())}
        shots = [[dict(shot.inputs), shot.answer] for shot in self.shots]
        whole = json.dumps([self.text, self.system, types, shots, self.shown], sort_keys=True, default=str)
        return blake2b(whole.encode("utf-8", "surrogatepass"), digest_size=6).hexdigest()

    @property
    def label(self) -> str:
        """Name and version, as the account of a call keeps them."""
        return f"{self.name}@{self.version}"

    def request(self, **values: Any) -> Request:
        """Return the request for these values; further settings are set with `Request.model_copy`.

        Raises:
            InputError: A value is missing, unknown or of a wrong type.
        """
        checked = self._checked(values)
        chosen = self.shots if self.shown is None else nearest(self.shots, checked, self.shown, self.similarity)
        messages: list[Message] = []
        for shot in chosen:
            shown = {**dict.fromkeys(self.inputs, ""), **shot.inputs}
            messages += [Message.user(_filled(self.text, shown)), Message.assistant(shot.answer)]
        messages.append(Message.user(_filled(self.text, checked)))
        return Request(messages=tuple(messages), system=_filled(self.system, checked), prompt=self.label)

    def with_shots(self, shots: tuple[Shot, ...], shown: int | None = None) -> "Template":
        """Return the template with these examples."""
        return replace(self, shots=tuple(shots), shown=shown)

    def with_instruction(self, instruction: str) -> "Template":
        """Return the template with an instruction, taken as it is, at the end of its system prompt."""
        text = instruction.replace("{", "{{").replace("}", "}}")
        return replace(self, system=f"{self.system}\n\n{text}".strip()) if text else self

    def _checked(self, values: Mapping[str, Any]) -> dict[str, Any]:
        for name in sorted(set(values) ^ set(self.inputs)):
            what = "needs" if name in self.inputs else "has no input"
            hint = f"Give {name}." if name in self.inputs else did_you_mean(name, self.inputs)
            raise InputError(f"The template '{self.name}' {what} '{name}'.", hint=hint)
        checked: dict[str, Any] = {}
        for name, kind in self.inputs.items():
            try:
                checked[name] = TypeAdapter(kind).validate_python(values[name], strict=kind is str)
            except ValidationError as exc:
                raise InputError(
                    f"The input '{name}' of the template '{self.name}' is {values[name]!r:.100}: "
                    f"{exc.errors()[0]['msg']}.",
                    hint=f"Give a value of type {getattr(kind, '__name__', kind)}.",
                ) from exc
        return checked


def _gaps(text: str) -> set[str]:
    found: set[str] = set()
    for _, name, form, conversion in _parsed(text):
        if name is None:
            continue
        if not name.isidentifier() or form or conversion:
            raise InputError(f"'{{{name}}}' is not a gap.", hint="Write a plain name, or '{{' for a brace.")
        found.add(name)
    return found


def _parsed(text: str) -> list[tuple[str, str | None, str | None, str | None]]:
    try:
        return list(Formatter().parse(text))
    except ValueError as exc:
        raise InputError(f"The template is not well formed: {exc}.", hint="Write '{{' for a brace.") from exc


def _filled(text: str, values: Mapping[str, Any]) -> str:
    parts: list[str] = []
    for literal, name, _, _ in _parsed(text):
        parts.append(literal)
        if name is not None:
            value = values[name]
            parts.append(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str))
    return "".join(parts)
