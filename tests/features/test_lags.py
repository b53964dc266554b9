"""Rows of a global model: each cell where it belongs, relative to level and spread."""

import numpy as np
import pytest

from mlwright.data.grid import DAY, Grid
from mlwright.data.histories import batch_of
from mlwright.data.series import Series
from mlwright.features.calendar import calendar_columns, calendar_parts
from mlwright.features.lags import KnownColumn, all_rows, row_plan

HOURLY = Grid(unit="second", every=3600)


def test_values_stand_where_the_names_say() -> None:
    values = np.arange(96.0)
    plan = row_plan(96, HOURLY, (24,), 3, known=[KnownColumn(name="price")], past=["wind"])
    one = Series("a", 0, values, {"wind": values * 2}, {"price": np.arange(99.0)})
    rows = all_rows(batch_of([one], plan.memory, (24,)), [one], plan, HOURLY)
    level, spread = rows["level"][0], rows["spread"][0]

    def value(name: str) -> list[float]:
        return (rows[name] * spread + level).round(6).tolist()

    assert rows["step"].tolist() == [1.0, 2.0, 3.0]
    assert value("lag 1") == [95.0] * 3
    assert value("season 24 back 1") == [72.0, 73.0, 74.0]
    assert value("season 24 before") == [95.0, 72.0, 73.0]
    assert rows["base"].tolist() == [95.0] * 3
    assert rows["price ahead"].tolist() == [96.0, 97.0, 98.0]
    assert rows["wind last"].tolist() == [190.0] * 3
    assert rows["hour"].tolist() == [0.0, 1.0, 2.0]
    assert rows["scale"].tolist() == [24.0] * 3
    assert set(plan.features) | {"scale", "level", "spread", "base"} == set(rows)


def test_rows_do_not_depend_on_size_or_level() -> None:
    values = np.random.default_rng(0).normal(size=200)
    plan = row_plan(200, HOURLY, (24,), 5)
    small, large = Series("", 0, values), Series("", 0, values * 1000 + 77)
    a, b = (all_rows(batch_of([one], plan.memory, (24,)), [one], plan, HOURLY) for one in (small, large))
    for name in plan.features:
        assert b[name] == pytest.approx(a[name], abs=1e-9)


def test_nothing_after_the_origin_is_seen() -> None:
    values = np.random.default_rng(0).normal(size=200)
    changed = np.r_[values[:150], values[150:] + 100]
    plan = row_plan(200, HOURLY, (24,), 5)
    cut = [Series("", 0, values).until(150), Series("", 0, changed).until(150)]
    rows = all_rows(batch_of(cut, plan.memory, (24,)), cut, plan, HOURLY)
    for column in rows.values():
        assert column[:5].tolist() == column[5:].tolist()


def test_what_is_not_known_ahead_is_missing() -> None:
    plan = row_plan(50, HOURLY, (), 3, known=[KnownColumn(name="price"), KnownColumn(name="day", text=True)])
    one = Series("", 0, np.arange(50.0), {}, {"price": np.arange(51.0), "day": np.array(["x"] * 51, dtype=object)})
    rows = all_rows(batch_of([one], plan.memory, ()), [one], plan, HOURLY)
    assert rows["price ahead"] == pytest.approx([50.0, np.nan, np.nan], nan_ok=True)
    assert rows["day ahead"].tolist() == ["x", "", ""]


def test_the_calendar_agrees_with_datetime() -> None:
    from datetime import UTC, datetime

    moments = [datetime(2024, 2, 29, 13, 30, tzinfo=UTC), datetime(1969, 12, 31, 1, tzinfo=UTC)]
    stamps = np.array([one.timestamp() for one in moments])
    parts = calendar_columns(stamps, ("hour", "weekday", "day of month", "day of year", "month"))
    assert parts["hour"].tolist() == [13.5, 1.0]
    assert parts["weekday"].tolist() == [one.weekday() for one in moments]
    assert parts["day of month"].tolist() == [29.0, 31.0]
    assert parts["day of year"].tolist() == [one.timetuple().tm_yday for one in moments]
    assert parts["month"].tolist() == [2.0, 12.0]


def test_parts_that_never_change_or_were_never_seen_twice_are_left_out() -> None:
    assert calendar_parts(Grid(unit="second", every=DAY), 100) == ("weekday", "day of month")
    assert calendar_parts(Grid(unit="month"), 60) == ("month",)
    assert calendar_parts(Grid(unit="step"), 1000) == ()
