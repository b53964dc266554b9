"""Classes of a few rows: where their rows go, and what is said."""

import numpy as np
import polars as pl
import pytest

from mlwright.base.errors import DataError
from mlwright.data.dataset import Dataset
from mlwright.data.rare_classes import check_rarest, lone_rows_to_training, rare_class_findings
from mlwright.data.schema import Column, Role, Schema, SemanticType
from mlwright.data.splits import FoldArrays, FoldPlan, SplitPlan, folds, split_test
from mlwright.data.target import Target


def target_of(*rows: int) -> Target:
    codes = np.repeat(np.arange(len(rows)), rows)
    return Target(codes, tuple("abcdefgh"[: len(rows)]), "string")


def test_the_one_row_of_a_class_is_trained_on_in_every_fold_and_never_validated():
    arrays = FoldArrays(np.array([0] * 20 + [1] * 20 + [2]))
    found = lone_rows_to_training(folds(arrays, FoldPlan(k=5)), arrays)
    assert all(40 in train and 40 not in valid for train, valid in found)
    assert sorted(np.concatenate([valid for _, valid in found]).tolist()) == list(range(40))


def test_two_rows_of_a_class_are_in_different_folds():
    arrays = FoldArrays(np.array([0] * 20 + [1] * 20 + [2, 2]))
    found = lone_rows_to_training(folds(arrays, FoldPlan(k=5)), arrays)
    assert [sum(row in valid for row in (40, 41)) for _, valid in found].count(1) == 2


def test_a_lone_row_in_a_group_stays_with_its_group_and_one_in_time_with_its_time():
    y = np.array([0] * 20 + [1] * 20 + [2])
    grouped = FoldArrays(y, groups=np.arange(41) // 3)
    timed = FoldArrays(y, time=np.arange(41.0))
    for arrays in (grouped, timed):
        before = folds(arrays, FoldPlan(k=5))
        after = lone_rows_to_training(before, arrays)
        assert all((a[0] == b[0]).all() for a, b in zip(before, after, strict=True))


def test_where_every_class_has_one_row_the_folds_stay():
    arrays = FoldArrays(np.arange(10))
    before = folds(arrays, FoldPlan(k=2))
    assert lone_rows_to_training(before, arrays) is before


@pytest.mark.parametrize("strategy", ["stratified", "random"])
def test_the_one_row_of_a_class_is_never_in_the_test(strategy):
    kinds = [float(i % 3) for i in range(60)] + [7.0]
    frame = pl.DataFrame({"x": [float(i) for i in range(61)], "y": kinds})
    columns = (
        Column(name="x", type=SemanticType.NUMBER),
        Column(name="y", type=SemanticType.NUMBER, role=Role.TARGET),
    )
    for seed in range(8):
        plan = SplitPlan(strategy=strategy, seed=seed, by_class=True)
        assert 60 in split_test(Dataset(frame, Schema(columns=columns)), plan).train


def test_hundreds_of_classes_of_two_rows_do_not_make_the_test_half_of_the_table():
    frame = pl.DataFrame({"x": [float(i) for i in range(80)], "y": [f"k{i // 2}" for i in range(80)]})
    columns = (
        Column(name="x", type=SemanticType.NUMBER),
        Column(name="y", type=SemanticType.CATEGORY, role=Role.TARGET),
    )
    found = split_test(Dataset(frame, Schema(columns=columns)), SplitPlan(test_share=0.2))
    assert len(found.test) == 16
    assert len({frame["y"][int(row)] for row in found.test}) == 16


def test_more_than_twenty_numbers_that_are_classes_are_stratified():
    kinds = [float(i // 4) for i in range(120)]
    frame = pl.DataFrame({"x": [float(i) for i in range(120)], "y": kinds})
    columns = (
        Column(name="x", type=SemanticType.NUMBER),
        Column(name="y", type=SemanticType.NUMBER, role=Role.TARGET),
    )
    found = split_test(Dataset(frame, Schema(columns=columns)), SplitPlan(test_share=0.25, by_class=True))
    assert np.unique(frame["y"].to_numpy()[found.test], return_counts=True)[1].tolist() == [1] * 30


def test_rare_classes_are_said_with_their_rows():
    (found,) = rare_class_findings(target_of(40, 30, 1, 2), "y")
    assert found.evidence == {"classes": ["c", "d"], "rows": [1, 2]}
    assert "2 classes have fewer than 10 rows: 'c' (1), 'd' (2)" in found.message
    assert "1 of them have one row" in found.message
    assert rare_class_findings(target_of(40, 30), "y") == []


@pytest.mark.parametrize(("rows", "said"), [(1, "has one row only"), (2, "has 2 rows only")])
def test_of_two_classes_the_rarer_one_needs_three_rows(rows, said):
    with pytest.raises(DataError, match=said) as caught:
        check_rarest(target_of(30, rows), "y")
    assert "anomaly" in caught.value.hint
    check_rarest(target_of(30, 3), "y")
    check_rarest(target_of(30, 10, rows), "y")
