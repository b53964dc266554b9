"""Which encoder each column gets, and that nothing but the given rows is learnt from."""

import numpy as np
import pytest

from mlwright.base.errors import DataError
from mlwright.data.schema import Column, SemanticType
from mlwright.data.task import TABULAR_TASKS, Task
from mlwright.features.preparation import PreparationPlan, fit_preparation, from_state, preparation_state

N = 400


def objects(values):
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array


@pytest.fixture
def table():
    rng = np.random.default_rng(0)
    return {
        "age": np.where(rng.random(N) < 0.1, np.nan, rng.normal(40, 10, N)),
        "sex": rng.choice(objects(["m", "f"]), N),
        "city": objects([f"city {i}" for i in rng.integers(0, 40, N)]),
        "day": rng.uniform(0, 1e9, N),
        "note": rng.choice(objects(["good and fast", "slow and bad", "fine"]), N),
        "constant": np.ones(N),
    }


KINDS = {
    "age": SemanticType.NUMBER,
    "sex": SemanticType.CATEGORY,
    "city": SemanticType.CATEGORY,
    "day": SemanticType.DATETIME,
    "note": SemanticType.TEXT,
    "constant": SemanticType.NUMBER,
}
INPUTS = tuple(Column(name=name, type=kind) for name, kind in KINDS.items())
Y = np.arange(N) % 2


def plan(flavour="tree", task=Task.BINARY, inputs=INPUTS):
    return PreparationPlan(inputs, flavour, task, seed=0)


@pytest.mark.parametrize(
    ("flavour", "expected"),
    [
        ("tree", ["passthrough", "ordinal", "ordinal", "target_mean", "date_parts", "text_topics"]),
        ("linear", ["scaled", "one_hot", "one_hot", "target_mean", "date_parts", "text_topics"]),
    ],
)
def test_encoders_fit_type_cardinality_and_flavour(table, flavour, expected):
    preparation, X = fit_preparation(table, Y, plan(flavour))
    assert [encoder.kind for encoder in preparation.encoders] == expected
    assert X.dtype == np.float32
    assert X.shape == (N, preparation.width) == (N, len(preparation.names)) == (N, len(preparation.sources))
    assert len(set(preparation.names)) == preparation.width
    assert np.isnan(X).any() == (flavour == "tree")


@pytest.mark.parametrize("flavour", ["tree", "linear"])
def test_training_matrix_is_the_transform_but_for_the_target_means(table, flavour):
    preparation, X = fit_preparation(table, Y, plan(flavour))
    target_means = np.array(["target mean" in name for name in preparation.names])
    again = preparation.transform(table)
    np.testing.assert_array_equal(X[:, ~target_means], again[:, ~target_means])
    assert (X[:, target_means] != again[:, target_means]).any()


@pytest.mark.parametrize("flavour", ["tree", "linear"])
def test_one_row_gives_the_same_as_in_a_batch(table, flavour):
    preparation, _ = fit_preparation(table, Y, plan(flavour))
    one = {name: values[7:8] for name, values in table.items()}
    np.testing.assert_array_equal(preparation.transform(one)[0], preparation.transform(table)[7])


@pytest.mark.parametrize("flavour", ["tree", "linear"])
def test_two_fits_give_the_same_state(table, flavour):
    states = [preparation_state(fit_preparation(table, Y, plan(flavour))[0]) for _ in range(2)]
    assert states[0] == states[1]
    again = from_state(states[0])
    np.testing.assert_array_equal(again.transform(table), fit_preparation(table, Y, plan(flavour))[0].transform(table))


def test_numbers_beyond_float_are_its_largest():
    columns = {"age": np.array([1e300, -1e300, 3.0, np.nan])}
    _, X = fit_preparation(columns, Y[:4], plan(inputs=INPUTS[:1]))
    largest = np.finfo(np.float32).max
    np.testing.assert_array_equal(X.ravel(), np.array([largest, -largest, 3, np.nan], dtype=np.float32))


@pytest.mark.parametrize("flavour", ["tree", "linear"])
@pytest.mark.parametrize("task", TABULAR_TASKS)
@pytest.mark.parametrize("rows", [1, 2, 5])
def test_few_rows_work(table, flavour, task, rows):
    few = {name: values[:rows] for name, values in table.items()}
    y = Y[:rows].astype(np.float64) if task is Task.REGRESSION else Y[:rows]
    preparation, X = fit_preparation(few, y, plan(flavour, task))
    assert X.shape == (rows, preparation.width)
    assert preparation.transform(table).shape == (N, preparation.width)


@pytest.mark.parametrize("flavour", ["tree", "linear"])
def test_columns_all_missing_are_left_out_but_one_column_stays(flavour):
    columns = {
        name: objects([""] * 3) if kind in (SemanticType.CATEGORY, SemanticType.TEXT) else np.full(3, np.nan)
        for name, kind in KINDS.items()
    }
    preparation, X = fit_preparation(columns, Y[:3], plan(flavour))
    assert X.shape == (3, 1)
    assert np.isfinite(X).all()
    assert preparation.sources == ("age",)


@pytest.mark.parametrize("name", list(KINDS))
def test_any_single_constant_column_works(table, name):
    column = next(column for column in INPUTS if column.name == name)
    same = {name: table[name][[0, 0, 0]]}
    _, X = fit_preparation(same, Y[:3], plan(inputs=(column,)))
    assert X.shape == (3, 1)


def test_missing_or_one_value_is_information_enough():
    columns = {"age": np.array([np.nan, 1.0, 1.0]), "day": np.array([np.nan, 5.0, 5.0])}
    inputs = tuple(column for column in INPUTS if column.name in columns)
    for flavour in ("tree", "linear"):
        preparation, _ = fit_preparation(columns, Y[:3], plan(flavour, inputs=inputs))
        assert set(preparation.sources) == {"age", "day"}


def test_million_levels_are_cut():
    columns = {"city": objects([f"{i // 2}" for i in range(60_000)])}
    preparation, _ = fit_preparation(columns, np.arange(60_000) % 2, plan(inputs=(INPUTS[2],)))
    assert [len(encoder.levels) for encoder in preparation.encoders] == [10_000, 10_000]


def test_bad_input_is_named(table):
    with pytest.raises(DataError, match="no input column"):
        fit_preparation(table, Y, plan(inputs=()))
    with pytest.raises(DataError, match="no column 'age'"):
        fit_preparation({"sex": table["sex"]}, Y, plan())
    with pytest.raises(DataError, match="400 rows and 3 targets"):
        fit_preparation(table, Y[:3], plan())


def test_state_of_another_version_is_refused(table):
    state = preparation_state(fit_preparation(table, Y, plan())[0])
    with pytest.raises(DataError, match="version 99"):
        from_state({**state, "version": 99})
    with pytest.raises(DataError, match="kind 'hashing'"):
        from_state({"version": 1, "encoders": [{"kind": "hashing"}]})
