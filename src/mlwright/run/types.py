"""The plan, and beside it all the words that planner, tools and run share."""

from collections.abc import Iterable

from pydantic import BaseModel, ConfigDict

from mlwright.brief.schema import Assumption
from mlwright.contract.schema import Contract
from mlwright.run.check import check_steps
from mlwright.run.steps import (
    DONE_KINDS,
    SESSION_KINDS,
    ArtifactRef,
    Context,
    Event,
    Events,
    Listener,
    Outcome,
    Step,
    Tool,
    Tools,
    Trials,
    find_tool,
)

__all__ = [
    "DONE_KINDS",
    "SESSION_KINDS",
    "ArtifactRef",
    "Assumption",
    "Context",
    "Event",
    "Events",
    "Listener",
    "Outcome",
    "Plan",
    "Step",
    "Tool",
    "Tools",
    "Trials",
    "find_tool",
]


class Plan(BaseModel):
    """Steps in order, what was assumed, and notes for people."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    steps: tuple[Step, ...]
    assumptions: tuple[Assumption, ...] = ()
    notes: tuple[str, ...] = ()

    def next(self, events: Iterable[Event]) -> Step | None:
        """Return the first step that no event of this session reports as done or skipped.

        After a resume every step is offered again; `Run.perform` skips what an earlier session finished, and the
        planner sees each outcome in order, as if nothing had happened.
        """
        finished: set[str | None] = set()
        for event in events:
            if event.kind in SESSION_KINDS:
                finished = set()
            elif event.kind in DONE_KINDS:
                finished.add(event.step)
        return next((step for step in self.steps if step.name not in finished), None)

    def checked(self, tools: Tools, contract: Contract) -> "Plan":
        """Return this plan if every step can be called.

        Raises:
            InputError: Lists every fault: unknown tools, tools the contract forbids, references that lead nowhere,
                codecs that do not match, params that do not validate.
        """
        check_steps(self.steps, tools, contract)
        return self
