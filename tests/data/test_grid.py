"""Grids of time: found, named, and back and forth between stamps and positions."""

import numpy as np
import pytest

from mlwright.base.errors import BriefError
from mlwright.data.grid import DAY, Grid, find_grid, grid_of, parse_frequency


def days(*texts: str) -> np.ndarray:
    return np.array(texts, dtype="datetime64[D]").astype(np.int64) * float(DAY)


def months(first: str, count: int, every: int = 1) -> np.ndarray:
    start = np.datetime64(first, "M")
    return (start + np.arange(count) * every).astype("datetime64[D]").astype(np.int64) * float(DAY)


@pytest.mark.parametrize(
    ("stamps", "name"),
    [
        (months("1949-01", 30), "month"),
        (months("1949-02", 12, 3), "quarter"),
        (months("1990-01", 9, 12), "year"),
        (np.arange(50) * 3600.0 + 1.5e9, "hour"),
        (np.arange(50) * 900.0, "15 minutes"),
        (np.arange(60) * float(DAY), "day"),
        (np.arange(60) * 7.0 * DAY, "week"),
    ],
)
def test_the_usual_frequencies_are_found_and_stamps_lie_on_them(stamps: np.ndarray, name: str) -> None:
    grid = find_grid(stamps, dated=True)
    positions = grid.positions(stamps)
    assert grid.name == name
    assert np.diff(positions) == pytest.approx(np.ones(len(stamps) - 1), abs=1e-9)
    assert grid.stamps(np.rint(positions)) == pytest.approx(stamps)


def test_month_ends_of_any_length_are_neighbours() -> None:
    stamps = days("2023-11-30", "2023-12-31", "2024-01-31", "2024-02-29", "2024-03-31", "2024-04-30")
    grid = find_grid(stamps, dated=True)
    assert grid.day == 0
    assert np.diff(grid.positions(stamps)) == pytest.approx(np.ones(5))
    assert grid.stamps(np.rint(grid.positions(stamps)) + 1)[-1] == days("2024-05-31")[0]


def test_working_days_have_no_gap_at_the_weekend() -> None:
    every = np.arange("2024-01-01", "2024-02-01", dtype="datetime64[D]")
    stamps = every[np.is_busday(every)].astype(np.int64) * float(DAY)
    grid = find_grid(stamps, dated=True)
    assert grid.name == "business day"
    assert np.diff(grid.positions(stamps)).tolist() == [1.0] * (len(stamps) - 1)


def test_step_numbers_keep_their_phase() -> None:
    grid = find_grid(np.array([5.0, 15.0, 25.0]), dated=False)
    assert (grid.every, grid.offset) == (10, 5.0)
    assert grid.stamps(grid.positions(np.array([35.0]))).tolist() == [35.0]


def test_a_stamp_beside_the_grid_is_seen() -> None:
    grid = grid_of("month", 1, months("2020-01", 12))
    assert abs(grid.positions(days("2020-03-16"))[0] % 1) == pytest.approx(15 / 31)


def test_a_frequency_that_is_none_is_refused_with_examples() -> None:
    with pytest.raises(BriefError, match="'fortnight' is not a frequency") as refused:
        parse_frequency("fortnight")
    assert "15 min" in refused.value.hint
    assert parse_frequency("D") == parse_frequency("daily") == ("second", DAY)


def test_the_name_of_several_units() -> None:
    assert Grid(unit="second", every=7200).name == "2 hours"
    assert Grid(unit="step").name == "step"
