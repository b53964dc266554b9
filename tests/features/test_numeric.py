"""Numbers for trees and for linear models."""

import numpy as np
import pytest

from mlwright.features.numeric import Passthrough, Scaled, fit_scaled
from mlwright.features.standard import LIMIT, fit_standard, snapped


def test_passthrough_keeps_missing_cells():
    np.testing.assert_array_equal(Passthrough("a").transform({"a": np.array([1.5, np.nan])}), [[1.5], [np.nan]])


def test_scaled_agrees_with_scikit_learn_on_known_cells():
    from sklearn.preprocessing import StandardScaler

    values = np.random.default_rng(0).normal(50, 7, 1000)
    ours = fit_scaled("a", values).transform({"a": values})
    np.testing.assert_allclose(ours, StandardScaler().fit_transform(values[:, np.newaxis]), rtol=1e-10, atol=1e-12)


def test_scaled_fills_missing_cells_with_the_median_and_says_so():
    encoder = fit_scaled("a", np.array([0.0, 1.0, 5.0, np.nan]))
    mean, scale = 2.0, np.std([0.0, 1.0, 5.0])
    np.testing.assert_allclose(encoder.transform({"a": np.array([np.nan, 5.0])}), [[-1 / scale, 1], [3 / scale, 0]])
    assert (encoder.median, encoder.mean, encoder.names) == (1.0, mean, ("a", "a is missing"))


def test_scaled_has_no_indicator_where_no_cell_was_missing():
    encoder = fit_scaled("a", np.array([0.0, 1.0]))
    assert encoder.transform({"a": np.array([np.nan])}).shape == (1, 1)


def test_outlier_does_not_spoil_the_scale_of_the_others():
    values = np.append(np.random.default_rng(0).normal(0, 1, 999), 1e300)
    encoder = fit_scaled("a", values)
    assert encoder.scale < 2.0
    assert encoder.transform({"a": np.array([1e308])})[0, 0] == LIMIT


@pytest.mark.parametrize(
    "values", [[1.7e308, -1.7e308], [1.7e308], [5e-324, 0.0], [-0.0], [], [np.inf, 1.0], [np.nan], [1e154, 3e154]]
)
def test_statistics_of_extreme_numbers_are_finite(values):
    encoder = fit_scaled("a", np.array(values, dtype=np.float64))
    assert np.isfinite([encoder.median, encoder.mean, encoder.scale]).all()
    result = encoder.transform({"a": np.array([0.0, np.nan, 1.7e308, -1.7e308])})
    assert np.isfinite(result).all()
    assert np.abs(result).max() <= LIMIT


def test_statistics_of_huge_numbers_are_right():
    assert fit_standard(np.array([1e300, 3e300])) == pytest.approx((2e300, 1e300))


def test_scale_of_constant_values_is_one():
    assert fit_standard(np.full(5, 7.0)) == (7.0, 1.0)


def test_values_that_float_takes_for_neutral_are_neutral():
    assert snapped(1 + 1e-9, 1.0) == 1.0
    assert snapped(1 + 1e-6, 1.0) == 1 + 1e-6


def test_state_round_trip_is_exact():
    encoder = Scaled("a", 0.1, 1 / 3, np.pi, indicator=True)
    assert Scaled.from_state(encoder.state()) == encoder
