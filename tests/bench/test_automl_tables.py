from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from bench.automl import sources
from bench.automl.tables import DEVELOPMENT, OPERATIONS, Table, split, table
from bench.workspace import BenchError

NOWHERE = Path("/nowhere")


def test_a_table_is_the_same_every_time() -> None:
    name = "diabetes+rows200+drop30+noise4+missing10+bins3"
    first, second = table(name, NOWHERE), table(name, NOWHERE)
    pd.testing.assert_frame_equal(first.rows, second.rows)
    pd.testing.assert_series_equal(first.y, second.y)
    assert first.name == name
    assert first.rows.shape == (200, 7 + 4)
    assert first.task == "multiclass"
    assert first.y.nunique() == 3
    assert first.rows.isna().to_numpy().mean() == pytest.approx(0.1, abs=0.02)


def test_two_variants_have_rows_of_their_own() -> None:
    fewer, other = table("diabetes+rows200", NOWHERE), table("diabetes+noise1+rows200", NOWHERE)
    assert not fewer.rows["age"].equals(other.rows["age"])


@pytest.mark.parametrize(
    ("name", "task", "metric"),
    [
        ("breast_cancer", "binary", "roc_auc"),
        ("wine", "multiclass", "log_loss"),
        ("diabetes", "regression", "rmse"),
        ("digits+two", "binary", "roc_auc"),
    ],
)
def test_the_metric_follows_the_target(name: str, task: str, metric: str) -> None:
    found = table(name, NOWHERE)
    assert (found.task, found.metric) == (task, metric)


def test_the_rarer_class_is_thinned_out_to_its_share() -> None:
    counts = table("breast_cancer+rare5", NOWHERE).y.value_counts()
    assert counts.to_dict() == {1: 357, 0: 19}  # 19 of 376 are 5 %


@pytest.mark.parametrize("name", ["nothing", "wine+fly3", "wine+rows", "wine+two3", "wine+bins3", "diabetes+two"])
def test_what_is_not_there_is_refused(name: str) -> None:
    with pytest.raises(BenchError):
        table(name, NOWHERE)


def test_a_file_that_is_not_there_is_said() -> None:
    with pytest.raises(BenchError, match="MLWRIGHT_DATA"):
        table("titanic", NOWHERE)


def test_a_split_depends_on_its_seed_only() -> None:
    wine = table("wine", NOWHERE)
    train, test = split(wine, 0)
    again = split(wine, 0)
    assert np.array_equal(train, again[0])
    assert np.array_equal(test, again[1])
    assert not np.array_equal(test, split(wine, 1)[1])
    assert sorted([*train, *test]) == list(range(178))
    assert len(test) == 45


def test_classes_are_split_in_proportion_and_a_class_of_one_row_is_trained_on() -> None:
    y = pd.Series(["a"] * 60 + ["b"] * 20 + ["c"], name="y")
    train, test = split(Table("t", "multiclass", pd.DataFrame({"x": range(81)}), y), 3)
    assert y.iloc[test].value_counts().to_dict() == {"a": 15, "b": 5}
    assert 80 in train


def test_every_made_table_has_rows_and_is_the_same_every_time() -> None:
    for name in ("friedman1", "friedman2", "friedman3", "linear", "rings", "clusters", "shops", "claims"):
        rows, y = sources.load(name, NOWHERE)
        again, same = sources.load(name, NOWHERE)
        assert rows.equals(again)
        assert y.equals(same)
        assert y.nunique() > 1


def test_development_tables_are_made_of_operations_that_exist() -> None:
    for name in DEVELOPMENT:
        base, *operations = name.split("+")
        assert base in sources.names()
        assert all(operation.rstrip("0123456789") in OPERATIONS for operation in operations)
