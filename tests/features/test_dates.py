"""Parts of dates against Python's and numpy's calendars."""

from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlwright.features.dates import CYCLIC_PARTS, PLAIN_PARTS, DateParts, fit_date_parts, wave_table

ALL = DateParts("d", PLAIN_PARTS, origin=0.0)


def seconds(*texts):
    return np.array([datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() for text in texts])


def test_every_day_of_the_calendar_agrees_with_numpy():
    days = np.arange(np.datetime64("0001-01-01"), np.datetime64("9999-12-31"), 3)
    parts = ALL.transform({"d": days.astype(np.int64) * 86400.0 + 86399.0})
    months, years = days.astype("datetime64[M]"), days.astype("datetime64[Y]")
    np.testing.assert_array_equal(parts[:, 0], years.astype(np.int64) + 1970)
    np.testing.assert_array_equal(parts[:, 1], months.astype(np.int64) % 12 + 1)
    np.testing.assert_array_equal(parts[:, 2], (days - months).astype(np.int64) + 1)
    np.testing.assert_array_equal(parts[:, 3], (days.astype(np.int64) + 3) % 7)
    np.testing.assert_array_equal(parts[:, 4], 23)
    np.testing.assert_array_equal(parts[:, 5], (days - years).astype(np.int64) + 1)


@given(st.datetimes(min_value=datetime(1, 1, 1), max_value=datetime(3000, 1, 1)))  # noqa: DTZ001
def test_any_moment_agrees_with_datetime(moment):
    moment = moment.replace(microsecond=0, tzinfo=UTC)
    parts = ALL.transform({"d": np.array([moment.timestamp()])})[0]
    day_of_year = moment.timetuple().tm_yday
    expected = [moment.year, moment.month, moment.day, moment.weekday(), moment.hour, day_of_year]
    assert parts[:6].tolist() == expected


def test_moment_just_before_midnight_before_1970_is_the_day_before():
    parts = ALL.transform({"d": np.array([-1e-6, -0.0])})
    assert parts[0, :6].tolist() == [1969, 12, 31, 2, 23, 365]
    assert parts[1, :6].tolist() == [1970, 1, 1, 3, 0, 1]


def test_elapsed_days_count_from_the_training_minimum():
    values = seconds("2020-02-28", "2020-03-01T12:00:00")
    encoder = fit_date_parts("d", values, linear=False)
    assert encoder.transform({"d": values})[:, encoder.parts.index("elapsed_days")].tolist() == [0.0, 2.5]


def test_missing_stays_missing_for_trees():
    assert np.isnan(ALL.transform({"d": np.array([np.nan])})).all()
    assert np.isnan(DateParts("d", CYCLIC_PARTS, 0.0).transform({"d": np.array([np.nan])})).all()


def test_parts_that_do_not_vary_are_left_out():
    encoder = fit_date_parts("d", seconds("2020-01-01", "2020-01-02", "2020-01-04"), linear=False)
    assert encoder.parts == ("day", "weekday", "day_of_year", "elapsed_days")


def test_hour_is_there_when_times_are():
    assert "hour" in fit_date_parts("d", seconds("2020-01-01T10:00", "2020-01-01T11:00"), linear=False).parts


def test_linear_parts_are_standard_filled_and_marked():
    values = np.append(seconds("2019-05-01", "2020-06-02", "2021-11-03"), np.nan)
    encoder = fit_date_parts("d", values, linear=True)
    result = encoder.transform({"d": values})
    np.testing.assert_allclose(result[:3].mean(axis=0)[:-1], 0, atol=1e-12)
    np.testing.assert_allclose(result[:3].std(axis=0)[:-1], 1)
    np.testing.assert_array_equal(result[3, :-1], result[1, :-1])  # the median
    assert result[:, -1].tolist() == [0, 0, 0, 1]


def test_december_is_as_near_to_january_as_january_to_february():
    sine, cosine = wave_table("month_sin"), wave_table("month_cos")
    distance = [np.hypot(sine[a] - sine[b], cosine[a] - cosine[b]) for a, b in ((11, 0), (0, 1))]
    assert distance[0] == pytest.approx(distance[1])


@pytest.mark.parametrize("linear", [True, False])
@pytest.mark.parametrize("values", [[np.nan], [0.0], [np.nan, 5.0], [1e300, -1e300]])
def test_hard_training_columns_work(values, linear):
    encoder = fit_date_parts("d", np.array(values), linear=linear)
    result = encoder.transform({"d": np.array([np.nan, 1e300, -1e300, 0.0])})
    assert result.shape == (4, encoder.width)
    assert np.isfinite(result).all() or not linear


def test_state_round_trip_is_exact():
    encoder = fit_date_parts("d", np.array([1 / 3, 1e9, np.nan]), linear=True)
    assert DateParts.from_state(encoder.state()) == encoder
