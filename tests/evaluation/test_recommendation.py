"""Measures of lists by hand."""

import numpy as np
import pytest

from mlwright.evaluation.intervals import Bootstrap
from mlwright.evaluation.recommendation import Lists, coverage, list_scores, ndcg_by_user, top_items
from mlwright.evaluation.recommendation_report import rating_metrics, recommendation_metrics

LISTS = Lists(
    items=np.array([[3, 1, 0], [2, 0, -1], [1, 2, 3]]),
    relevant=[np.array([1, 4]), np.array([], dtype=int), np.array([1])],
    popularity=np.array([0.5, 0.25, 1.0, 0.125, 0.5]),
)


def test_every_measure_of_two_users_by_hand_the_third_liked_nothing():
    found = list_scores(LISTS, 3)
    ideal = 1 + 1 / np.log2(3)
    np.testing.assert_allclose(found["ndcg"], [(1 / np.log2(3)) / ideal, 1.0])
    assert found["recall_at_k"].tolist() == [0.5, 1.0]
    np.testing.assert_allclose(found["precision_at_k"], [1 / 3, 1 / 3])
    assert found["hit_rate"].tolist() == [1.0, 1.0]
    assert found["mrr"].tolist() == [0.5, 1.0]
    assert found["map"].tolist() == [0.25, 1.0]
    np.testing.assert_allclose(found["novelty"], [(3 + 2 + 1) / 3, (2 + 0 + 3) / 3])
    assert coverage(LISTS, 3) == 4 / 5
    assert coverage(LISTS, 1) == 3 / 5


def test_what_was_met_is_left_out_and_equal_scores_go_by_code():
    scores = np.array([[5.0, 1.0, 1.0, 9.0], [0.0, 0.0, 0.0, 0.0]])
    met = [np.array([3]), np.array([0, 1, 2])]
    assert top_items(scores, met, 3).tolist() == [[0, 1, 2], [3, -1, -1]]
    relevant = [np.array([1]), np.array([3])]
    np.testing.assert_allclose(ndcg_by_user(scores, met, relevant, 2), [1 / np.log2(3), 1.0])


def test_metrics_have_intervals_over_users_and_coverage_none():
    found = recommendation_metrics(LISTS, [1, 3], Bootstrap(resamples=200))
    assert found["recall_at_k@3"]["value"] == 0.75
    assert found["recall_at_k@3"]["low"] == 0.5
    assert found["coverage@3"]["low"] is None


def test_errors_of_ratings_are_over_rows_and_their_intervals_over_users():
    found = rating_metrics(["a", "a", "b"], np.array([1.0, 2.0, 5.0]), np.array([1.0, 4.0, 4.0]), Bootstrap(200))
    assert found["rmse"]["value"] == pytest.approx(np.sqrt(5 / 3))
    assert found["mae"]["value"] == 1.0
    assert found["rmse"]["low"] == 1.0  # drawn from b alone
    assert found["rmse"]["high"] == pytest.approx(np.sqrt(2))
