"""Step, event, artifact and tool: the words that planner, tools and run share. Import them from `run.types`."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Protocol

from pydantic import BaseModel, ConfigDict, Field

from mlwright.contract.gate import Gate

SESSION_KINDS = ("run.opened", "run.resumed")  # the first event of each session
DONE_KINDS = ("step.done", "step.skipped")


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ArtifactRef(_Frozen):
    """An artifact by content. `name` is "step.output"."""

    name: str
    codec: str
    sha256: str
    size_bytes: int


class Event(_Frozen):
    """One line of the journal. `hash` covers every other field, `previous` is the hash of the line before."""

    seq: int
    time: str
    kind: str
    step: str | None
    data: Mapping[str, Any]
    previous: str
    hash: str


class Step(_Frozen):
    """One call of a tool. Its outputs are called "name.output".

    Attributes:
        inputs: Input name of the tool to the "step.output" that fills it.
        params: As the tool's `params` model takes them, JSON-able.
    """

    name: str
    tool: str
    inputs: Mapping[str, str] = Field(default_factory=dict[str, str])
    params: Mapping[str, Any] = Field(default_factory=dict[str, Any])


class Tools(Protocol):
    """A registry of tools, or anything that behaves like one. A plain dict of tools does for tests."""

    def __iter__(self) -> Iterator[str]: ...
    def __contains__(self, name: object, /) -> bool: ...


class Trials(Protocol):
    """Partial results of a step that survive a kill."""

    def keys(self) -> tuple[str, ...]: ...
    def saved(self, key: str) -> Path | None: ...
    def save(self, key: str, directory: Path) -> None: ...


@dataclass(frozen=True, slots=True)
class Context:
    """What a tool may use of the world.

    Attributes:
        seed: The step's own seed.
        threads: How many threads it may use.
        deadline: The `time.monotonic()` by which it must have stopped, or None.
        emit: `emit(kind, data)` appends an event of this step to the journal; data must be JSON-able.
        workspace: An empty scratch folder, removed after the step.
        partial: Partial results, for resuming.
        gate: Every path outside `workspace`, `delivery` and `vault` goes through it.
        delivery, vault: Folders of the run.
        base: The folder that relative paths of the brief start from.
        memory_bytes: The memory the step may use, or None.
    """

    seed: int
    threads: int
    deadline: float | None
    emit: Callable[[str, Mapping[str, Any]], None]
    workspace: Path
    partial: Trials
    gate: Gate
    delivery: Path
    vault: Path
    base: Path
    memory_bytes: int | None = None
    root: Path | None = None

    def saved(self, key: str) -> Path | None:
        """Return the folder saved as `key` by this step before it was interrupted, or None."""
        return self.partial.saved(key)

    def save(self, key: str, directory: Path) -> None:
        """Keep a copy of `directory` as `key`; it survives a kill from when this returns."""
        self.partial.save(key, directory)

    def saved_keys(self) -> tuple[str, ...]:
        """Return what was saved, sorted."""
        return self.partial.keys()


class Tool(Protocol):
    """One verb. Stateless, constructed with no arguments; never calls a tool, never sees the planner.

    Attributes:
        heavy: Runs in a child process with a memory limit and a deadline.
        inputs, outputs: Name to codec; an input's codec that ends in "?" may be left out.

    A tool may also set `final = True`: it belongs to finishing the delivery and may use the time kept back for that;
    and `optional = True`: a delivery is whole without it, so it is stopped at its deadline, or not begun without time.
    """

    name: ClassVar[str]
    version: ClassVar[str]
    summary: ClassVar[str]
    heavy: ClassVar[bool]
    params: ClassVar[type[BaseModel]]
    inputs: ClassVar[Mapping[str, str]]
    outputs: ClassVar[Mapping[str, str]]

    def run(self, params: Any, inputs: Mapping[str, Any], context: Context) -> Mapping[str, Any]:
        """Return the outputs, one value per name of `outputs`, each as its codec takes it."""
        ...


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a step.

    Attributes:
        event: The event that says so ("step.done" or "step.skipped"); its `seq` is evidence.
        skipped: It had been done before with the same tool, params, inputs and seed.
    """

    step: Step
    artifacts: Mapping[str, ArtifactRef]
    seconds: float
    skipped: bool
    event: Event


Listener = Callable[[Event], None]
Events = Sequence[Event]


def find_tool(tools: Tools, name: str) -> Tool:
    """Return an instance of the tool `name` from a registry of classes or a mapping of tools."""
    found: Any = tools[name] if isinstance(tools, Mapping) else tools.load(name)  # type: ignore[attr-defined]
    return found() if isinstance(found, type) else found
