import numpy as np
import pytest
from scipy import stats

from mlwright.base.errors import DataError
from mlwright.evaluation.metrics import METRICS
from mlwright.evaluation.noise import corrected_fold_test, noise_floor, replaces


def test_two_runs_of_one_model_differ_by_more_than_the_floor_in_five_percent_of_cases():
    rng = np.random.default_rng(0)
    beyond = 0
    for _ in range(2000):
        floor = noise_floor(rng.normal(0.8, 0.01, 5).tolist())
        beyond += abs(np.diff(rng.normal(0.8, 0.01, 2))[0]) > floor.floor
    assert 0.035 < beyond / 2000 < 0.065


def test_a_candidate_replaces_only_beyond_the_noise_in_the_metrics_direction():
    floor = noise_floor([1.0, 1.01, 0.99, 1.0])
    assert replaces(0.9, 1.0, METRICS["rmse"], floor)
    assert not replaces(0.99, 1.0, METRICS["rmse"], floor)
    assert not replaces(0.9, 1.0, METRICS["r2"], floor)


def test_one_score_has_no_noise_floor():
    with pytest.raises(DataError, match="at least 2"):
        noise_floor([0.5])


def test_the_corrected_test_is_the_t_test_when_no_training_rows_are_shared():
    gains = [0.1, 0.2, -0.05, 0.15]
    assert corrected_fold_test(gains, test_share=0.0) == pytest.approx(stats.ttest_1samp(gains, 0).pvalue)
    assert corrected_fold_test(gains, test_share=0.2) > corrected_fold_test(gains, test_share=0.0)


def test_constant_gains_need_no_test():
    assert corrected_fold_test([0.0, 0.0], test_share=0.5) == 1.0
    assert corrected_fold_test([0.1, 0.1], test_share=0.5) == 0.0
