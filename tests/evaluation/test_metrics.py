"""Every metric against scikit-learn, on arrays with ties, rare classes and constant predictions."""

import time
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sk

from mlwright.base.errors import BriefError, DataError
from mlwright.evaluation import classification, ranking, regression
from mlwright.evaluation.metrics import ALIASES, METRICS, checked_metric, default_metric, metric, metrics_for

LABEL_REFERENCES = {
    "accuracy": sk.accuracy_score,
    "balanced_accuracy": sk.balanced_accuracy_score,
    "mcc": sk.matthews_corrcoef,
    "f1_micro": lambda y, p, **w: sk.f1_score(y, p, average="micro", **w),
    "f1_weighted": lambda y, p, **w: sk.f1_score(y, p, average="weighted", **w),
}
RATIO_REFERENCES = {"precision": sk.precision_score, "recall": sk.recall_score, "f1": sk.f1_score}
VALUE_REFERENCES = {
    "mse": sk.mean_squared_error,
    "rmse": sk.root_mean_squared_error,
    "mae": sk.mean_absolute_error,
    "median_ae": sk.median_absolute_error,
    "r2": sk.r2_score,
    "mape": sk.mean_absolute_percentage_error,
    "pinball": sk.mean_pinball_loss,
}


def agree(ours: float, theirs: float) -> bool:
    return bool(np.isclose(ours, theirs, rtol=1e-9, atol=1e-9, equal_nan=True))


def reference(function, *arrays, **options) -> float:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return float(function(*arrays, **options))


@st.composite
def classified(draw, classes: int | None = None):
    """Codes, probabilities with many ties, weights or None."""
    c = classes or draw(st.integers(2, 5))
    n = draw(st.integers(2, 40))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    rare = draw(st.booleans())
    y = rng.choice(c, n, p=np.array([0.9] + [0.1 / (c - 1)] * (c - 1)) if rare else None)
    raw = rng.integers(1, draw(st.sampled_from([2, 4, 1000])), (n, c)) if draw(st.booleans()) else rng.random((n, c))
    probabilities = raw / raw.sum(axis=1, keepdims=True)
    weight = rng.integers(1, 5, n).astype(float) if draw(st.booleans()) else None
    return y, probabilities, weight


@settings(max_examples=120, deadline=None)
@given(classified())
def test_label_metrics_equal_sklearn(case):
    y, probabilities, weight = case
    predicted = probabilities.argmax(axis=1)
    for name, theirs in LABEL_REFERENCES.items():
        expected = reference(theirs, y, predicted, sample_weight=weight)
        assert agree(METRICS[name].compute(y, probabilities, weight=weight), expected), name
    average = "binary" if probabilities.shape[1] == 2 else "macro"
    for name, theirs in RATIO_REFERENCES.items():
        expected = reference(theirs, y, predicted, sample_weight=weight, average=average)
        assert agree(METRICS[name].compute(y, probabilities, weight=weight), expected), name


@settings(max_examples=120, deadline=None)
@given(classified(classes=2))
def test_binary_probability_metrics_equal_sklearn(case):
    y, probabilities, weight = case
    p = probabilities[:, 1]
    expected_auc = reference(sk.roc_auc_score, y, p, sample_weight=weight)
    assert agree(METRICS["roc_auc"].compute(y, probabilities, weight=weight), expected_auc)
    assert agree(METRICS["roc_auc"].compute(y, p, weight=weight), expected_auc)
    loss = reference(sk.log_loss, y, p, sample_weight=weight, labels=[0, 1])
    assert agree(METRICS["log_loss"].compute(y, probabilities, weight=weight), loss)
    brier = reference(sk.brier_score_loss, y, p, sample_weight=weight, labels=[0, 1], pos_label=1)
    assert agree(METRICS["brier"].compute(y, probabilities, weight=weight), brier)
    if y.any():
        expected = reference(sk.average_precision_score, y, p, sample_weight=weight)
        assert agree(METRICS["pr_auc"].compute(y, probabilities, weight=weight), expected)


