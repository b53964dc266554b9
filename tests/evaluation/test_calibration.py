import numpy as np
import pytest

from mlwright.base.errors import DataError
from mlwright.evaluation.calibration import calibration, reliability_curve


def drawn(n: int, seed: int = 0):
    rng = np.random.default_rng(seed)
    p = rng.random(n)
    return (rng.random(n) < p).astype(int), p


def test_honest_probabilities_lie_within_their_intervals():
    y, p = drawn(20_000)
    found = calibration(y, p)
    assert found.within >= 0.8
    assert found.ece < 0.02
    assert abs(found.bias) < 0.01


def test_overconfident_probabilities_do_not():
    y, p = drawn(20_000)
    found = calibration(y, np.clip(0.5 + (p - 0.5) * 2, 0, 1))
    assert found.within < 0.5
    assert found.ece > 0.1


def test_bins_hold_equally_many_rows_and_never_split_equal_probabilities():
    points = reliability_curve(np.tile([True, False], 50), np.repeat([0.2, 0.8], 50), bins=10)
    assert [(point.predicted, point.rows) for point in points] == [(pytest.approx(0.2), 50), (pytest.approx(0.8), 50)]
    assert [point.rows for point in reliability_curve(np.ones(100, bool), np.arange(100) / 100)] == [10] * 10


def test_more_classes_speak_of_the_predicted_class():
    found = calibration(np.array([0, 1, 2, 2]), np.eye(3)[[0, 1, 2, 2]])
    assert found.of == "predicted class"
    assert found.ece == 0


def test_lengths_must_agree():
    with pytest.raises(DataError, match="2 outcomes and 3 probabilities"):
        reliability_curve(np.ones(2, bool), np.ones(3))
