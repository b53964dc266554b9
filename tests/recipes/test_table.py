"""The plan for a table: what comes before what, and what the brief changes in it."""

from typing import Any

import pytest

from mlwright.brief.load import load_brief
from mlwright.brief.schema import Brief
from mlwright.models.tabular import MODELS
from mlwright.recipes.table import Table
from mlwright.run.types import Plan


def brief(**more: Any) -> Brief:
    return load_brief({"objective": "Predict churn", "data": {"source": "sample://wine", "target": "class"}, **more})


def params(plan: Plan, name: str) -> dict[str, Any]:
    return dict(next(step.params for step in plan.steps if step.name == name))


def test_the_steps_come_in_the_order_of_the_work() -> None:
    assert [step.name for step in Table().plan(brief()).steps] == [
        *("read", "profile", "split", "leaks"),
        *("train", "select", "export", "load"),
        *("evaluate", "explain", "watch", "learning"),
        *("report", "track"),
    ]


def test_the_test_is_sealed_before_anything_learns_and_opened_once_when_the_model_is_decided() -> None:
    tools = [step.tool for step in Table().plan(brief()).steps]
    assert tools.index("split") < tools.index("check_leaks") < tools.index("train")
    assert tools.index("select") < tools.index("export") < tools.index("load_test") < tools.index("evaluate")
    assert tools.count("evaluate") == 1


def test_nothing_that_learns_sees_the_test() -> None:
    for step in Table().plan(brief()).steps:
        if step.tool in ("train", "select", "learning_curve"):
            assert not [
                reference for reference in step.inputs.values() if reference.startswith(("split.test", "read.d"))
            ]


@pytest.mark.parametrize(
    ("interpretability", "families", "single"),
    [
        ("linear", {"dummy", "linear"}, True),
        ("explainable", {"dummy", "linear", "lightgbm"}, True),
        ("any", set(MODELS), False),
    ],
)
def test_families_are_those_that_can_be_explained_as_asked(
    interpretability: str, families: set[str], *, single: bool
) -> None:
    plan = Table().plan(brief(constraints={"interpretability": interpretability}))
    assert set(params(plan, "train")["families"]) == families
    assert params(plan, "select")["single_member"] is single
    assert any(interpretability in note for note in plan.notes) is single


def test_simple_families_come_first() -> None:
    families = params(Table().plan(brief()), "train")["families"]
    assert families[:2] == ["dummy", "linear"]
    assert len(set(families)) == len(families)


def test_the_brief_reaches_every_step_that_it_speaks_to() -> None:
    plan = Table().plan(
        brief(
            requirements={"roc_auc": ">= 0.9", "latency_p95": "20 ms", "throughput": "500 rows/s", "size": "5 MB"},
            success={"recall": ">= 0.8 at precision 0.9"},
            constraints={"trials": 7},
            costs={"false_positive": 1, "false_negative": 5},
            split={"test_share": 0.3, "strategy": "random"},
            on_leak="drop",
            seed=11,
        )
    )
    assert params(plan, "read")["source"] == ["sample://wine"]
    assert (params(plan, "read")["target"], params(plan, "read")["metric"]) == ("class", "roc_auc")
    assert params(plan, "split") == {"test_share": 0.3, "strategy": "random", "seed": 11}
    assert params(plan, "leaks") == {"on_leak": "drop", "seed": 11}
    assert params(plan, "train")["trials"] == 7
    assert params(plan, "select")["costs"] == {"false_positive": 1.0, "false_negative": 5.0}
    assert params(plan, "load") == {
        "latency_p95_seconds": 0.02,
        "throughput_rows_per_second": 500.0,
        "size_bytes": 5_000_000,
    }
    assert params(plan, "evaluate")["requirements"] == {"roc_auc": {"op": ">=", "value": 0.9}}
    gate = params(plan, "evaluate")["gates"][0]
    assert (gate["metric"], gate["at_metric"], gate["at_value"]) == ("recall", "precision", 0.9)
    assert params(plan, "select")["gates"] == params(plan, "evaluate")["gates"]
    assert {step.params["seed"] for step in plan.steps if "seed" in step.params} == {11}


def test_what_the_brief_leaves_open_is_left_to_the_tools() -> None:
    plan = Table().plan(brief())
    assert params(plan, "split") == {"test_share": None, "strategy": "auto", "seed": 0}
    assert set(params(plan, "load").values()) == {None}
    assert (params(plan, "train")["trials"], params(plan, "select")["costs"]) == (None, None)
