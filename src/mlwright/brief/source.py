"""YAML, JSON or a dict as a tree of values that know their line; and the list of faults found in it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mlwright.base.errors import InputError

MAX_BYTES = 1_000_000
MAX_NODES = 20_000  # an alias that multiplies itself ends here


@dataclass(frozen=True, slots=True)
class Place:
    """Line and column, counted from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Node:
    """A value and where it stands.

    Attributes:
        value: A dict of name to Node, a list of Nodes, or a scalar (str, int, float, bool, None).
        text: How a scalar is written; a field that takes text takes this, so that `yes` and `1e-3` stay what they say.
        place: None when it came from Python.
        keys: For a dict, where each key stands.
    """

    value: Any
    text: str = ""
    place: Place | None = None
    keys: Mapping[str, Place] = field(default_factory=dict[str, Place])

    @property
    def kind(self) -> str:
        """What a person would call it."""
        if isinstance(self.value, dict):
            return "a mapping"
        if isinstance(self.value, list):
            return "a list"
        return "nothing" if self.value is None else repr(self.text or self.value)


class Wrong(Exception):
    """One value is wrong: what was expected, and what to do."""

    def __init__(self, message: str, hint: str, node: Node | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.node = node


@dataclass(slots=True)
class Faults:
    """The faults of one document."""

    name: str
    found: list[tuple[Place | None, str, str]] = field(default_factory=list[tuple[Place | None, str, str]])

    def add(self, place: Place | None, message: str, hint: str) -> None:
        if (place, message, hint) not in self.found:
            self.found.append((place, message, hint))

    def raise_as(self, kind: type[InputError] | Any) -> None:
        """Raise one error that lists them all, in the order of the file; nothing when there are none."""
        if not self.found:
            return
        self.found.sort(key=lambda fault: (fault[0].line, fault[0].column) if fault[0] else (0, 0))
        lines = [f"  {_at(self.name, place)}{message} {hint}" for place, message, hint in self.found]
        if len(self.found) == 1:
            place, message, hint = self.found[0]
            raise kind(f"{_at(self.name, place)}{message}", hint=hint)
        heading = f"{self.name} has {len(lines)} faults:"
        raise kind("\n".join([heading, *lines]), hint="Mend each line named above; each says how.")


def _at(name: str, place: Place | None) -> str:
    return f"{name}:{place.line}:{place.column}: " if place else ""


def node_of(value: object) -> Node:
    """Return a Python value (dicts, sequences, scalars) as a tree without places."""
    if isinstance(value, Mapping):
        return Node({str(key): node_of(item) for key, item in value.items()})
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return Node([node_of(item) for item in value])
    if isinstance(value, bool):
        return Node(value, text=str(value).lower())
    return Node(value, text="" if value is None else str(value))


def read_text(path: Path, what: str) -> str:
    """Return the text of a small UTF-8 file.

    Raises:
        Wrong: It is missing, a folder, too large, not readable or not UTF-8.
    """
    try:
        if path.is_dir():
            raise Wrong(f"{path} is a folder.", f"Give the {what} file itself.")
        if path.stat().st_size > MAX_BYTES:
            raise Wrong(f"{path} is larger than {MAX_BYTES:,} bytes, which no {what} is.", f"Give the {what} file.")
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        near = sorted(path.parent.glob("*" + path.suffix))[:5] if path.parent.is_dir() else []
        there = f" In that folder: {', '.join(item.name for item in near)}." if near else ""
        raise Wrong(f"There is no file {path}.", f"Check the path; it is relative to {Path.cwd()}.{there}") from None
    except UnicodeDecodeError as exc:
        line = path.read_bytes()[: exc.start].count(b"\n") + 1
        at = Node(None, place=Place(line, 1))
        raise Wrong(f"{path} is not UTF-8 text (byte {exc.start}).", "Save it as UTF-8.", at) from None
    except (OSError, ValueError) as exc:
        raise Wrong(f"{path} cannot be read: {exc}.", "Check the path and its permissions.") from exc


def parse_yaml(text: str, faults: Faults, *, first_line: int = 1) -> Node | None:
    """Return YAML or JSON text as a tree; what is wrong goes into `faults`.

    Args:
        text: One document.
        faults: Takes syntax errors and duplicate keys.
        first_line: The line of the file on which `text` starts.
    """
    import yaml

    if text.lstrip().startswith("{") and "\t" in text:
        text = text.replace("\t", " ")  # JSON may be indented by tabs, YAML may not; a JSON string holds no raw tab
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as exc:
        mark = exc.problem_mark or exc.context_mark
        place = Place(mark.line + first_line, mark.column + 1) if mark else None
        faults.add(place, f"This is not YAML: {exc.problem or exc.context}.", "Check indentation, quotes and colons.")
        return None
    except (yaml.YAMLError, RecursionError) as exc:
        faults.add(None, f"This is not YAML: {' '.join(str(exc).split())}.", "Save it as plain UTF-8 text.")
        return None
    return None if root is None else _Reader(faults, first_line).node(root, ())


class _Reader:
    def __init__(self, faults: Faults, first_line: int) -> None:
        self._faults = faults
        self._first_line = first_line
        self._seen = 0

    def node(self, raw: Any, above: tuple[int, ...]) -> Node:
        place = self._place(raw)
        self._seen += 1
        if id(raw) in above or self._seen > MAX_NODES or len(above) > 40:
            self._faults.add(place, "This refers to itself or is too large.", "Write the value out, without an alias.")
            return Node(None, place=place)
        if raw.id == "mapping":
            return self._mapping(raw, (*above, id(raw)))
        if raw.id == "sequence":
            return Node([self.node(item, (*above, id(raw))) for item in raw.value], place=place)
        return Node(_scalar(raw), text=raw.value, place=place)

    def _mapping(self, raw: Any, above: tuple[int, ...]) -> Node:
        values: dict[str, Node] = {}
        keys: dict[str, Place] = {}
        for key, item in raw.value:
            place = self._place(key)
            if key.id != "scalar":
                self._faults.add(place, "A key must be a single word.", "Write `name: value`.")
            elif key.value in values:
                first = keys[key.value].line
                self._faults.add(place, f"'{key.value}' is given twice (first on line {first}).", "Keep one of them.")
            elif self._seen <= MAX_NODES:
                keys[key.value] = place
                values[key.value] = self.node(item, above)
        return Node(values, place=self._place(raw), keys=keys)

    def _place(self, raw: Any) -> Place:
        return Place(raw.start_mark.line + self._first_line, raw.start_mark.column + 1)


def _scalar(raw: Any) -> Any:
    text, tag = raw.value, raw.tag.rpartition(":")[2]
    if tag == "null":
        return None
    if tag == "bool":
        return text.lower() in ("yes", "true", "on")
    if tag in ("int", "float"):
        try:
            return json.loads(text)
        except ValueError:
            return text
    return text
