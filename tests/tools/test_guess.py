"""Which column an objective speaks of."""

import pytest

from mlwright.base.errors import BriefError
from mlwright.tools.guess import guess_target


@pytest.mark.parametrize(
    ("names", "objective", "wanted"),
    [
        (["age", "churned"], "Predict which customers churn", "churned"),
        (["Age", "Survived"], "Who survives the sinking?", "Survived"),
        (["rooms", "house_price"], "Estimate the prices of houses", "house_price"),
        (["rooms", "housePRICE", "price"], "Estimate the PRICE", "price"),
        (["sepal length", "species"], "Tell the species of a flower", "species"),
    ],
)
def test_the_column_that_the_objective_speaks_of_is_taken(names: list[str], objective: str, wanted: str) -> None:
    found, why = guess_target(names, objective)
    assert found == wanted
    assert wanted in why
    assert "objective" in why


@pytest.mark.parametrize("name", ["target", "Label", "CLASS", "y", "outcome"])
def test_else_one_with_a_telling_name_is_taken(name: str) -> None:
    found, why = guess_target(["a", name], "Do something clever")
    assert found == name
    assert "usual name" in why


def test_the_objective_speaks_louder_than_a_name() -> None:
    assert guess_target(["label", "price"], "Estimate the price")[0] == "price"


def test_a_telling_name_decides_between_several_that_are_spoken_of() -> None:
    assert guess_target(["age", "income", "target"], "Predict from age and income")[0] == "target"


@pytest.mark.parametrize(
    ("names", "objective"),
    [
        (["age", "income"], "Predict from age and income"),
        (["class", "label"], "Do something clever"),
        (["1", "2", "größe"], "Do something clever"),
        ([], "Predict churn"),
        (["bank_balance"], "Predict the balance"),
    ],
    ids=["several spoken of", "several telling", "no words", "no columns", "half a name"],
)
def test_without_one_clear_column_the_person_is_asked(names: list[str], objective: str) -> None:
    with pytest.raises(BriefError, match=r"data\.target is not given") as caught:
        guess_target(names, objective)
    assert "data.target" in caught.value.hint


def test_a_wide_table_is_not_listed_whole() -> None:
    with pytest.raises(BriefError) as caught:
        guess_target([f"c{index}x" for index in range(500)], "Do something")
    assert "c19x" in caught.value.message
    assert "c20x" not in caught.value.message
