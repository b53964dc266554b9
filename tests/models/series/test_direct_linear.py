"""One linear map for all series."""

import numpy as np
import pytest

from mlwright.data.grid import Grid
from mlwright.data.histories import Batch
from mlwright.features.lags import row_plan
from mlwright.models.series.direct_linear import DirectLinear, fit_direct_linear


def test_a_linear_rule_is_found() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(400, 5))
    Y = np.column_stack([X[:, -1] + 0.5 * X[:, 0] + 1, 2 * X[:, 2]])
    found = np.array(fit_direct_linear(X, Y, np.ones(400), np.arange(400)).weights)
    assert found[[4, 0, 5], 0] == pytest.approx([1.0, 0.5, 1.0], abs=0.01)
    assert found[2, 1] == pytest.approx(2.0, abs=0.01)


def test_it_is_written_and_read_to_the_same_forecasts_at_any_level_and_size() -> None:
    rng = np.random.default_rng(1)
    plan = row_plan(60, Grid(unit="step"), (), 2)
    X = rng.normal(size=(50, 4))
    model = fit_direct_linear(X, X[:, :2], np.ones(50), np.arange(50))
    again = DirectLinear.model_validate_json(model.model_dump_json())
    values = rng.normal(size=(1, 60)).cumsum(axis=1)
    small, large = (Batch(v, np.array([60]), np.ones(1)) for v in (values, 1000 * values + 5))
    assert again.forecast(small, plan).tolist() == model.forecast(small, plan).tolist()
    assert again.forecast(large, plan) == pytest.approx(1000 * again.forecast(small, plan) + 5, rel=1e-6)
