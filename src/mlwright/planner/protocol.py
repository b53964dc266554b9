"""What a planner is."""

from typing import Protocol

from mlwright.base.errors import BudgetError, Signal
from mlwright.brief.schema import Brief
from mlwright.run.types import Outcome, Plan, Step


class Planner(Protocol):
    """Decides what to do; it acts only through the steps it plans."""

    def plan(self, brief: Brief) -> Plan:
        """Return the plan for a brief."""
        ...

    def revise(self, plan: Plan, outcome: Outcome, result: dict[str, object]) -> Plan:
        """Return the plan to go on with after a step; `result` holds the step's JSON outputs."""
        ...

    def recover(self, plan: Plan, step: Step, problem: Signal | BudgetError) -> Plan:
        """Return a plan that goes round a step that could not be done; raise `problem` when there is none."""
        ...
