"""The plan for series: what comes before what, and what the brief changes in it."""

from typing import Any

from mlwright.brief.load import load_brief
from mlwright.brief.schema import Brief
from mlwright.brief.write import brief_yaml
from mlwright.contract.schema import Contract, load_contract
from mlwright.planner.expert import Expert
from mlwright.recipes.forecast import Forecast
from mlwright.run.types import Plan
from mlwright.tools import TOOLS


def brief(**more: Any) -> Brief:
    data = {"source": "air.csv", "target": "Passengers", "columns": {"Month": "time"}}
    return load_brief({"objective": "Forecast the passengers", "kind": "forecast", "data": data, **more})


def params(plan: Plan, name: str) -> dict[str, Any]:
    return dict(next(step.params for step in plan.steps if step.name == name))


def test_the_end_is_sealed_before_anything_learns_and_opened_when_the_model_is_decided() -> None:
    tools = [step.tool for step in Forecast().plan(brief()).steps]
    assert tools.index("split_series") < tools.index("train_series") < tools.index("select_series")
    assert tools.index("load_test") < tools.index("evaluate_series")
    assert tools.count("evaluate_series") == 1


def test_nothing_that_learns_sees_the_end() -> None:
    for step in Forecast().plan(brief()).steps:
        if step.tool in ("train_series", "select_series", "export_series"):
            assert not {"split.test", "read.panel", "read.dataset"} & set(step.inputs.values())


def test_the_plan_holds_under_the_default_contract(tmp_path: Any) -> None:
    (tmp_path / "air.csv").write_text("Month,Passengers\n1949-01,112\n")
    charter = Contract.for_brief(brief(), tmp_path, load_contract())
    assert Expert().plan(brief()).checked(TOOLS, charter)


def test_the_brief_says_what_is_forecast() -> None:
    wanted = brief(forecast={"horizon": 12, "season": [24, 168], "known": "price"}, requirements={"mase": "<= 1"})
    reading = params(Forecast().plan(wanted), "read")
    assert reading["forecast"]["season"] == [24, 168]
    assert reading["forecast"]["known"] == ["price"]
    assert reading["metric"] == "mase"
    assert load_brief(brief_yaml(wanted)) == wanted


def test_no_season_is_a_season_of_one_and_survives_writing() -> None:
    wanted = brief(forecast={"season": 1})
    assert wanted.forecast is not None
    assert wanted.forecast.season == ()
    assert load_brief(brief_yaml(wanted)) == wanted


def test_linear_models_alone_where_the_brief_asks_for_them() -> None:
    plan = Forecast().plan(brief(constraints={"interpretability": "linear"}))
    assert "boosted_trees" not in params(plan, "train")["families"]
    assert "direct_linear" in params(plan, "train")["families"]
    assert params(Forecast().plan(brief()), "train")["families"] == []
