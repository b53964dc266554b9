"""The expert's rules: what it plans, when it takes another model, and what it leaves out."""

from collections.abc import Mapping
from functools import cache
from typing import Any

import pytest

from mlwright.base.errors import BriefError, BudgetError, Infeasible, Retry, Signal
from mlwright.brief.load import load_brief
from mlwright.brief.schema import Brief
from mlwright.contract.schema import Contract, load_contract
from mlwright.planner.expert import Expert
from mlwright.run.types import Event, Outcome, Plan, Step
from mlwright.tools import TOOLS

SPENT = BudgetError("The time is spent.", hint="give more time.")
IMPOSSIBLE = Infeasible("ONNX cannot express it.", hint="choose another model.")


def brief(**constraints: Any) -> Brief:
    return load_brief(
        {
            "objective": "Predict churn",
            "data": {"source": "sample://wine", "target": "class"},
            "requirements": {"roc_auc": ">= 0.9", "latency_p95": "20 ms"},
            "success": {"recall": ">= 0.8 at precision 0.9", "fairness": "equalized_odds <= 0.1"},
            "constraints": constraints,
        }
    )


@pytest.fixture(scope="module")
def plan() -> Plan:
    return Expert().plan(brief())


@cache
def charter() -> Contract:
    return load_contract()


@cache
def tools() -> dict[str, Any]:
    """Return every tool, looked up once."""
    return {name: TOOLS.load(name) for name in TOOLS}


def checked(plan: Plan) -> Plan:
    return plan.checked(tools(), charter())


def step_of(plan: Plan, name: str) -> Step:
    return next(step for step in plan.steps if step.name == name)


def names(plan: Plan) -> list[str]:
    return [step.name for step in plan.steps]


def happened(kind: str, step: str | None) -> Event:
    return Event(seq=0, time="", kind=kind, step=step, data={}, previous="", hash="")


def outcome(step: Step) -> Outcome:
    return Outcome(step, {}, 1.0, skipped=False, event=happened("step.done", step.name))


def line(name: str, op: str, wanted: float, measured: float) -> dict[str, Any]:
    met = measured <= wanted if op == "<=" else measured >= wanted
    return {"name": name, "op": op, "wanted": wanted, "measured": measured, "met": met}


def loaded(*requirements: Mapping[str, Any], chosen: str = "ensemble") -> dict[str, Any]:
    met = all(one["met"] for one in requirements)
    return {"load_test": {"met": met, "requirements": requirements}, "selection": {"chosen": chosen}}


SLOW = loaded(line("latency p95", "<=", 20.0, 55.0))


def too_slow(plan: Plan, step: str) -> Plan:
    return Expert().revise(plan, outcome(step_of(plan, step)), SLOW)


def stuck(plan: Plan, step: str, problem: Signal | BudgetError = IMPOSSIBLE) -> Plan:
    return Expert().recover(plan, step_of(plan, step), problem)


def sources(plan: Plan) -> dict[str, set[str]]:
    """Return, for each step, the steps it takes something from."""
    return {one.name: {reference.partition(".")[0] for reference in one.inputs.values()} for one in plan.steps}


@pytest.mark.parametrize("interpretability", ["any", "explainable", "linear"])
@pytest.mark.parametrize("kind", ["classification", "regression", None])
def test_every_plan_can_be_carried_out(interpretability: str, kind: str | None) -> None:
    wanted = brief(interpretability=interpretability).model_copy(update={"kind": kind})
    assert names(checked(Expert().plan(wanted)))[0] == "read"


def test_an_unknown_kind_is_refused_with_those_known() -> None:
    with pytest.raises(BriefError, match="astrology") as caught:
        Expert().plan(brief().model_copy(update={"kind": "astrology"}))
    assert "classification, regression" in caught.value.hint


def test_a_missed_latency_brings_another_round_right_after_the_load_test(plan: Plan) -> None:
    revised = checked(too_slow(plan, "load"))
    at = names(plan).index("load") + 1
    assert names(revised) == [*names(plan)[:at], "select-2", "export-2", "load-2", *names(plan)[at:]]
    params = step_of(revised, "select-2").params
    assert (params["current"], params["measured_ms"], params["limit_ms"]) == ("ensemble", 55.0, 20.0)
    assert {**params, **step_of(plan, "select").params} == params, "the rest is chosen as before"


def test_everything_later_takes_the_model_of_the_new_round(plan: Plan) -> None:
    revised = too_slow(plan, "load")
    at = names(revised).index("load") + 1
    later = {name: taken for name, taken in sources(revised).items() if name in names(revised)[at:]}
    assert not [name for name, taken in later.items() if taken & {"select", "export", "load"}]
    assert sources(revised)["select-2"] == sources(plan)["select"]
    assert step_of(revised, "report").inputs["load"] == "load-2.load_test"
    assert step_of(revised, "load-2").inputs["onnx"] == "export-2.onnx"
    assert revised.steps[:at] == plan.steps[:at]


def test_a_missed_throughput_is_a_latency_of_its_inverse(plan: Plan) -> None:
    result = loaded(line("throughput", ">=", 500.0, 100.0))
    params = step_of(Expert().revise(plan, outcome(step_of(plan, "load")), result), "select-2").params
    assert (params["measured_ms"], params["limit_ms"]) == (10.0, 2.0)


