"""The journal: JSON lines, appended, fsynced, each chained to the one before by its hash."""

import json
import os
import signal
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mlwright.base.errors import RunError
from mlwright.delivery.chain import GENESIS, chain_hash
from mlwright.run.files import clear_errors
from mlwright.run.types import Event


class Journal:
    """An append-only list of events in one file.

    A last line torn by a crash is cut off on opening, and an event says so. Any other break is refused.
    """

    def __init__(self, path: Path, events: list[Event]) -> None:
        self.path = path
        self._events = events

    @classmethod
    def open(cls, path: Path) -> "Journal":
        """Open or create the journal at `path`.

        Raises:
            RunError: The file cannot be used, or its chain is broken.
        """
        with clear_errors(path):
            content = path.read_bytes() if path.exists() else b""
        events, whole = _parse(content, path)
        journal = cls(path, events)
        if whole < len(content):
            with clear_errors(path), path.open("r+b") as stream:
                stream.truncate(whole)
                os.fsync(stream.fileno())
            if events:  # a run torn in its first line has not begun
                journal.append("journal.repaired", {"bytes_cut": len(content) - whole})
        return journal

    @property
    def events(self) -> tuple[Event, ...]:
        return tuple(self._events)

    def __iter__(self) -> Iterator[Event]:
        return iter(self.events)

    def append(self, kind: str, data: Mapping[str, Any], step: str | None = None) -> Event:
        """Add an event; when this returns it is on the disk. On failure the file is as it was before.

        Raises:
            RunError: The disk is full, the folder is read-only, or the data is not JSON-able.
        """
        event = self._next(kind, data, step)
        line = _line(event)
        with _uninterrupted(), clear_errors(self.path):
            handle = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
            try:
                _append(handle, line)
                self._events.append(event)
            finally:
                os.close(handle)
        return event

    def _next(self, kind: str, data: Mapping[str, Any], step: str | None) -> Event:
        last = self._events[-1] if self._events else None
        fields: dict[str, Any] = {
            "seq": last.seq + 1 if last else 0,
            "time": datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z"),
            "kind": kind,
            "step": step,
            "data": plain_json(data, f"event {kind}"),
            "previous": last.hash if last else GENESIS,
        }
        return Event(**fields, hash=chain_hash(fields))


def read_journal(path: Path) -> tuple[Event, ...]:
    """Read a journal without changing it; a torn last line is left out.

    Raises:
        RunError: It is missing or its chain is broken.
    """
    if not path.is_file():
        raise RunError(f"There is no journal at {path}.", hint="Give the folder of a run; `mlwright runs` lists them.")
    with clear_errors(path):
        return tuple(_parse(path.read_bytes(), path)[0])


def plain_json(value: Any, what: str) -> Any:
    """Return a value as JSON gives it back.

    Raises:
        RunError: It is not JSON-able (NaN and infinity are not).
    """
    try:
        return json.loads(json.dumps(value, allow_nan=False, sort_keys=True, default=_plain))
    except (TypeError, ValueError) as exc:
        raise RunError(
            f"The data of {what} is not JSON: {exc}.", hint="Use text, finite numbers, lists, dicts."
        ) from exc


def _plain(value: Any) -> Any:
    import numpy as np
    from pydantic import BaseModel

    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", by_alias=True)
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Path):
        return str(value)
    message = f"{type(value).__name__} {value!r}"
    raise TypeError(message)


def _line(event: Event) -> bytes:
    text = json.dumps(event.model_dump(), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode() + b"\n"


@contextmanager
def _uninterrupted() -> Generator[None]:
    """Let Ctrl+C wait: an event is in the file and in memory, or in neither."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _append(handle: int, line: bytes) -> None:
    size = os.fstat(handle).st_size
    try:
        written = 0
        while written < len(line):
            written += os.write(handle, line[written:])
        os.fsync(handle)
    except OSError:
        os.ftruncate(handle, size)  # half a line would break the next session's reading
        raise


def _parse(content: bytes, path: Path) -> tuple[list[Event], int]:
    """Return the events, and the length of the content that they fill."""
    events: list[Event] = []
    whole = 0
    lines = content.split(b"\n")
    for number, line in enumerate(lines[:-1], start=1):
        # Only the very last line may be torn: a write ends with its newline, so a torn one has none.
        events.append(_event(line, events[-1] if events else None, _fault(path, number)))
        whole += len(line) + 1
    return events, whole


def _event(line: bytes, last: Event | None, fault: Callable[[str], RunError]) -> Event:
    try:
        event = Event.model_validate_json(line)
    except ValueError as exc:
        raise fault("is not an event") from exc
    if event.seq != (last.seq + 1 if last else 0) or event.previous != (last.hash if last else GENESIS):
        raise fault("does not follow the line before it")
    if event.hash != chain_hash(event.model_dump(exclude={"hash"})):
        raise fault("does not have the hash of its content: it was changed")
    return event


def _fault(path: Path, number: int) -> Callable[[str], RunError]:
    hint = "The journal was edited or damaged; start a new run, or put the file back from a copy."
    return lambda what: RunError(f"{path}:{number} {what}.", hint=hint)
