"""Surprise: how rare a score is among usual rows."""

import numpy as np
import pytest

from mlwright.base.errors import DataError
from mlwright.models.tail import MOST, Tail, fit_tail


def test_a_surprise_is_the_power_of_ten_of_the_tail():
    scores = np.random.default_rng(0).normal(size=20_000)
    tail = fit_tail(scores)
    for share in (0.5, 0.1, 0.01, 0.001):
        assert tail.apply(np.quantile(scores, [1 - share]))[0] == pytest.approx(-np.log10(share), abs=0.06)


def test_beyond_the_highest_score_the_tail_is_exponential():
    scores = np.random.default_rng(0).exponential(size=50_000)
    tail = fit_tail(scores)
    step = np.diff(tail.apply(scores.max() + np.array([0.5, 1.5])))[0]
    assert step == pytest.approx(1 / np.log(10), rel=0.05)


def test_surprise_never_falls_and_is_bounded():
    tail = fit_tail(np.random.default_rng(1).normal(size=300))
    found = tail.apply(np.linspace(-5, 500, 1000))
    assert (np.diff(found) >= 0).all()
    assert found[0] == 0.0
    assert found[-1] == MOST


def test_equal_scores_have_a_tail():
    assert np.isfinite(fit_tail(np.ones(10)).apply(np.array([0.0, 1.0, 2.0]))).all()


def test_a_tail_comes_back_from_its_state():
    tail = fit_tail(np.arange(50.0))
    assert Tail.from_state(tail.state()) == tail


def test_scores_that_are_not_finite_are_refused():
    with pytest.raises(DataError, match="finite"):
        fit_tail(np.array([1.0, np.inf]))
