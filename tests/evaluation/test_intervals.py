import numpy as np
import pytest
from scipy import stats

from mlwright.base.errors import DataError
from mlwright.evaluation.intervals import Bootstrap, bootstrap, paired_difference
from mlwright.evaluation.metrics import METRICS, Metric


def sample(rng: np.random.Generator, n: int, skill: float = 1.0):
    y = rng.integers(0, 2, n)
    return y, 1 / (1 + np.exp(-(skill * (2 * y - 1) + rng.normal(0, 1.5, n))))


@pytest.mark.parametrize("method", ["percentile", "bca"])
def test_the_interval_of_mae_agrees_with_scipy(method):
    rng = np.random.default_rng(0)
    errors = rng.exponential(1.0, 120)
    found = bootstrap(errors, np.zeros(120), METRICS["mae"], how=Bootstrap(resamples=2000, method=method))
    theirs = stats.bootstrap(
        (errors,), np.mean, n_resamples=5000, method="BCa" if method == "bca" else "percentile", rng=1
    ).confidence_interval
    assert found.value == pytest.approx(errors.mean())
    assert found.low == pytest.approx(theirs.low, abs=0.03)
    assert found.high == pytest.approx(theirs.high, abs=0.03)


def test_intervals_cover_the_truth_about_as_often_as_they_say():
    truth = METRICS["roc_auc"].compute(*sample(np.random.default_rng(99), 200_000))
    covered = 0
    for seed in range(60):
        found = bootstrap(*sample(np.random.default_rng(seed), 300), METRICS["roc_auc"], how=Bootstrap(200, seed=seed))
        covered += found.low <= truth <= found.high
    assert covered >= 51  # 95 % of 60 is 57; fewer than 51 has a chance of about 1 %


def test_the_same_seed_gives_the_same_interval_and_another_seed_another():
    y, p = sample(np.random.default_rng(1), 200)
    first, again = (bootstrap(y, p, METRICS["log_loss"], how=Bootstrap(100, seed=5)) for _ in range(2))
    assert first == again
    assert first != bootstrap(y, p, METRICS["log_loss"], how=Bootstrap(100, seed=6))


def test_a_rare_class_stays_in_every_resample():
    y = np.zeros(100, int)
    y[:2] = 1
    found = bootstrap(y, np.linspace(1, 0, 100), METRICS["roc_auc"], how=Bootstrap(200))
    assert found.defined == 1.0


def test_an_undefined_metric_gives_nan_and_says_so():
    found = bootstrap(np.zeros(10, int), np.linspace(0, 1, 10), METRICS["roc_auc"], how=Bootstrap(50))
    assert np.isnan(found.value)
    assert np.isnan(found.low)
    assert found.defined == 0.0


def test_weights_take_part():
    y, p = sample(np.random.default_rng(2), 100)
    weight = np.where(np.arange(100) < 50, 1.0, 1e-9)
    labels = (p > 0.5).astype(int)
    whole = bootstrap(y, labels, METRICS["accuracy"], weight=weight, how=Bootstrap(50))
    assert whole.value == pytest.approx(METRICS["accuracy"].compute(y[:50], labels[:50]), abs=1e-6)


def test_labels_are_resampled_as_their_rows_would_be():
    y, p = sample(np.random.default_rng(4), 400)
    labels = (p > 0.4).astype(int)
    for name in ("accuracy", "f1", "mcc", "precision"):
        by_counts = bootstrap(y, labels, METRICS[name], how=Bootstrap(2000))
        by_rows = bootstrap(y, labels, METRICS[name], weight=np.ones(400), how=Bootstrap(2000))
        assert by_counts.value == pytest.approx(by_rows.value)
        assert by_counts.low == pytest.approx(by_rows.low, abs=0.012)
        assert by_counts.high == pytest.approx(by_rows.high, abs=0.012)


def test_a_really_better_model_is_found_and_two_equal_ones_are_not_told_apart():
    rng = np.random.default_rng(3)
    y, good = sample(rng, 800, skill=1.5)
    noisy = np.clip(good + rng.normal(0, 0.3, 800), 0, 1)
    better = paired_difference(y, good, noisy, METRICS["log_loss"], how=Bootstrap(300))
    assert better.low > 0
    assert better.p < 0.02
    same = paired_difference(y, good, good, METRICS["log_loss"], how=Bootstrap(100))
    assert same.difference == 0
    assert same.p == 1.0


def test_the_paired_test_seldom_finds_what_is_not_there():
    false_findings = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        y = rng.normal(0, 1, 150)
        a, b = y + rng.normal(0, 1, 150), y + rng.normal(0, 1, 150)
        false_findings += paired_difference(y, a, b, METRICS["mae"], how=Bootstrap(200, seed=seed)).p < 0.05
    assert false_findings <= 9  # 5 % of 60 is 3; more than 9 has a chance below 0.1 %


def test_large_tables_get_fewer_resamples():
    assert Bootstrap().count(1000) == 500
    assert Bootstrap().count(10_000_000) == 100


def test_lengths_must_agree():
    metric: Metric = METRICS["mae"]
    with pytest.raises(DataError, match="3 labels and 2 predictions"):
        bootstrap(np.zeros(3), np.zeros(2), metric)
