import fairlearn.metrics as fl
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlwright.base.errors import BriefError, DataError
from mlwright.evaluation.fairness import (
    Decision,
    classification_fairness,
    fairness_metric,
    fairness_name,
    regression_fairness,
)

REFERENCES = {
    "demographic_parity_difference": fl.demographic_parity_difference,
    "demographic_parity_ratio": fl.demographic_parity_ratio,
    "equalized_odds_difference": fl.equalized_odds_difference,
    "equal_opportunity_difference": fl.equal_opportunity_difference,
}


@settings(max_examples=6, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_gaps_equal_fairlearn(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(20, 80))
    group = rng.choice(np.array(["a", "b", "c"], dtype=object), n)
    y, predicted = rng.integers(0, 2, n), rng.integers(0, 2, n)
    for name in set(group):  # every group has both classes, and someone is called positive
        rows = np.flatnonzero(group == name)
        y[rows[: len(rows) // 2]], y[rows[len(rows) // 2 :]] = 0, 1
        if len(rows) < 2:
            return
    predicted[0] = 1
    for name, theirs in REFERENCES.items():
        expected = theirs(y, predicted, sensitive_features=group)
        assert fairness_metric(name, y, predicted, group) == pytest.approx(expected, abs=1e-12), name


def test_rates_by_group_equal_fairlearns_frame():
    rng = np.random.default_rng(0)
    group = rng.choice(np.array(["f", "m"], dtype=object), 400)
    y, p = rng.integers(0, 2, 400), rng.random(400)
    called = (p > 0.6).astype(int)
    frame = fl.MetricFrame(
        metrics={"sel": fl.selection_rate, "tpr": fl.true_positive_rate, "fpr": fl.false_positive_rate},
        y_true=y,
        y_pred=called,
        sensitive_features=group,
    ).by_group
    report = classification_fairness("sex", y, called, group, Decision(probability=p))
    for item in report.groups:
        assert item.selection_rate == pytest.approx(frame.loc[item.group, "sel"])
        assert item.tpr == pytest.approx(frame.loc[item.group, "tpr"])
        assert item.fpr == pytest.approx(frame.loc[item.group, "fpr"])
        assert item.calibration_gap == pytest.approx((p - y)[group == item.group].mean())


def test_small_groups_are_flagged_and_gaps_are_given_without_them_too():
    group = np.array(["big"] * 100 + ["other"] * 100 + ["tiny"] * 3, dtype=object)
    y = np.tile([0, 1], 102)[:203]
    called = y.copy()
    called[200:] = 1 - called[200:]
    report = classification_fairness("group", y, called, group)
    assert report.small_groups == ("tiny",)
    assert report.gaps["equalized_odds_difference"] == 1.0
    assert report.gaps_of_large_groups["equalized_odds_difference"] == 0.0
    assert fairness_metric("equalized_odds", y, called, group, min_rows=50) == 0.0


def test_a_group_without_positives_has_no_true_positive_rate():
    y, called = np.array([0, 0, 1, 0]), np.array([0, 1, 1, 0])
    report = classification_fairness("g", y, called, np.array(["a", "a", "b", "b"], dtype=object))
    assert report.groups[0].tpr is None
    assert report.gaps["equal_opportunity_difference"] == 0.0


def test_the_positive_class_may_be_any_code():
    y, called = np.array([2, 2, 0, 2]), np.array([2, 0, 0, 2])
    group = np.array([0.0, 0.0, 1.0, 1.0])
    assert fairness_metric("equal_opportunity", y, called, group, positive=2) == 0.5


def test_regression_errors_by_group_against_hand_values():
    y, p = np.array([1.0, 2, 3, 4]), np.array([2.0, 3, 3, 2])
    report = regression_fairness("g", y, p, np.array(["a", "a", "b", ""], dtype=object), min_rows=1)
    assert [(item.group, item.mean_error, item.mae) for item in report.groups] == [
        ("a", 1.0, 1.0),
        ("b", 0.0, 0.0),
        ("missing", -2.0, 2.0),
    ]
    assert report.gaps == {"mae_difference": 2.0, "mae_ratio": 0.0, "mean_error_difference": 3.0}


def test_names_are_understood_or_corrected():
    assert fairness_name("Equalized-Odds") == "equalized_odds_difference"
    with pytest.raises(BriefError, match="did you mean 'equalized_odds"):
        fairness_name("equalizd_odds_difference")
    with pytest.raises(DataError, match="2 labels"):
        fairness_metric("equalized_odds", np.zeros(2, int), np.zeros(3, int), np.zeros(3))