@pytest.mark.parametrize(
    "result",
    [
        loaded(),
        loaded(line("latency p95", "<=", 20.0, 20.0)),
        loaded(line("size", "<=", 1.0, 3.0)),
        loaded(line("size", "<=", 1.0, 3.0), line("latency p95", "<=", 20.0, 5.0)),
    ],
    ids=["nothing wished", "met", "only the size missed", "size missed, latency met"],
)
def test_a_service_that_is_fast_enough_changes_nothing(plan: Plan, result: dict[str, Any]) -> None:
    assert Expert().revise(plan, outcome(step_of(plan, "load")), result) is plan


def test_steps_other_than_a_load_test_change_nothing(plan: Plan) -> None:
    for step in plan.steps:
        if step.tool != "load_test":
            assert Expert().revise(plan, outcome(step), {}) is plan


def test_there_are_at_most_four_rounds(plan: Plan) -> None:
    for step in ("load", "load-2", "load-3"):
        plan = checked(too_slow(plan, step))
    assert names(plan).count("select-4") == 1
    assert too_slow(plan, "load-4") is plan
    assert step_of(plan, "report").inputs["onnx"] == "export-4.onnx"


@pytest.mark.parametrize("name", ["explain", "learning", "track"])
def test_a_step_without_time_is_left_out_and_noted(plan: Plan, name: str) -> None:
    revised = checked(stuck(plan, name, SPENT))
    assert names(revised) == [one for one in names(plan) if one != name]
    assert not [one for one, taken in sources(revised).items() if name in taken]
    assert revised.notes[:-1] == plan.notes
    assert f"'{name}'" in revised.notes[-1]


@pytest.mark.parametrize("name", ["read", "train", "select", "export", "load", "evaluate", "watch", "report"])
def test_a_step_that_a_delivery_needs_is_never_left_out(plan: Plan, name: str) -> None:
    with pytest.raises(BudgetError) as caught:
        stuck(plan, name, SPENT)
    assert caught.value is SPENT


@pytest.mark.parametrize("name", ["read", "train", "select", "load", "explain", "report"])
@pytest.mark.parametrize("problem", [IMPOSSIBLE, Retry("Try again.", hint="with less.")])
def test_other_problems_are_raised_again(plan: Plan, name: str, problem: Signal) -> None:
    with pytest.raises(Signal) as caught:
        stuck(plan, name, problem)
    assert caught.value is problem


def test_a_model_that_cannot_be_exported_is_left_aside(plan: Plan) -> None:
    revised = checked(stuck(plan, "export"))
    assert step_of(revised, "select-2").params["skip_best"] == 1
    assert step_of(revised, "select-2").params.get("current") is None
    assert "load" not in names(revised), "there is nothing to load"
    assert step_of(revised, "report").inputs["load"] == "load-2.load_test"


def test_after_a_failed_export_the_next_step_is_the_new_choice(plan: Plan) -> None:
    done = ("read", "profile", "split", "leaks", "train", "select")
    events = [*(happened("step.done", name) for name in done), happened("step.failed", "export")]
    following = checked(stuck(plan, "export")).next(events)
    assert following is not None
    assert following.name == "select-2"


def test_exports_may_fail_three_times_and_no_more(plan: Plan) -> None:
    for round_now, step in enumerate(("export", "export-2", "export-3"), start=1):
        plan = checked(stuck(plan, step))
        assert step_of(plan, f"select-{round_now + 1}").params["skip_best"] == round_now
    with pytest.raises(Infeasible):
        stuck(plan, "export-4")


def test_when_nothing_else_can_be_exported_the_reason_is_raised(plan: Plan) -> None:
    revised = stuck(plan, "export")
    with pytest.raises(Infeasible) as caught:
        stuck(revised, "select-2")
    assert caught.value is IMPOSSIBLE


@pytest.mark.parametrize("problem", [IMPOSSIBLE, SPENT])
def test_without_a_faster_model_the_one_before_is_delivered(plan: Plan, problem: Signal | BudgetError) -> None:
    revised = checked(stuck(too_slow(plan, "load"), "select-2", problem))
    assert revised.steps == plan.steps
    assert "'select-2'" in revised.notes[-1]


def test_going_back_goes_back_one_round_only(plan: Plan) -> None:
    third = too_slow(too_slow(plan, "load"), "load-2")
    revised = checked(stuck(third, "select-3"))
    assert revised.steps == too_slow(plan, "load").steps


def test_a_faster_model_that_cannot_be_exported_gives_way_to_the_one_before(plan: Plan) -> None:
    revised = checked(stuck(too_slow(plan, "load"), "export-2"))
    assert revised.steps == plan.steps


def test_a_slow_model_after_a_failed_export_is_delivered_when_none_is_faster(plan: Plan) -> None:
    second = stuck(plan, "export")
    third = checked(too_slow(second, "load-2"))
    assert step_of(third, "select-3").params["skip_best"] == 1
    assert checked(stuck(third, "select-3")).steps == second.steps
