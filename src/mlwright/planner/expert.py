"""The expert: rules, no LLM, no network. Knowledge of each kind of problem lies in its recipe."""

from typing import Any

from mlwright.base.errors import BriefError, BudgetError, Signal
from mlwright.brief.schema import Brief
from mlwright.recipes import RECIPES
from mlwright.run.types import Outcome, Plan, Step

# A delivery is whole without these; when there is no time for one, it is left out and the report does not show it.
_OPTIONAL = ("learning_curve", "explain", "track")
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
        """Take the next model on the quality/latency front while the service is slower than the brief allows."""
        if outcome.step.tool != "load_test" or result["load_test"]["met"]:
            return plan
        wished = {one["name"]: one for one in result["load_test"]["requirements"] if not one["met"]}
        slow = wished.get("latency p95") or wished.get("throughput")
        if slow is None:
            return plan
        limit = slow["wanted"] if slow["name"] == "latency p95" else 1000 / slow["wanted"]
        measured = slow["measured"] if slow["name"] == "latency p95" else 1000 / max(slow["measured"], 1e-9)
        change = {"current": result["selection"]["chosen"], "measured_ms": measured, "limit_ms": limit}
        return _next_model(plan, outcome.step, change)

    def recover(self, plan: Plan, step: Step, problem: Signal | BudgetError) -> Plan:
        """Leave out what there is no time for; choose another model when one cannot be exported."""
        if isinstance(problem, BudgetError) and step.tool in _OPTIONAL:
            return _without(plan, step)
        faster = _wants_faster(plan, step)
        if step.tool == "select" and faster:
            return _round_undone(plan, step)
        if step.tool != "export" or isinstance(problem, BudgetError):
            raise problem
        if faster:
            return _round_undone(plan, step)
        revised = _next_model(plan, step, {}, skip=True)
        if revised is plan:
            raise problem
        return revised


def _without(plan: Plan, step: Step) -> Plan:
    """Return the plan without a step and without what later steps would have taken from it."""

    def cut(one: Step) -> Step:
        kept = {name: ref for name, ref in one.inputs.items() if not ref.startswith(f"{step.name}.")}
        return one.model_copy(update={"inputs": kept})

    note = f"'{step.name}' was left out: there was no time for it."
    steps = tuple(cut(one) for one in plan.steps if one.name != step.name)
    return plan.model_copy(update={"steps": steps, "notes": (*plan.notes, note)})


def _next_model(plan: Plan, step: Step, change: dict[str, Any], *, skip: bool = False) -> Plan:
    """Return a plan that selects again with changed params, or `plan` when enough was tried."""
    round_now = int(step.name.partition("-")[2] or 1)
    if round_now >= _MAX_ROUNDS:
        return plan
    renamed = {_of_round(name, round_now): _of_round(name, round_now + 1) for name in _MODEL_STEPS}
    at = next(index for index, one in enumerate(plan.steps) if one.name == step.name) + 1
    # A failed export is dropped, or it would be tried again, and so is its load test, which has nothing to load.
    later = [one for one in plan.steps[at:] if one.name not in renamed]
    if skip:
        at -= 1
        change = {"skip_best": round_now}
    fresh = [_again(one, renamed, change) for one in plan.steps if one.name in renamed]
    return plan.model_copy(update={"steps": (*plan.steps[:at], *fresh, *(_rewired(one, renamed) for one in later))})


def _wants_faster(plan: Plan, step: Step) -> bool:
    """Whether a step's round looks for a faster model than that of the round before, which can be delivered."""
    round_now = int(step.name.partition("-")[2] or 1) if step.tool in ("select", "export") else 1
    choice = next((one for one in plan.steps if one.name == _of_round("select", round_now)), None)
    return round_now > 1 and choice is not None and choice.params.get("current") is not None


def _round_undone(plan: Plan, step: Step) -> Plan:
    """Return the plan with the model of the round before: no faster one can be delivered."""
    number = int(step.name.partition("-")[2])
    renamed = {_of_round(name, number): _of_round(name, number - 1) for name in _MODEL_STEPS}
    note = f"'{step.name}' led to no faster model; the one before is delivered."
    steps = tuple(_rewired(one, renamed) for one in plan.steps if one.name not in renamed)
    return plan.model_copy(update={"steps": steps, "notes": (*plan.notes, note)})


def _of_round(name: str, number: int) -> str:
    return name if number == 1 else f"{name}-{number}"


def _again(step: Step, renamed: dict[str, str], change: dict[str, Any]) -> Step:
    params = {**step.params, **change} if step.tool == "select" else step.params
    return _rewired(step.model_copy(update={"name": renamed[step.name], "params": params}), renamed)


def _rewired(step: Step, renamed: dict[str, str]) -> Step:
    inputs: dict[str, str] = {}
    for name, reference in step.inputs.items():
        source, _, output = reference.partition(".")
        inputs[name] = f"{renamed.get(source, source)}.{output}"
    return step.model_copy(update={"inputs": inputs})
