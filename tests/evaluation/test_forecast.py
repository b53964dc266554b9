"""Measures of forecasts against hand values."""

import numpy as np
import pytest

from mlwright.base.errors import DataError
from mlwright.evaluation.forecast import coverage, crps, interval_score, mase, smape, wape
from mlwright.evaluation.forecast_report import ForecastCase, evaluate_forecast, steps_table
from mlwright.evaluation.metrics import default_metric, metric, metrics_for


def test_mase_is_the_error_in_units_of_the_scale() -> None:
    y, p, scale = np.array([1.0, 2.0]), np.array([2.0, 4.0]), np.array([1.0, 4.0])
    assert mase(y, p, scale=scale) == pytest.approx((1 + 0.5) / 2)
    assert metric("MASE").compute(y, p, scale=scale) == pytest.approx(0.75)
    with pytest.raises(DataError, match="without the scale"):
        mase(y, p)


def test_percentages_bear_zeros() -> None:
    assert smape(np.array([0.0, 1.0]), np.array([0.0, -1.0])) == pytest.approx(100.0)
    assert np.isnan(wape(np.zeros(2), np.ones(2)))


def test_crps_of_a_sure_forecast_is_its_absolute_error() -> None:
    levels = np.linspace(0.01, 0.99, 99)
    assert crps(np.array([3.0]), np.full((1, 99), 1.0), levels) == pytest.approx(2.0)


def test_crps_of_a_normal_forecast_is_the_known_value() -> None:
    from statistics import NormalDist

    levels = (np.arange(2000) + 0.5) / 2000
    quantiles = np.array([[NormalDist().inv_cdf(level) for level in levels]])
    assert crps(np.array([0.0]), quantiles, levels) == pytest.approx((np.sqrt(2) - 1) / np.sqrt(np.pi), abs=1e-3)


def test_an_interval_costs_its_width_and_what_it_misses() -> None:
    y, low, high = np.array([1.0, 5.0]), np.zeros(2), np.full(2, 2.0)
    assert coverage(y, low, high) == 0.5
    assert interval_score(y, low, high, 0.9) == pytest.approx(2 + 20 * 3 / 2)


def test_the_metrics_of_forecasts() -> None:
    assert default_metric("forecast").name == "mase"
    assert {"mase", "smape", "wape", "mae", "rmse"} <= {one.name for one in metrics_for("forecast")}


def case(windows: int) -> ForecastCase:
    truth = np.tile([1.0, 2.0, np.nan], (windows, 1))
    value = np.tile([1.0, 3.0, 9.0], (windows, 1))
    levels = np.array([0.05, 0.5, 0.95])
    quantiles = value[:, :, np.newaxis] + np.array([-1.5, 0.0, 1.5])
    low, high = value - 0.5, value + 0.5
    return ForecastCase(truth, value, np.full(windows, 2.0), quantiles, levels, low, high, ("a",) * windows)


def test_steps_without_a_value_count_nowhere() -> None:
    found = evaluate_forecast(case(6), 0.9, seed=0)
    assert found["rows"] == 12
    assert found["metrics"]["mase"]["value"] == pytest.approx(0.25)
    assert found["metrics"]["mase"]["low"] == pytest.approx(0.25)
    assert found["intervals"]["coverage"] == 0.5


def test_few_windows_have_no_interval() -> None:
    assert evaluate_forecast(case(2), 0.9, seed=0)["metrics"]["mase"]["low"] is None


def test_errors_by_distance() -> None:
    _, rows = steps_table(case(3), metric("mase"))
    assert rows == [["1", "0", "100.0 %"], ["2", "0.5", "0.0 %"]]
