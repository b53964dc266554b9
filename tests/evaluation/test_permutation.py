import numpy as np
import pytest

from mlwright.base.errors import DataError
from mlwright.data.columns import Columns
from mlwright.evaluation.metrics import METRICS
from mlwright.evaluation.permutation import Shuffling, permutation_importance


def table(n: int = 600, seed: int = 0):
    rng = np.random.default_rng(seed)
    columns = {
        "a": rng.normal(size=n),
        "b": rng.normal(size=n),
        "kind": rng.choice(np.array(["x", "y"], dtype=object), n),
        "nothing": rng.normal(size=n),
    }
    return columns, predict(columns) + rng.normal(0, 0.1, n)


def predict(columns: Columns) -> np.ndarray:
    return 3 * columns["a"] + columns["b"] + 2.0 * (columns["kind"] == "y")


def test_columns_are_ordered_by_what_the_model_loses():
    columns, y = table()
    found = permutation_importance(predict, columns, y, METRICS["mse"])
    assert [item.column for item in found] == ["a", "kind", "b", "nothing"]
    assert found[0].drop == pytest.approx(18, rel=0.15)  # twice the variance of 3a
    assert found[-1].drop == 0
    assert sum(item.share for item in found) == pytest.approx(1)
    assert [item.matters for item in found] == [True, True, True, False]


def test_the_same_seed_gives_the_same_result():
    columns, y = table(100)
    first, again = (permutation_importance(predict, columns, y, METRICS["mae"], Shuffling(seed=4)) for _ in range(2))
    assert first == again


def test_intervals_hold_the_truth():
    held = 0
    for seed in range(20):
        columns, y = table(300, seed)
        by_name = {item.column: item for item in permutation_importance(predict, columns, y, METRICS["mse"])}
        held += by_name["b"].low <= 2.0 <= by_name["b"].high
    assert held >= 16


def test_an_undefined_metric_and_one_repeat_are_refused():
    columns, y = table(20)
    with pytest.raises(DataError, match="1 repeats"):
        permutation_importance(predict, columns, y, METRICS["mse"], Shuffling(repeats=1))
    with pytest.raises(DataError, match="not defined"):
        permutation_importance(lambda c: 1 / (1 + np.exp(-c["a"])), columns, np.zeros(20, int), METRICS["roc_auc"])
