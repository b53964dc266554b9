"""The exactness of thresholds, and tables by hand."""

import lightgbm
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlwright.base.errors import ExportError
from mlwright.export.onnx.trees import LEAF, Tree, TreeTable, float32_bounds
from mlwright.export.onnx.trees_lightgbm import lightgbm_table

floats = st.floats(allow_nan=False, allow_infinity=False, min_value=-1e300, max_value=1e300)


@given(floats)
def test_rounded_down_thresholds_part_neighbours_exactly(threshold: float) -> None:
    bound = float32_bounds(np.array([threshold]), strict=False)[0]
    for x in _neighbours(threshold):
        assert (x <= bound) == (np.float64(x) <= threshold)


@given(floats)
def test_strict_thresholds_part_neighbours_exactly(threshold: float) -> None:
    bound = float32_bounds(np.array([threshold]), strict=True)[0]
    for x in _neighbours(threshold):
        assert (x <= bound) == (np.float64(x) < threshold)


def test_rounding_to_the_nearest_would_move_a_row() -> None:
    low = np.float32(0.1)
    high = np.nextafter(low, np.float32(1))
    threshold = float(low) * 0.25 + float(high) * 0.75  # nearer to `high`, which is on its right
    assert np.float32(threshold) == high
    assert float32_bounds(np.array([threshold]), strict=False)[0] == low


def _neighbours(threshold: float) -> list[np.float32]:
    with np.errstate(over="ignore"):
        near = np.clip(np.float32(threshold), np.finfo(np.float32).min, np.finfo(np.float32).max)
        beside = [np.nextafter(near, np.float32(-np.inf)), near, np.nextafter(near, np.float32(np.inf))]
    return [x for x in beside if np.isfinite(x)]


def stump(low: float, high: float, output: int = 0) -> Tree:
    return Tree(
        feature=np.array([0, 0, 0]),
        threshold=np.array([0.5, 0, 0]),
        left=np.array([1, LEAF, LEAF]),
        right=np.array([2, LEAF, LEAF]),
        missing_left=np.array([True, False, False]),
        value=np.array([[0.0], [low], [high]]),
        output=output,
    )


def test_the_middle_of_the_leaves_goes_into_the_base() -> None:
    table = TreeTable.of([stump(2_000_000, 2_000_004), stump(1, 3)], np.array([10.0]))
    assert table.base.tolist() == [2_000_014.0]
    assert table.value[:, 0].tolist() == [0, -2, 2, 0, -1, 1]


def test_a_tree_of_one_leaf_goes_into_the_base_of_its_output() -> None:
    leaf = Tree(*(np.array([value]) for value in (0, 0.0, LEAF, LEAF, False)), value=np.array([[7.0]]), output=1)
    table = TreeTable.of([leaf, stump(-1, 1)], np.zeros(2))
    assert table.base.tolist() == [0, 7]
    assert table.tree.tolist() == [0, 0, 0]


@pytest.mark.parametrize(
    ("params", "columns"),
    [
        ({"boosting": "rf", "bagging_freq": 1, "bagging_fraction": 0.5}, []),
        ({"zero_as_missing": True}, []),
        ({"linear_tree": True}, []),
        ({}, [1]),
    ],
)
def test_what_lightgbm_can_and_onnx_cannot_is_refused(params: dict[str, object], columns: list[int]) -> None:
    draw = np.random.default_rng(0)
    X = np.column_stack([draw.normal(size=300), draw.integers(0, 6, 300)])
    settings = {"verbosity": -1, "num_threads": 1, "objective": "regression", "min_data_per_group": 5, **params}
    y = X[:, 0] + 3 * (X[:, 1] % 2)
    rows = lightgbm.Dataset(X, label=y, categorical_feature=columns, params=settings)
    booster = lightgbm.Booster(settings, rows)
    booster.update()
    with pytest.raises(ExportError, match="This LightGBM model"):
        lightgbm_table(booster)
