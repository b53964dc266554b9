"""What all facts have in common: they are frozen, plain, and say which journal event they came from."""

from pydantic import BaseModel, ConfigDict


class Plain(BaseModel):
    """A part of a block."""

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())


class Block(Plain):
    """Numbers with their source.

    Attributes:
        event: Sequence number of the journal event that the numbers come from.
    """

    event: int


class Estimate(Plain):
    """A measured value and its interval (95 % unless its block says otherwise); None where none was computed."""

    value: float
    low: float | None = None
    high: float | None = None


class Series(Plain):
    """A line: y over x, with an optional band. `name` is the class or group it belongs to, "" for the only one."""

    name: str = ""
    x: tuple[float, ...]
    y: tuple[float, ...]
    low: tuple[float, ...] = ()
    high: tuple[float, ...] = ()


class Histogram(Plain):
    """Counts between edges; one edge more than counts."""

    edges: tuple[float, ...]
    counts: tuple[int, ...]


class Count(Plain):
    """How often a level or class was seen."""

    name: str
    count: int


class EvidenceEvent(Plain):
    """One journal event as the appendix shows it.

    Attributes:
        seconds: Since the start of the run.
        summary: One line on what it recorded.
    """

    seq: int
    kind: str
    step: str = ""
    seconds: float | None = None
    hash: str = ""
    summary: str = ""
