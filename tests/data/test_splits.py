"""Splits and folds."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlwright.base.errors import DataError
from mlwright.data.dataset import Dataset, to_dataset
from mlwright.data.infer import infer_schema
from mlwright.data.readers import read_raw
from mlwright.data.schema import Column, Role, Schema, SemanticType
from mlwright.data.splits import FoldArrays, FoldPlan, SplitPlan, folds, split_test


def table(rows=200, roles=None, **columns):
    random = np.random.default_rng(0)
    data = {"x": random.normal(size=rows), "y": ["a", "b", "b", "b"] * (rows // 4)} | columns
    frame = pl.DataFrame(data)
    kinds = {pl.Float64: SemanticType.NUMBER, pl.String: SemanticType.CATEGORY}
    given = {"y": Role.TARGET} | (roles or {})
    schema = Schema(
        columns=tuple(
            Column(
                name=name,
                type=kinds.get(frame[name].dtype, SemanticType.DATETIME),
                role=given.get(name, Role.FEATURE),
            )
            for name in frame.columns
        )
    )
    return Dataset(frame, schema)


def test_a_split_is_complete_stratified_and_repeatable():
    dataset = table()
    split = split_test(dataset, SplitPlan(test_share=0.25, seed=3))
    assert sorted([*split.train, *split.test]) == list(range(200))
    assert len(split.test) == 50
    assert dataset.take(split.test).frame["y"].value_counts().sort("y")["count"].to_list() in ([12, 38], [13, 37])
    again = split_test(dataset, SplitPlan(test_share=0.25, seed=3))
    assert again.test.tolist() == split.test.tolist()
    assert split_test(dataset, SplitPlan(test_share=0.25, seed=4)).test.tolist() != split.test.tolist()


def test_a_rare_class_is_on_both_sides():
    split = split_test(table(y=["rare"] * 2 + ["common"] * 198), SplitPlan(test_share=0.1))
    assert len({0, 1} & set(split.test.tolist())) == 1


def test_copies_stay_on_one_side(shared_data):
    raw = read_raw("wine_quality.csv", base=shared_data / "tabular")
    dataset, _ = to_dataset(raw, infer_schema(raw, target="quality"))
    split = split_test(dataset, SplitPlan())
    train, test = dataset.take(split.train).frame, dataset.take(split.test).frame
    assert dataset.frame.is_duplicated().sum() > 1000
    assert test.join(train, on=test.columns, how="semi", nulls_equal=True).height == 0
    assert abs(len(split.test) / dataset.rows - 0.2) < 0.002
    for fit, valid in folds(dataset.take(split.train), FoldPlan(k=5)):
        part = dataset.take(split.train)
        assert part.take(valid).frame.join(part.take(fit).frame, on=test.columns, how="semi").height == 0


def test_a_coarse_table_can_be_split_although_its_rows_repeat():
    dataset = table(x=[0.0, 1.0] * 100)
    assert len(split_test(dataset, SplitPlan()).test) == 40
    assert len(folds(dataset, FoldPlan(k=5))) == 5


def test_groups_stay_together():
    groups = [f"g{i % 30}" for i in range(200)]
    dataset = table(g=groups, roles={"g": Role.GROUP})
    split = split_test(dataset, SplitPlan())
    assert split.strategy == "group"
    assert not {groups[i] for i in split.train} & {groups[i] for i in split.test}
    assert 30 <= len(split.test) <= 50
    for fit, valid in folds(dataset, FoldPlan(k=4)):
        assert not {groups[i] for i in fit} & {groups[i] for i in valid}


def test_by_time_the_latest_rows_are_the_test():
    when = pl.Series(np.datetime64("2020-01-01", "us") + np.arange(200)[::-1] // 3 * np.timedelta64(1, "D"))
    dataset = table(when=when, roles={"when": Role.TIME})
    split = split_test(dataset, SplitPlan(test_share=0.2))
    assert split.strategy == "time"
    assert when.to_numpy()[split.test].min() > when.to_numpy()[split.train].max()
    assert "from 2020-02-2" in split.why
    parts = folds(dataset, FoldPlan(k=4))
    assert len(parts) == 4
    for fit, valid in parts:
        assert when.to_numpy()[fit].max() < when.to_numpy()[valid].min()


@settings(max_examples=60, deadline=None)
@given(
    y=st.lists(st.integers(0, 3), min_size=20, max_size=120),
    k=st.integers(2, 5),
    seed=st.integers(0, 99),
    size=st.integers(1, 3),
)
def test_folds_part_the_rows_evenly(y, k, seed, size):
    groups = np.arange(len(y)) // size
    codes = np.unique(y, return_inverse=True)[1]
    found = folds(FoldArrays(codes, groups), FoldPlan(k=k, seed=seed))
    assert sorted(np.concatenate([valid for _, valid in found]).tolist()) == list(range(len(y)))
    sizes = [len(valid) for _, valid in found]
    assert max(sizes) - min(sizes) <= 2 * size * (codes.max() + 1)
    for fit, valid in found:
        assert sorted([*fit.tolist(), *valid.tolist()]) == list(range(len(y)))
        assert not set(groups[fit]) & set(groups[valid])
    if size == 1:
        for label in range(codes.max() + 1):
            counts = [int((codes[valid] == label).sum()) for _, valid in found]
            assert max(counts) - min(counts) <= 1


def test_repeats_differ():
    found = folds(table(), FoldPlan(k=2, repeats=2))
    assert len(found) == 4
    assert found[0][1].tolist() != found[2][1].tolist()


@pytest.mark.parametrize(
    ("plan", "message"),
    [
        (SplitPlan(test_share=1.5), "between 0 and 1"),
        (SplitPlan(test_share=0.001), "leave 0 for the test"),
        (SplitPlan(strategy="time"), "role time"),
        (SplitPlan(strategy="group"), "role group"),
    ],
)
def test_an_impossible_split_is_refused(plan, message):
    with pytest.raises(DataError, match=message):
        split_test(table(), plan)


def test_more_folds_than_groups_are_refused():
    with pytest.raises(DataError, match="cannot make 5 folds"):
        folds(FoldArrays(np.zeros(9), np.arange(9) // 3), FoldPlan(k=5))
