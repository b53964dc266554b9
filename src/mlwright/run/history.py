"""What the journal says of time, money, steps and earlier runs."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from mlwright.base.errors import RunError
from mlwright.run.journal import read_journal
from mlwright.run.types import SESSION_KINDS, ArtifactRef, Event


@dataclass(frozen=True, slots=True)
class EarlierRun:
    """One run of a root folder. `state` is "finished", "stopped" or "broken"."""

    path: Path
    id: str
    objective: str
    opened: str
    state: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Memory:
    """What a planner may remember: the runs of the same root, and this run's own events so far."""

    runs: tuple[EarlierRun, ...]
    events: tuple[Event, ...]


def spent_seconds(events: Iterable[Event]) -> float:
    """Return the wall-clock seconds of all sessions: from the first event of each to its last."""
    total, start, last = 0.0, None, None
    for event in events:
        now = datetime.fromisoformat(event.time).timestamp()
        if event.kind in SESSION_KINDS or start is None:
            total += max(0.0, last - start) if start is not None and last is not None else 0.0
            start = now
        last = now
    return total + (max(0.0, last - start) if start is not None and last is not None else 0.0)


def spent_usd(events: Iterable[Event]) -> float:
    """Return the dollars settled in all sessions."""
    return sum(float(event.data.get("usd", 0.0)) for event in events if event.kind in ("step.done", "step.failed"))


def done_with(events: Iterable[Event], digest: str) -> Event | None:
    """Return the last event that finished a step of this digest."""
    found = [event for event in events if event.kind == "step.done" and event.data.get("digest") == digest]
    return found[-1] if found else None


def outputs_of(event: Event) -> dict[str, ArtifactRef]:
    """Return the artifacts that a "step.done" or "step.skipped" event names, by output."""
    return {name: ArtifactRef.model_validate(ref) for name, ref in event.data["outputs"].items()}


def list_runs(root: Path) -> tuple[EarlierRun, ...]:
    """Return the runs of a folder, oldest first; one whose journal is broken is listed as such."""
    if not root.is_dir():
        return ()
    folders = [path for path in root.iterdir() if (path / "journal.jsonl").is_file()]
    return tuple(sorted((_describe(path) for path in folders), key=lambda run: (run.opened, run.id)))


def _describe(path: Path) -> EarlierRun:
    try:
        events = read_journal(path / "journal.jsonl")
    except RunError:
        return EarlierRun(path, path.name, "", "", "broken", 0.0)
    if not events or events[0].kind != "run.opened":
        return EarlierRun(path, path.name, "", "", "broken", 0.0)
    finished = any(event.kind == "run.finished" for event in events)
    objective = str(events[0].data["brief"]["objective"])
    state = "finished" if finished else "stopped"
    return EarlierRun(path, path.name, objective, events[0].time, state, spent_seconds(events))
