"""How a brief says how to search."""

import pytest

from mlwright.base.errors import BriefError
from mlwright.brief.load import load_brief
from mlwright.brief.write import brief_yaml
from mlwright.recipes.table import Table

BASE = "objective: Predict churn\ndata: {source: c.csv, target: churned}\n"


def test_a_search_is_read_and_written_back() -> None:
    text = BASE + (
        "constraints: {compute: 'ray://head:10001'}\n"
        "search: {method: ray_pbt, families: [linear, lightgbm],"
        " space: {linear: {strength: 0.1 to 9 log, loss: [a, b]}}}"
    )
    brief = load_brief(text)
    assert brief.constraints.compute == "ray://head:10001"
    assert brief.search is not None
    assert brief.search.space == {"linear": {"strength": "0.1 to 9 log", "loss": ("a", "b")}}
    assert load_brief(brief_yaml(brief)) == brief


@pytest.mark.parametrize(
    ("field", "said"),
    [
        ("search: {method: tpee}", "'tpee' is not a search method. Did you mean 'tpe'?"),
        ("search: {families: [linea]}", "'linea' is not a family of models. Did you mean 'linear'?"),
        ("search: {space: {lightgmb: {a: 1}}}", "'lightgmb' is not a family of models. Did you mean 'lightgbm'?"),
        ("search: {space: {linear: {strength: 3 to 1}}}", "3 is not below 1. Write the smaller number first."),
        ("search: {space: {linear: {strength: {low: 1}}}}", "expected a range, a list or a value"),
        ("search: {pruner: medium}", "'medium' is not one of auto, median, hyperband, none."),
        ("constraints: {compute: ray-head}", "Write `local`, or a Ray cluster as `ray://host:10001`."),
    ],
)
def test_a_fault_says_what_to_do(field: str, said: str) -> None:
    with pytest.raises(BriefError) as caught:
        load_brief(BASE + field)
    assert said in str(caught.value).replace("\nHint: ", " ")


def _train(fields: str) -> dict[str, object]:
    plan = Table().plan(load_brief(BASE + fields))
    return dict(next(step for step in plan.steps if step.name == "train").params)


def test_a_cluster_makes_the_search_rays_own() -> None:
    params = _train("constraints: {compute: 'ray://head:10001'}")
    assert params["compute"] == "ray://head:10001"
    assert params["search"]["method"] == "ray_asha"  # type: ignore[index]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ("constraints: {compute: 'ray://h:1'}\nsearch: {method: grid}", "runs on this machine"),
        ("constraints: {interpretability: linear}\nsearch: {families: [lightgbm]}", "is not linear"),
    ],
)
def test_what_does_not_go_together_is_refused_at_planning(fields: str, said: str) -> None:
    with pytest.raises(BriefError, match=said):
        _train(fields)


def test_without_a_search_nothing_changes() -> None:
    assert set(_train("")) == {"families", "trials", "seed"}
