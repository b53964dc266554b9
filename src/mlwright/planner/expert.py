"""The expert: rules, no LLM, no network. Knowledge of each kind of problem lies in its recipe."""

from typing import Any

from mlwright.base.errors import BriefError, Signal
from mlwright.brief.schema import Brief
from mlwright.recipes import RECIPES
from mlwright.run.types import Outcome, Plan, Step

_MODEL_STEPS = ("select", "export", "load")
_MAX_ROUNDS = 4


class Expert:
    """Plans by recipe and revises by rule."""

    def plan(self, brief: Brief) -> Plan:
        """Return the recipe's plan; a brief without a kind is planned as a table, whose task the data decides."""
        kind = brief.kind or "classification"
        if kind not in RECIPES:
            raise BriefError(f"There is no recipe for the kind '{kind}'.", hint=f"use one of: {', '.join(RECIPES)}.")
        return RECIPES.load(kind)().plan(brief)

    def revise(self, plan: Plan, outcome: Outcome, result: dict[str, Any]) -> Plan:
        """Take the next model on the quality/latency front while the service misses its limits."""
        if outcome.step.tool != "load_test" or result["load_test"]["met"]:
            return plan
        selection = result.get("selection") or {}
        return _next_model(plan, outcome.step, selection)

    def recover(self, plan: Plan, step: Step, signal: Signal) -> Plan:
        """Choose another model when one cannot be exported; anything else is for the person."""
        if step.tool != "export":
            raise signal
        revised = _next_model(plan, step, {})
        if revised is plan:
            raise signal
        return revised


def _next_model(plan: Plan, step: Step, selection: dict[str, Any]) -> Plan:
    """Return a plan that selects again without the candidates tried so far, or `plan` when enough were tried."""
    round_now = int(step.name.partition("-")[2] or 1)
    if round_now >= _MAX_ROUNDS or selection.get("last_on_front"):
        return plan
    renamed = {_of_round(name, round_now): _of_round(name, round_now + 1) for name in _MODEL_STEPS}
    at = next(index for index, one in enumerate(plan.steps) if one.name == step.name) + 1
    # A failed export leaves its own load test unplanned: it is dropped with the other steps of the old round.
    later = [one for one in plan.steps[at:] if one.name not in renamed]
    fresh = [_again(one, renamed, round_now) for one in plan.steps if one.name in renamed]
    return plan.model_copy(update={"steps": (*plan.steps[:at], *fresh, *(_rewired(one, renamed) for one in later))})


def _of_round(name: str, number: int) -> str:
    return name if number == 1 else f"{name}-{number}"


def _again(step: Step, renamed: dict[str, str], round_now: int) -> Step:
    params = {**step.params, "skip_fastest": round_now} if step.tool == "select" else step.params
    return _rewired(step.model_copy(update={"name": renamed[step.name], "params": params}), renamed)


def _rewired(step: Step, renamed: dict[str, str]) -> Step:
    inputs: dict[str, str] = {}
    for name, reference in step.inputs.items():
        source, _, output = reference.partition(".")
        inputs[name] = f"{renamed.get(source, source)}.{output}"
    return step.model_copy(update={"inputs": inputs})
