"""The choice between rankings: one scale for a mix, differences over queries."""

import numpy as np
import pytest

from mlwright.evaluation.metrics import metric
from mlwright.evaluation.queries import query_scores
from mlwright.tuning.ensemble import greedy_mix, mixed
from mlwright.tuning.objective import Objective
from mlwright.tuning.ranking import difference_by_query, scaled_scores


def graded(queries: int = 30, rows: int = 8):
    rng = np.random.default_rng(0)
    y = rng.integers(0, 4, queries * rows).astype(float)
    return y, np.repeat(np.arange(queries), rows), rng


def test_a_mix_on_one_scale_is_a_mix_of_raw_scores_with_other_weights():
    y, query, rng = graded()
    a, b = y + rng.normal(0, 2, len(y)), 1000 * (y + rng.normal(0, 2, len(y)))
    scaled = scaled_scores([a, b], query)
    objective = Objective(metric("ndcg@5"), y, None, "regression", query)
    mix = greedy_mix(scaled.predictions, objective.loss)
    assert len(mix.members) == 2
    raw = mixed([a, b], scaled.weights(mix.weights))
    assert objective.loss(raw) == pytest.approx(mix.loss, abs=1e-12)
    # Of raw scores the large ones would drown the others.
    assert objective.loss(raw) < objective.loss((a + b) / 2)


def test_weights_of_the_model_sum_to_one_and_a_constant_keeps_its_scale():
    _, query, rng = graded()
    scaled = scaled_scores([rng.normal(size=len(query)), np.zeros(len(query))], query)
    assert scaled.spreads[1] == 1.0
    assert sum(scaled.weights([0.5, 0.5])) == pytest.approx(1.0)


def test_a_difference_is_the_mean_over_queries_and_its_error_that_of_a_mean():
    y, query, rng = graded()
    a, b = y + rng.normal(0, 2, len(y)), y + rng.normal(0, 0.5, len(y))
    value, error = difference_by_query(metric("ndcg@5"), y, (a, b), query)
    gaps = query_scores(metric("ndcg@5"), y, b, query) - query_scores(metric("ndcg@5"), y, a, query)
    assert value == pytest.approx(gaps.mean())
    assert value > 0
    assert error == pytest.approx(gaps.std(ddof=1) / np.sqrt(30))


def test_the_objective_judges_within_queries():
    y, query, rng = graded()
    score = y + rng.normal(0, 1, len(y))
    shifted = score + 100.0 * query  # says nothing of the order within a query
    objective = Objective(metric("ndcg@5"), y, None, "regression", query)
    assert objective.loss(shifted) == pytest.approx(objective.loss(score), abs=1e-12)
    assert Objective(metric("ndcg@5"), y, None, "regression").loss(shifted) > objective.loss(shifted)
