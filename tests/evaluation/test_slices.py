import numpy as np
import pytest

from mlwright.base.errors import DataError
from mlwright.evaluation.slices import SliceConfig, worst_slices

FAST = SliceConfig(shuffles=99)


def table(n: int, seed: int):
    rng = np.random.default_rng(seed)
    columns = {f"number{i}": rng.normal(size=n) for i in range(4)}
    columns |= {f"kind{i}": rng.choice(np.array(list("abcd"), dtype=object), n) for i in range(3)}
    columns["number0"][rng.random(n) < 0.1] = np.nan
    return columns, rng


def test_a_planted_level_is_the_worst_slice():
    columns, rng = table(2000, 0)
    loss = rng.random(2000) + 0.5 * (columns["kind1"] == "c")
    found = worst_slices(columns, loss, FAST)
    assert found[0].text == "kind1 = c"
    assert found[0].low < 0.5 < found[0].high
    assert found[0].p == 0.01


def test_a_planted_pair_is_found_as_a_pair():
    columns, rng = table(4000, 1)
    bad = (columns["kind0"] == "a") & (columns["number1"] > 0.9)
    found = worst_slices(columns, rng.random(4000) + 0.8 * bad, FAST)
    assert {condition.column for condition in found[0].conditions} == {"kind0", "number1"}
    assert len(found[0].conditions) == 2


def test_missing_cells_are_a_slice_of_their_own():
    columns, rng = table(2000, 2)
    found = worst_slices(columns, rng.random(2000) + 0.6 * np.isnan(columns["number0"]), FAST)
    assert found[0].text == "number0 is missing"


@pytest.mark.parametrize("kind", ["bounded", "skewed"])
def test_nothing_is_named_when_no_slice_is_worse(kind):
    alarms = 0
    for seed in range(40):
        columns, rng = table(600, seed)
        loss = (rng.random(600) < 0.1).astype(float) if kind == "bounded" else rng.exponential(1, 600) ** 2
        alarms += bool(worst_slices(columns, loss, SliceConfig(shuffles=59, seed=seed)))
    assert alarms <= 6  # 5 % of 40 is 2; more than 6 has a chance below 1 %


def test_sizes_are_respected_and_constant_losses_have_no_slices():
    columns, rng = table(500, 3)
    found = worst_slices(columns, rng.random(500) + (columns["kind1"] == "c"), SliceConfig(min_rows=60, shuffles=59))
    assert all(item.rows >= 60 for item in found)
    assert worst_slices(columns, np.ones(500)) == ()
    assert worst_slices({"one": np.ones(500)}, rng.random(500)) == ()


def test_the_same_seed_gives_the_same_slices():
    columns, rng = table(500, 4)
    loss = rng.random(500) + (columns["kind1"] == "c")
    assert worst_slices(columns, loss, FAST) == worst_slices(columns, loss, FAST)


def test_lengths_must_agree():
    with pytest.raises(DataError, match="500 rows and 3 losses"):
        worst_slices(table(500, 5)[0], np.ones(3))


def test_a_gap_too_small_to_matter_is_not_named_however_sure_it_is():
    columns, rng = table(60_000, 6)
    loss = rng.random(60_000) + 0.015 * (columns["kind1"] == "c")
    assert worst_slices(columns, loss, SliceConfig(shuffles=39, max_depth=1)) == ()
    assert worst_slices(columns, loss, SliceConfig(shuffles=39, max_depth=1, min_effect=0))[0].text == "kind1 = c"
