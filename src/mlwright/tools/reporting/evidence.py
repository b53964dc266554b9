"""The journal as evidence: which event a number came from."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from mlwright.base.errors import RunError
from mlwright.report.blocks import EvidenceEvent
from mlwright.run.types import DONE_KINDS, Event


class Evidence:
    """Answers which event finished a step, and what happened when."""

    def __init__(self, events: Sequence[Event]) -> None:
        self.events = events
        self._start = datetime.fromisoformat(events[0].time).timestamp()
        plans = [event.data["steps"] for event in events if event.kind == "plan"]
        self._planned = {str(step["name"]) for step in plans[-1]} if plans else None

    def of(self, step: str) -> int:
        """Return the sequence number of the event that finished the last round of a step ("load" and "load-2")."""
        return self.done(step).seq

    def done(self, step: str) -> Event:
        """Return the event that finished the last round of a step, the first time it was done.

        Raises:
            RunError: The step was not done.
        """
        done = [event for event in self.events if event.kind in DONE_KINDS and _is_round_of(event.step or "", step)]
        # A round that was given up is no longer in the plan: what is delivered came from the one before.
        found = [event for event in done if self._planned is None or event.step in self._planned]
        if not found:
            raise RunError(f"The journal does not say that '{step}' was done.", hint="perform the step first.")
        last = found[-1]
        digest = last.data["digest"]
        return next(one for one in self.events if one.kind == "step.done" and one.data["digest"] == digest)

    def seconds(self, event: Event) -> float:
        """Return the seconds from the run's first event to this one."""
        return datetime.fromisoformat(event.time).timestamp() - self._start

    def of_kind(self, *kinds: str) -> list[Event]:
        """Return the events of some kinds, in order; of repeated ones (a step begun again) only the last."""
        found: dict[str, Event] = {}
        for event in self.events:
            if event.kind in kinds:
                found[f"{event.kind}{event.step}{_identity(event.data)}"] = event
        return sorted(found.values(), key=lambda event: event.seq)

    def appendix(self, wanted: set[int]) -> tuple[EvidenceEvent, ...]:
        """Return the events that the documents name."""
        return tuple(
            EvidenceEvent(
                seq=event.seq,
                kind=event.kind,
                step=event.step or "",
                seconds=round(self.seconds(event), 2),
                hash=event.hash,
                summary=_summary(event.data),
            )
            for event in self.events
            if event.seq in wanted
        )


def _is_round_of(name: str, step: str) -> bool:
    head, _, number = name.rpartition("-")
    return name == step or (head == step and number.isdigit())


def _identity(data: Mapping[str, Any]) -> str:
    return "".join(str(data[key]) for key in ("number", "text", "field") if key in data)


def _summary(data: Mapping[str, Any]) -> str:
    if "outputs" in data:
        return ", ".join(sorted(data["outputs"]))
    return str(data.get("text") or data.get("why") or data.get("objective") or "")[:160]
