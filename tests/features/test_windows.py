"""Causal features of a series."""

import numpy as np
import pytest

from mlwright.base.errors import DataError
from mlwright.features.windows import WindowPlan, window_features, window_plan
from mlwright.models.anomaly.series import series_scores

PLAN = WindowPlan(windows=(30, 90), season=24)


def test_no_feature_looks_ahead():
    values = np.random.default_rng(0).normal(size=400)
    changed = values.copy()
    changed[300:] = 1e6
    before, after = window_features(values, PLAN), window_features(changed, PLAN)
    for name in PLAN.names:
        assert np.array_equal(before[name][:300], after[name][:300])


def test_a_feature_is_the_deviation_from_the_values_before():
    values = np.random.default_rng(1).normal(size=200)
    at = 150
    past = values[at - 30 : at]
    expected = abs(values[at] - past.mean()) / past.std()
    assert window_features(values, PLAN)["far_30"][at] == pytest.approx(expected)


def test_a_season_makes_the_usual_wave_usual():
    wave = np.tile(np.sin(np.arange(24) / 24 * 2 * np.pi), 30) + np.random.default_rng(2).normal(0, 0.05, 720)
    wave[606] = wave[594]  # the trough where the crest belongs: an ordinary value at the wrong place
    found = window_features(wave, PLAN)
    assert found["season_60"][606] > 10
    assert found["far_30"][606] < 3


def test_a_day_with_enough_rows_is_the_season():
    hours = np.arange(500) * 3600.0
    assert window_plan(hours).season == 24
    assert window_plan(np.arange(60) * 86400.0).season == 0


def test_constant_missing_and_infinite_values_give_finite_scores():
    values = np.ones(300)
    values[50], values[60] = np.nan, np.inf
    scores = series_scores(values, np.arange(300.0))
    assert np.isfinite(scores).all()
    assert scores.max() == 0.0


def test_a_series_without_values_or_out_of_order_is_refused():
    with pytest.raises(DataError, match="No value"):
        series_scores(np.full(10, np.nan), np.arange(10.0))
    with pytest.raises(DataError, match="order of time"):
        series_scores(np.ones(3), np.array([0.0, 2.0, 1.0]))
