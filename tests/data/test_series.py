"""From rows to series: what is mended is said, what cannot be mended is refused."""

import numpy as np
import pytest

from mlwright.base.errors import BriefError, DataError
from mlwright.data.grid import DAY, Grid
from mlwright.data.histories import batch_of, filled, seasonal_scale
from mlwright.data.seasons import find_seasons
from mlwright.data.series import Layout, Panel, Series, asked_grid, panel_of
from mlwright.data.series_frame import frame_of, panel_from

DAILY = Grid(unit="second", every=DAY)


def rows(days: list[float], values: list[float], names: list[str] | None = None) -> dict[str, np.ndarray]:
    found = {"day": np.array(days) * DAY, "sold": np.array(values)}
    return found if names is None else found | {"shop": np.array(names, dtype=object)}


def checks(findings) -> list[str]:
    return [one.check for one in findings]


def test_rows_in_any_order_become_a_series() -> None:
    panel, findings = panel_of(rows([2, 0, 1, 3], [3.0, 1.0, 2.0, 4.0]), Layout("day", "sold"))
    assert panel.series[0].values.tolist() == [1.0, 2.0, 3.0, 4.0]
    assert findings == ()


def test_missing_days_are_gaps_and_said() -> None:
    panel, findings = panel_of(rows([0, 1, 2, 4, 5, 6], [1.0] * 5 + [2.0]), Layout("day", "sold"))
    assert np.isnan(panel.series[0].values).tolist() == [False, False, False, True, False, False, False]
    assert checks(findings) == ["gaps"]


def test_a_few_duplicate_times_are_averaged_with_a_warning() -> None:
    panel, findings = panel_of(rows([*range(20), 19], [1.0] * 20 + [3.0]), Layout("day", "sold"))
    assert panel.series[0].values[-1] == 2.0
    assert [(one.check, one.severity) for one in findings if one.check != "gaps"] == [("duplicate times", "warning")]


def test_equal_duplicates_are_no_warning() -> None:
    _, findings = panel_of(rows([*range(20), 19], [1.0] * 19 + [3.0, 3.0]), Layout("day", "sold"))
    assert [(one.check, one.severity) for one in findings] == [("duplicate times", "info")]


def test_many_duplicates_ask_for_the_column_of_the_series() -> None:
    days = [0.0, 1.0, 2.0, 3.0] * 2
    with pytest.raises(DataError, match="occur several times") as refused:
        panel_of(rows(days, [float(v) for v in range(8)]), Layout("day", "sold"))
    assert "group" in refused.value.hint
    panel, _ = panel_of(
        rows(days, [float(v) for v in range(8)], ["a"] * 4 + ["b"] * 4), Layout("day", "sold", ("shop",))
    )
    assert [one.name for one in panel.series] == ["a", "b"]


def test_irregular_times_are_refused_and_a_frequency_mends_it() -> None:
    days = [0.0, 0.3, 1.1, 2.7, 3.2, 5.9, 6.4]
    with pytest.raises(DataError, match="irregular"):
        panel_of(rows(days, [1.0] * 7), Layout("day", "sold"))
    grid = asked_grid(rows(days, [1.0] * 7), Layout("day", "sold"), "day")
    panel, findings = panel_of(
        rows(days, [1.0, 3.0, 2.0, 2.0, 2.0, 2.0, 2.0]), Layout("day", "sold"), grid, coarse=True
    )
    assert panel.series[0].values[:4].tolist() == [2.0, 2.0, 2.0, 2.0]
    assert "averaged" in checks(findings)


def test_a_frequency_of_steps_does_not_fit_dates() -> None:
    with pytest.raises(BriefError, match="holds dates"):
        asked_grid(rows([0, 1], [1, 2]), Layout("day", "sold"), "step")