@settings(max_examples=80, deadline=None)
@given(classified(classes=4))
def test_multiclass_probability_metrics_equal_sklearn(case):
    y, probabilities, weight = case
    labels = np.arange(4)
    loss = reference(sk.log_loss, y, probabilities, sample_weight=weight, labels=labels)
    assert agree(METRICS["log_loss"].compute(y, probabilities, weight=weight), loss)
    brier = reference(sk.brier_score_loss, y, probabilities, sample_weight=weight, labels=labels)
    assert agree(METRICS["brier"].compute(y, probabilities, weight=weight), brier)
    present = np.unique(y)
    one_vs_rest = [reference(sk.roc_auc_score, y == k, probabilities[:, k], sample_weight=weight) for k in present]
    assert agree(METRICS["roc_auc"].compute(y, probabilities, weight=weight), float(np.mean(one_vs_rest)))
    if len(present) == 4:
        whole = reference(sk.roc_auc_score, y, probabilities, multi_class="ovr", labels=labels)
        assert agree(METRICS["roc_auc"].compute(y, probabilities), whole)
        ap = reference(sk.average_precision_score, y, probabilities, sample_weight=weight)
        assert agree(METRICS["pr_auc"].compute(y, probabilities, weight=weight), ap)


@settings(max_examples=120, deadline=None)
@given(st.integers(1, 30), st.integers(0, 2**32 - 1), st.booleans(), st.booleans())
def test_regression_metrics_equal_sklearn(n, seed, weighted, rounded):
    rng = np.random.default_rng(seed)
    y, p = rng.normal(0, 3, n), rng.normal(0, 3, n)
    if rounded:
        y, p = np.rint(y), np.rint(p)  # ties and zeros in y
    weight = rng.integers(0, 4, n) + (np.arange(n) == 0) if weighted else None
    for name, theirs in VALUE_REFERENCES.items():
        expected = reference(theirs, y, p, sample_weight=weight)
        assert agree(METRICS[name].compute(y, p, weight=weight), expected), name
    expected = reference(sk.root_mean_squared_log_error, np.abs(y), np.abs(p), sample_weight=weight)
    assert agree(METRICS["rmsle"].compute(np.abs(y), np.abs(p), weight=weight), expected)
    expected = reference(sk.mean_pinball_loss, y, p, sample_weight=weight, alpha=0.9)
    assert agree(metric("pinball@0.9").compute(y, p, weight=weight), expected)


def test_r2_of_a_constant_target_is_one_or_zero():
    constant = np.ones(4)
    assert METRICS["r2"].compute(constant, constant) == 1.0
    assert METRICS["r2"].compute(constant, constant + 1) == 0.0


@settings(max_examples=60, deadline=None)
@given(st.integers(2, 12), st.integers(1, 6), st.integers(0, 2**32 - 1))
def test_ranking_metrics_equal_sklearn_query_by_query(n, queries, seed):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 4, (queries, n)).astype(float)
    p = rng.integers(0, 5, (queries, n)).astype(float)
    group = np.repeat(np.arange(queries), n)
    for k in (None, 3):
        expected = reference(sk.ndcg_score, y, p, k=k)
        assert agree(ranking.ndcg(y.ravel(), p.ravel(), group=group, k=k), expected)
    each = [sk.average_precision_score(a > 0, b) for a, b in zip(y, p, strict=True) if (a > 0).any()]
    expected = float(np.mean(each)) if each else float("nan")
    assert agree(ranking.mean_average_precision(y.ravel(), p.ravel(), group=group), expected)


def test_ranking_metrics_against_hand_values():
    y, p = np.array([0, 1, 0, 1.0]), np.array([4, 3, 2, 1.0])
    assert ranking.mrr(y, p) == 0.5
    assert ranking.precision_at_k(y, p, k=2) == 0.5
    assert ranking.recall_at_k(y, p, k=3) == 0.5


def test_tied_scores_earn_no_credit_by_luck():
    y, p = np.array([1.0, 0, 0, 0]), np.zeros(4)
    assert ranking.mrr(y, p) == 0.25
    assert ranking.precision_at_k(y, p, k=1) == 0.25


def test_ece_against_a_hand_value():
    # One bin at 0.9 that is right half the time: gap 0.4.
    assert classification.ece(np.array([1, 0]), np.array([0.9, 0.9])) == pytest.approx(0.4)
    # Two bins, each of half the rows, gaps 0.1 and 0.2.
    assert classification.ece(np.array([1, 0]), np.array([0.9, 0.2])) == pytest.approx(0.15)


