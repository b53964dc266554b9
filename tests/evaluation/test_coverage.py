"""What bands did, against counts by hand."""

import numpy as np
import pytest

from mlwright.base.errors import DataError
from mlwright.evaluation.coverage import coverage
from mlwright.evaluation.distributions import wilson_interval


def test_the_shares_of_rows_by_hand():
    y = np.array([0.0, 5.0, -5.0, 1.0])
    found = coverage(y, np.zeros(4), (np.full(4, -2.0), np.full(4, 1.0)), 0.8)
    assert (found.coverage, found.below, found.above) == (0.5, 0.25, 0.25)
    assert (found.mean_width, found.median_width) == (3.0, 3.0)
    assert found.score == pytest.approx(3.0 + (10 * 4 + 10 * 3) / 4)
    assert (found.low, found.high) == wilson_interval(2, 4, 0.95)
    assert found.parts == ()


def test_fifths_of_the_predicted_value_show_where_a_band_fails():
    values = np.arange(100.0)
    y = np.where(values >= 80, values + 10, values)
    found = coverage(y, values, (values - 1, values + 1), 0.9)
    assert [part.coverage for part in found.parts] == [1.0, 1.0, 1.0, 1.0, 0.0]
    assert [part.rows for part in found.parts] == [20] * 5
    assert (found.parts[4].smallest, found.parts[4].largest) == (80.0, 99.0)


def test_arrays_that_do_not_fit_are_refused():
    with pytest.raises(DataError, match="2 true values, 3 predicted"):
        coverage(np.zeros(2), np.zeros(3), (np.zeros(3), np.zeros(3)), 0.9)
