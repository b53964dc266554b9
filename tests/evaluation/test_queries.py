"""Rankings query by query, against scikit-learn and by hand."""

import numpy as np
import pytest
from sklearn.metrics import ndcg_score

from mlwright.base.errors import DataError
from mlwright.evaluation.intervals import Bootstrap
from mlwright.evaluation.metrics import metric
from mlwright.evaluation.queries import query_interval, query_scores, spread_within
from mlwright.evaluation.ranking_report import evaluate_ranking


def graded(seed: int = 0, queries: int = 12, rows: int = 15):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 4, queries * rows).astype(float)
    score = np.round(y + rng.normal(0, 1.5, len(y)), 0)  # with ties
    return y, score, np.repeat(np.arange(queries), rows)


@pytest.mark.parametrize("k", [None, 3, 10])
def test_ndcg_by_query_is_that_of_scikit_learn_ties_included(k):
    y, score, query = graded()
    order = np.random.default_rng(1).permutation(len(y))
    name = "ndcg" if k is None else f"ndcg@{k}"
    found = metric(name).compute(y[order], score[order], group=query[order])
    expected = np.mean([ndcg_score([y[query == q]], [score[query == q]], k=k) for q in np.unique(query)])
    assert found == pytest.approx(expected, abs=1e-12)
    assert query_scores(metric(name), y, score, query).mean() == pytest.approx(expected, abs=1e-12)


def test_exponential_gains_are_those_of_scikit_learn_on_two_to_the_grade():
    y, score, query = graded()
    expected = np.mean([ndcg_score([2 ** y[query == q] - 1], [score[query == q]], k=5) for q in range(12)])
    assert metric("ndcg_exp@5").compute(y, score, group=query) == pytest.approx(expected, abs=1e-12)


def test_a_query_without_a_relevant_row_counts_nothing_and_a_lone_row_everything():
    y, score = np.array([0.0, 0.0, 2.0]), np.array([1.0, 2.0, 3.0])
    assert query_scores(metric("ndcg@10"), y, score, np.array([0, 0, 1])).tolist() == [0.0, 1.0]


def test_a_negative_grade_is_refused():
    with pytest.raises(DataError, match="negative"):
        metric("ndcg").compute(np.array([1.0, -1.0]), np.array([1.0, 2.0]))


def test_hits_count_queries_with_something_relevant_on_top():
    y, score, query = np.array([1.0, 0, 0, 1, 0, 0]), np.array([3.0, 2, 3, 2, 1, 2]), np.array([0, 0, 1, 1, 2, 2])
    assert metric("hit_rate@1").compute(y, score, group=query) == 0.5  # the third has nothing to hit


def test_the_interval_draws_queries_and_leaves_out_those_without_a_value():
    found = query_interval(np.array([0.0, 1.0, np.nan, 0.5]), Bootstrap(resamples=2000))
    assert found.value == 0.5
    assert found.low == 0.0 or found.low < 0.2
    assert found.high > 0.8


def test_the_spread_ignores_what_lies_between_queries():
    query = np.array([0, 0, 1, 1])
    assert spread_within(np.array([1.0, 3.0, 101.0, 103.0]), query) == 1.0


def test_the_report_names_the_worst_queries_and_every_measure():
    y, score, query = graded()
    names = [f"q{at}" for at in range(12)]
    from mlwright.evaluation.ranking_report import RankingOptions

    facts = evaluate_ranking(y, score, query, RankingOptions(names=names, metrics=["ndcg@7"]))
    assert facts["metrics"]["ndcg@7"]["low"] < facts["metrics"]["ndcg@7"]["value"] < facts["metrics"]["ndcg@7"]["high"]
    by_query = query_scores(metric("ndcg@10"), y, score, query)
    assert facts["sections"][1]["table"]["rows"][0][0] == names[int(by_query.argmin())]
