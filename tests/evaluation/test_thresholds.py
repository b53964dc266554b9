import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import precision_recall_curve

from mlwright.base.errors import DataError
from mlwright.evaluation import thresholds as t


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from([0.3, 0.5, 0.8, 0.95, 1.0]))
def test_the_best_points_equal_those_on_sklearns_curve(seed, demand):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(3, 60))
    y, p = rng.integers(0, 2, n), rng.integers(0, 12, n) / 12
    y[:2] = 0, 1
    precision, recall, _ = precision_recall_curve(y, p)
    assert t.recall_at_precision(y, p, demand) == pytest.approx(recall[precision >= demand - 1e-12].max())
    assert t.precision_at_recall(y, p, demand) == pytest.approx(precision[recall >= demand - 1e-12].max())


def test_the_threshold_of_a_point_gives_what_the_point_says():
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 500)
    p = np.clip(0.5 * y + rng.normal(0.25, 0.2, 500), 0, 1)
    point = t.point_at_precision(y, p, 0.9)
    called = p >= point.threshold
    assert point.precision == pytest.approx(y[called].mean())
    assert point.recall == pytest.approx(called[y == 1].mean())
    assert point.false_positive_rate == pytest.approx(called[y == 0].mean())
    assert point.selected == pytest.approx(called.mean())


def test_an_impossible_precision_selects_nothing():
    point = t.point_at_precision(np.array([1, 0]), np.array([0.1, 0.9]), 0.9)
    assert point.threshold is None
    assert point.recall == 0


def test_the_table_runs_from_few_to_all_rows_and_is_short():
    rng = np.random.default_rng(1)
    table = t.threshold_table(rng.integers(0, 2, 5000), rng.random(5000), points=50)
    shares = [point.selected for point in table]
    assert len(table) <= 50
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def test_recall_at_a_false_positive_rate_against_a_hand_value():
    y, p = np.array([1, 0, 1, 0]), np.array([0.9, 0.8, 0.7, 0.1])
    assert t.recall_at_false_positive_rate(y, p, 0.0) == 0.5
    assert t.recall_at_false_positive_rate(y, p, 0.5) == 1.0


def test_one_class_has_no_thresholds():
    with pytest.raises(DataError, match="Only one class"):
        t.recall_at_precision(np.ones(3, int), np.ones(3), 0.5)
