import json

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import roc_auc_score

from mlwright.base.errors import DataError
from mlwright.evaluation.intervals import Bootstrap
from mlwright.evaluation.report import Evaluation, EvaluationOptions, evaluate_classification, evaluate_regression
from mlwright.evaluation.score import Basis
from mlwright.evaluation.slices import SliceConfig

OPTIONS = {"bootstrap": Bootstrap(50), "slices": SliceConfig(shuffles=39)}


@pytest.fixture(scope="module")
def tumour():
    X, y = load_breast_cancer(return_X_y=True)
    X = (X - X.mean(0)) / X.std(0)
    p = LogisticRegression().fit(X[::2], y[::2]).predict_proba(X[1::2])
    columns = {f"c{i}": X[1::2, i] for i in range(5)}
    group = np.where(X[1::2, 0] > 0, "large", "small").astype(object)
    basis = Basis(evaluator="holdout", split="odd rows", rows=len(p))
    return y[1::2], p, EvaluationOptions(basis=basis, columns=columns, sensitive={"size": group}, **OPTIONS)


def test_a_classifier_is_measured_from_all_sides(tumour):
    y, p, options = tumour
    found = evaluate_classification(y, p, ("malignant", "benign"), options)
    auc = found.metrics["roc_auc"]
    assert auc.value == pytest.approx(roc_auc_score(y, p[:, 1]))
    assert auc.low < auc.value < auc.high
    assert found.confusion is not None
    assert sum(map(sum, found.confusion.counts)) == len(y)
    assert found.calibration is not None
    assert found.fairness[0].attribute == "size"
    assert found.fairness[0].positive == "benign"
    assert found.thresholds


def test_two_runs_give_the_same_json_and_it_can_be_read_back(tumour):
    y, p, options = tumour
    first, again = (evaluate_classification(y, p, ("m", "b"), options).model_dump_json() for _ in range(2))
    assert first == again
    assert Evaluation.model_validate_json(first).model_dump_json() == first
    json.loads(first, parse_constant=lambda word: pytest.fail(f"{word} is not JSON"))


def test_the_threshold_decides_the_labels_and_not_the_probabilities(tumour):
    y, p, _ = tumour
    low, high = (
        evaluate_classification(y, p, ("m", "b"), EvaluationOptions(threshold=t, bootstrap=Bootstrap(20)))
        for t in (0.01, 0.99)
    )
    assert low.metrics["recall"].value > high.metrics["recall"].value
    assert low.metrics["log_loss"] == high.metrics["log_loss"]


def test_a_class_that_is_absent_gives_none_and_no_crash():
    found = evaluate_classification(np.zeros(20, int), np.full((20, 2), 0.5), ("a", "b"))
    assert found.metrics["roc_auc"].value is None
    assert found.thresholds == ()
    three = evaluate_classification(np.tile([0, 1], 10), np.full((20, 3), 1 / 3), ("a", "b", "c"))
    assert three.task == "multiclass"
    assert three.metrics["log_loss"].value == pytest.approx(np.log(3))


def test_a_regression_is_measured_from_all_sides():
    X, y = load_diabetes(return_X_y=True)
    prediction = Ridge(0.1).fit(X[::2], y[::2]).predict(X[1::2])
    sex = np.where(X[1::2, 1] > 0, "1", "2").astype(object)
    options = EvaluationOptions(columns={"bmi": X[1::2, 2]}, sensitive={"sex": sex}, **OPTIONS)
    found = evaluate_regression(y[1::2], prediction, options)
    assert 0.3 < found.metrics["r2"].value < 0.6
    assert {"rmse", "mae", "mape", "rmsle"} <= set(found.metrics)
    assert found.residuals is not None
    assert "mae_difference" in found.fairness[0].gaps
    again = Evaluation.model_validate_json(found.model_dump_json())
    assert again.fairness[0].groups == found.fairness[0].groups


def test_metrics_that_make_no_sense_for_the_values_are_left_out():
    found = evaluate_regression(np.array([0.0, -3.0, 2.0]), np.zeros(3))
    assert "mape" not in found.metrics
    assert "rmsle" not in found.metrics


def test_shapes_must_agree():
    with pytest.raises(DataError, match="2 columns for 3 classes"):
        evaluate_classification(np.array([0, 1]), np.full((2, 2), 0.5), ("a", "b", "c"))
    with pytest.raises(DataError, match="1 rows, but there are 2 labels"):
        evaluate_regression(np.zeros(2), np.zeros(2), EvaluationOptions(columns={"a": np.zeros(1)}))
