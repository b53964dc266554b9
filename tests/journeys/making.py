"""Make a small delivery from a brief."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlwright.delivery.delivery import Delivery
from mlwright.planner.deliver import Watchers, deliver
from mlwright.run.types import Event

BRIEF: dict[str, Any] = {
    "objective": "Tell malignant from benign tumours by the measurements of a cell sample",
    "data": {"source": "sample://breast_cancer", "target": "diagnosis"},
    "requirements": {"roc_auc": ">= 0.95", "latency_p95": "500 ms"},
    "success": {"recall": ">= 0.8 at precision 0.8"},
    "constraints": {"trials": 3},
}


@dataclass(frozen=True)
class Made:
    """A delivery and the run that made it."""

    delivery: Delivery
    run: Path
    events: tuple[Event, ...]

    @property
    def root(self) -> Path:
        return self.delivery.root


def make(brief: dict[str, Any], root: Path) -> Made:
    """Carry out a brief under `root`."""
    events: list[Event] = []
    delivery = deliver(brief, root=root, watchers=Watchers(on_event=events.append))
    return Made(delivery, delivery.root.parent, tuple(events))