def test_specificity_is_the_recall_of_the_negative_class():
    y, p = np.array([0, 0, 0, 1, 1]), np.array([0, 1, 0, 1, 0])
    assert classification.specificity(y, p) == pytest.approx(sk.recall_score(1 - y, 1 - p))


def test_one_class_only_gives_nan_for_roc_auc_and_zero_for_ratios():
    assert np.isnan(METRICS["roc_auc"].compute(np.zeros(3, int), np.array([0.1, 0.2, 0.3])))
    assert np.isnan(METRICS["pr_auc"].compute(np.zeros(3, int), np.array([0.1, 0.2, 0.3])))
    assert METRICS["precision"].compute(np.array([0, 1]), np.array([0, 0])) == 0.0


def test_perfect_predictions_reach_the_best_value():
    y = np.array([0, 1, 1, 0])
    for entry in metrics_for("binary"):
        assert entry.compute(y, np.eye(2)[y]) == pytest.approx(entry.best, abs=1e-12), entry.name
    values = np.array([1.0, 2.0, 5.0])
    for entry in (*metrics_for("regression"), METRICS["ndcg"], METRICS["map"], METRICS["mrr"]):
        assert entry.compute(values, values) == pytest.approx(entry.best, abs=1e-12), entry.name


@pytest.mark.parametrize(
    ("y", "prediction", "says"),
    [
        (np.array([0, 1]), np.array([0.1, 0.2, 0.3]), "2 labels"),
        (np.array([0, 1]), np.array([0.1, np.nan]), "NaN"),
        (np.array([], int), np.array([]), "at least one row"),
        (np.array([0, 3]), np.array([[0.5, 0.5], [0.5, 0.5]]), "code 3"),
        (np.array(["a", "b"]), np.array([0.5, 0.5]), "whole numbers"),
        (np.array([0, 1]), np.array([-2.0, 3.0]), "expected 0 to 1"),
    ],
)
def test_bad_arrays_are_named(y, prediction, says):
    with pytest.raises(DataError, match=says):
        METRICS["log_loss"].compute(y, prediction)


def test_bad_weights_and_values_are_named():
    with pytest.raises(DataError, match="negative"):
        METRICS["mae"].compute(np.ones(2), np.ones(2), weight=np.array([1.0, -1.0]))
    with pytest.raises(DataError, match="more than -1"):
        regression.rmsle(np.array([-1.0]), np.array([0.0]))


def test_common_names_are_understood():
    written = ["AUC", "roc-auc", "ROC AUC", "logloss", "R²", "F1-score", "sensitivity", "average precision"]
    found = [metric(name).name for name in written]
    assert found == ["roc_auc", "roc_auc", "roc_auc", "log_loss", "r2", "f1", "recall", "pr_auc"]
    assert set(ALIASES.values()) <= set(METRICS)
    assert not set(ALIASES) & set(METRICS)


def test_a_misspelt_metric_gets_a_suggestion():
    with pytest.raises(BriefError, match="did you mean 'accuracy'"):
        metric("acuracy")


@pytest.mark.parametrize("name", ["accuracy@3", "ndcg@0.5", "pinball@1.5", "nonsense@2"])
def test_a_parameter_that_makes_no_sense_is_refused(name):
    with pytest.raises(BriefError):
        metric(name)


def test_a_metric_that_does_not_fit_the_task_is_refused_with_those_that_do():
    with pytest.raises(BriefError, match="choose one of: mse, rmse"):
        checked_metric("roc_auc", "regression")
    assert checked_metric("auc", "binary").name == "roc_auc"


def test_defaults_fit_their_tasks():
    for task in ("binary", "multiclass", "regression", "ranking"):
        assert default_metric(task).fits(task)


def test_gain_is_positive_when_better_whatever_the_direction():
    assert METRICS["rmse"].gain(1.0, 2.0) == 1.0
    assert METRICS["accuracy"].gain(0.9, 0.8) == pytest.approx(0.1)


def test_roc_auc_of_a_million_rows_takes_less_than_a_second():
    rng = np.random.default_rng(0)
    y, p = rng.integers(0, 2, 1_000_000), rng.random(1_000_000)
    seconds = []
    for _ in range(3):
        start = time.process_time()
        METRICS["roc_auc"].compute(y, p)
        seconds.append(time.process_time() - start)
    assert min(seconds) < 1.0
