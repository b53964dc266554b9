"""The hash chain of a journal: every event carries the hash of the one before and its own."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from mlwright.base.errors import VerifyError

GENESIS = "0" * 64  # what the first event has as `previous`


def chain_hash(event: Mapping[str, Any]) -> str:
    """Return the sha256 of an event's canonical JSON without its `hash`.

    Canonical: keys sorted, no spaces, UTF-8 unescaped, no NaN.

    Example:
        >>> chain_hash({"seq": 1, "hash": "x"}) == chain_hash({"seq": 1})
        True
    """
    content = {name: value for name, value in event.items() if name != "hash"}
    written = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(written.encode()).hexdigest()


def check_chain(lines: Iterable[str]) -> tuple[dict[str, Any], ...]:
    """Return the events of a journal, one JSON object a line.

    Raises:
        VerifyError: A line is no event, an event was changed, left out, added or moved.
    """
    events: list[dict[str, Any]] = []
    previous = GENESIS
    for number, line in enumerate(lines, 1):
        event = _event(line, number)
        if event.get("previous") != previous:
            raise _broken(f"Line {number} of journal.jsonl does not follow the line before it")
        if event.get("hash") != chain_hash(event):
            raise _broken(f"Line {number} of journal.jsonl was changed after it was written")
        if events and event.get("seq") != events[-1].get("seq", 0) + 1:
            raise _broken(f"Line {number} of journal.jsonl has the number {event.get('seq')}")
        previous = str(event["hash"])
        events.append(event)
    return tuple(events)


def _event(line: str, number: int) -> dict[str, Any]:
    try:
        event = json.loads(line)
    except ValueError as error:
        raise _broken(f"Line {number} of journal.jsonl is not JSON") from error
    if not isinstance(event, dict):
        raise _broken(f"Line {number} of journal.jsonl is not an event")
    return event


def _broken(what: str) -> VerifyError:
    return VerifyError(f"{what}.", hint="copy the delivery again from where it was made.")
