"""The plans for rankings and recommendation: what is sealed when, and what the brief changes."""

from typing import Any

import pytest

from mlwright.base.errors import BriefError
from mlwright.brief.load import load_brief
from mlwright.brief.schema import Brief
from mlwright.brief.write import brief_yaml
from mlwright.contract.schema import Contract, load_contract
from mlwright.planner.expert import Expert
from mlwright.run.types import Plan
from mlwright.tools import TOOLS

DATA = {
    "ranking": {"source": "t.csv", "target": "relevance", "columns": {"qid": "group"}},
    "recommendation": {"source": "t.csv", "columns": {"who": "user", "what": "item"}},
}
SEALING = {"ranking": "split", "recommendation": "split_feedback"}


def brief(kind: str, **more: Any) -> Brief:
    return load_brief({"objective": "Order", "kind": kind, "data": DATA[kind], **more})


def params(plan: Plan, name: str) -> dict[str, Any]:
    return dict(next(step.params for step in plan.steps if step.name == name))


@pytest.mark.parametrize("kind", DATA)
def test_the_test_is_sealed_before_anything_learns_and_opened_once_the_model_is_loaded(kind: str) -> None:
    tools = [step.tool for step in Expert().plan(brief(kind)).steps]
    opener = next(tool for tool in tools if tool.startswith("evaluate"))
    assert tools.index(SEALING[kind]) < next(at for at, tool in enumerate(tools) if tool.startswith("train"))
    assert tools.index("load_test") < tools.index(opener)
    assert tools.count(opener) == 1


@pytest.mark.parametrize("kind", DATA)
def test_the_plan_holds_under_the_default_contract(kind: str, tmp_path: Any) -> None:
    (tmp_path / "t.csv").write_text("a\n1\n")
    wanted = brief(kind, requirements={"ndcg@10": ">= 0.5"})
    assert Expert().plan(wanted).checked(TOOLS, Contract.for_brief(wanted, tmp_path, load_contract()))
    assert load_brief(brief_yaml(wanted)) == wanted


def test_queries_are_never_torn_apart_whatever_the_brief_says_of_the_split() -> None:
    for strategy in ("auto", "random", "stratified", "group"):
        assert params(Expert().plan(brief("ranking", split={"strategy": strategy})), "split")["strategy"] == "group"
    assert params(Expert().plan(brief("ranking", split={"strategy": "time"})), "split")["strategy"] == "time"


def test_families_that_learn_orders_stand_beside_those_that_learn_grades() -> None:
    families = params(Expert().plan(brief("ranking")), "train")["families"]
    assert families[:2] == ["dummy", "linear"]
    assert {"lightgbm", "lightgbm_rank", "xgboost_rank", "catboost_rank"} <= set(families)
    linear = brief("ranking", constraints={"interpretability": "linear"})
    assert params(Expert().plan(linear), "train")["families"] == ["dummy", "linear"]


def test_metrics_of_other_kinds_are_refused_in_the_brief() -> None:
    with pytest.raises(BriefError, match="does not fit"):
        brief("ranking", requirements={"roc_auc": ">= 0.5"})
    assert brief("recommendation", requirements={"recall@20": ">= 0.1"}).headline_metric == "recall_at_k@20"
    assert brief("recommendation", requirements={"rmse": "<= 1"}).headline_metric == "rmse"
