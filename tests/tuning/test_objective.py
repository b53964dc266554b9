"""Losses: the metric, turned so that lower is better."""

import numpy as np
import pytest
from sklearn.metrics import f1_score, log_loss, roc_auc_score

from mlwright.evaluation.metrics import metric
from mlwright.models.signature import Task
from mlwright.tuning.objective import Objective, covered

RANDOM_P = np.random.default_rng(0).random(200)
Y = (np.random.default_rng(1).random(200) < 0.3 * RANDOM_P).astype(np.int64)
P = np.column_stack([1 - RANDOM_P, RANDOM_P])


def objective(name: str, weight=None) -> Objective:
    return Objective(metric(name), Y, weight, Task.BINARY)


def test_metrics_to_maximise_are_turned_and_others_are_not():
    assert objective("roc_auc").loss(P) == pytest.approx(-roc_auc_score(Y, P[:, 1]))
    assert objective("log_loss").loss(P) == pytest.approx(log_loss(Y, P))


def test_f1_is_judged_at_its_best_threshold():
    brute = max(f1_score(Y, P[:, 1] >= t) for t in P[Y == 1, 1])
    assert objective("f1").value(P) == pytest.approx(brute)
    assert objective("f1").value(P) > f1_score(Y, P[:, 1] >= 0.5)


def test_rows_and_weights_go_together():
    rows, weight = np.arange(50, 150), np.linspace(1, 2, 200)
    expected = log_loss(Y[rows], P[rows], sample_weight=weight[rows])
    assert objective("log_loss", weight).loss(P, rows) == pytest.approx(expected)


def test_a_metric_that_is_not_defined_is_an_infinite_loss():
    assert objective("roc_auc").loss(P, np.flatnonzero(Y == 0)) == np.inf


def test_covered_rows_are_those_without_nan():
    assert covered(np.array([[0.5, 0.5], [np.nan, 0.5]])).tolist() == [True, False]
