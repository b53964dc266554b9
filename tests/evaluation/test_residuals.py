import numpy as np
import pytest
from scipy import stats

from mlwright.evaluation.residuals import residuals, spearman


def test_numbers_equal_scipy():
    rng = np.random.default_rng(0)
    y, p = rng.gamma(2, 1, 400), rng.gamma(2, 1, 400)
    found = residuals(y, p)
    assert found.skew == pytest.approx(stats.skew(y - p))
    interval = stats.ttest_1samp(y - p, 0).confidence_interval(0.95)
    assert (found.bias_low, found.bias_high) == pytest.approx((interval.low, interval.high))
    assert found.spread_grows == pytest.approx(stats.spearmanr(p, np.abs(y - p)).statistic)
    assert sum(found.counts) == 400 == sum(part.rows for part in found.bins)


def test_errors_that_grow_with_the_prediction_are_seen():
    rng = np.random.default_rng(1)
    p = rng.uniform(1, 10, 1000)
    assert residuals(p + rng.normal(0, p), p).spread_grows_p < 1e-6
    assert residuals(p + rng.normal(0, 1, 1000), p).spread_grows_p > 0.001


def test_perfect_predictions_and_one_row_give_finite_numbers():
    for rows in (1, 5):
        found = residuals(np.arange(rows), np.arange(rows))
        assert (found.bias, found.sd, found.skew) == (0, 0, 0)


def test_points_are_the_same_for_the_same_seed():
    rng = np.random.default_rng(2)
    y, p = rng.random(3000), rng.random(3000)
    assert residuals(y, p, seed=1) == residuals(y, p, seed=1)
    assert len(residuals(y, p).points) == 1000


def test_rank_correlation_of_a_constant_is_zero():
    assert spearman(np.ones(5), np.arange(5)) == 0
