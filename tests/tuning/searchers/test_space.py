"""Search spaces as people write them."""

import pytest

from mlwright.base.errors import DataError
from mlwright.models.protocol import Facts
from mlwright.models.signature import Task
from mlwright.models.tabular import load_family
from mlwright.tuning.searchers.space import Dimension, checked_space, dimension


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("0.01 to 0.3 log", Dimension(low=0.01, high=0.3, log=True)),
        ("8 to 256", Dimension(low=8, high=256, whole=True)),
        ("2 to 10 step 2", Dimension(low=2, high=10, whole=True, step=2)),
        ("1e-4 to 1", Dimension(low=1e-4, high=1)),
        ([True, False], Dimension(choices=(True, False))),
        ("balanced", Dimension(choices=("balanced",))),
        (0.5, Dimension(choices=(0.5,))),
    ],
)
def test_a_range_a_list_and_a_value_are_read(written: object, meant: Dimension) -> None:
    assert dimension(written) == meant


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("3 to 1", "not below"),
        ("0 to 1 log", "begin above 0"),
        ("a to 1", "'a' is no number"),
        ("1 to 5 step -1", "above 0"),
        ([], "empty"),
    ],
)
def test_what_is_no_range_is_refused(written: object, said: str) -> None:
    with pytest.raises(DataError, match=said):
        dimension(written)


def test_the_levels_of_a_grid() -> None:
    assert dimension("1 to 100 log").levels() == (1, 10, 100)
    assert dimension("0.0 to 1.0").levels() == (0.0, 0.5, 1.0)
    assert dimension("2 to 6 step 2").levels() == (2, 4, 6)
    assert dimension([3, None]).levels() == (3, None)


def test_a_misspelt_parameter_is_told_its_name() -> None:
    families = {"linear": load_family("linear")}
    facts = Facts(Task.BINARY, 100, 3)
    with pytest.raises(DataError, match="did you mean 'strength'"):
        checked_space({"linear": {"strenght": dimension("1 to 2")}}, families, facts)
    with pytest.raises(DataError, match="not among the families: linear"):
        checked_space({"lightgbm": {}}, families, facts)