@pytest.mark.parametrize(
    ("days", "values", "said"),
    [
        ([0.0, np.nan], [1.0, 2.0], "no readable time"),
        ([0.0, 1.0], [np.nan, np.nan], "Every value of the target"),
        ([0.0], [1.0], "nothing can be forecast from one value"),
    ],
)
def test_what_cannot_be_mended_is_refused(days: list[float], values: list[float], said: str) -> None:
    with pytest.raises(DataError, match=said):
        panel_of(rows(days, values), Layout("day", "sold"))


def test_a_series_of_one_row_stays_beside_longer_ones_and_is_said() -> None:
    panel, findings = panel_of(
        rows([0, 1, 2, 3, 0], [1.0, 2.0, 3.0, 4.0, 9.0], ["a"] * 4 + ["b"]), Layout("day", "sold", ("shop",))
    )
    assert panel["b"].values.tolist() == [9.0]
    assert "short series" in checks(findings)


def test_a_constant_series_is_said_and_has_a_scale() -> None:
    panel, findings = panel_of(rows([0, 1, 2, 3], [5.0] * 4), Layout("day", "sold"))
    assert "constant series" in checks(findings)
    assert batch_of(panel.series, 4, ()).scale.tolist() == [5.0]
    assert seasonal_scale(np.zeros(4), 2) > 0


def test_rows_after_the_last_value_are_what_is_known_ahead() -> None:
    columns = rows([0, 1, 2, 3], [1.0, 2.0, np.nan, np.nan]) | {"price": np.array([9.0, 9.0, 8.0, 7.0])}
    panel, _ = panel_of(columns, Layout("day", "sold", known=("price",)))
    assert panel.series[0].values.tolist() == [1.0, 2.0]
    assert panel.series[0].known["price"].tolist() == [9.0, 9.0, 8.0, 7.0]


def test_a_panel_goes_through_a_table_unchanged() -> None:
    texts = np.array(["x", "y", "", "z"], dtype=object)
    one = Series("a", 3, np.array([1.0, np.nan, 2.0]), {"wind": np.array([1.0, 2.0, np.nan])}, {"day": texts})
    back = panel_from(frame_of(Panel(DAILY, (one,))), DAILY, ["wind"], ["day"]).series[0]
    assert (back.name, back.start) == ("a", 3)
    assert back.values == pytest.approx(one.values, nan_ok=True)
    assert back.past["wind"] == pytest.approx(one.past["wind"], nan_ok=True)
    assert back.known["day"].tolist() == texts.tolist()


def test_long_gaps_are_filled_by_the_season_before() -> None:
    values = np.array([1.0, 2.0, 3.0, 4.0] * 3)
    holed = values.copy()
    holed[5:10] = np.nan
    assert filled(holed, 4).tolist() == values.tolist()


def test_short_histories_are_continued_backwards() -> None:
    batch = batch_of([Series("a", 0, np.array([1.0, 2.0]))], 4, ())
    assert batch.values.tolist() == [[1.0, 1.0, 1.0, 2.0]]
    assert batch.own.tolist() == [[False, False, True, True]]


@pytest.mark.parametrize(("unit", "every", "season"), [("second", 3600, 24), ("month", 1, 12), ("step", 1, 24)])
def test_a_season_is_found_and_noise_has_none(unit, every, season) -> None:
    rng = np.random.default_rng(0)
    at = np.arange(600)
    wave = np.sin(2 * np.pi * at / season) * 3 + np.cos(4 * np.pi * at / season)
    grid = Grid(unit=unit, every=every)
    assert find_seasons(Panel(grid, (Series("", 0, wave + 0.3 * rng.normal(size=600)),)))[0] == season
    assert find_seasons(Panel(grid, (Series("", 0, rng.normal(size=600)),))) == ()


def test_a_weekly_rhythm_in_hourly_steps_is_a_second_season() -> None:
    at = np.arange(1500)
    day = np.sin(2 * np.pi * at / 24) * (1 + (at // 24 % 7 < 5))
    values = day + 0.05 * np.random.default_rng(1).normal(size=1500)
    assert find_seasons(Panel(Grid(unit="step"), (Series("", 0, values),))) == (24, 168)
