"""Mixing and choosing forecasts, and the intervals that their errors give."""

import numpy as np
import pytest

from mlwright.data.grid import Grid
from mlwright.data.series import Panel, Series
from mlwright.evaluation.metrics import metric
from mlwright.features.lags import row_plan
from mlwright.tuning.backtest import backtest_plan, before_block, cases_of
from mlwright.tuning.series_search import Setting, Trial, run_trials
from mlwright.tuning.series_select import MIX, choose, difference_error, spread_of

HORIZON = 6


def setting(seed: int = 0, length: int = 240, count: int = 4, **more) -> Setting:
    rng = np.random.default_rng(seed)
    grid = Grid(unit="step")
    series = tuple(Series(f"s{at}", 0, 10 + rng.normal(size=length)) for at in range(count))
    panel = Panel(grid, series)
    plan = backtest_plan(panel, (), HORIZON)
    return Setting(panel, row_plan(length, grid, (), HORIZON), plan, cases_of(panel, plan), metric("mase"), **more)


def trial(found: Setting, name: str, complexity: int, errors: np.ndarray) -> Trial:
    forecast = found.cases.truth + errors
    return Trial(name, complexity, False, 0.1, forecast, found.loss(forecast))


def noise(found: Setting, seed: int, size: float = 1.0) -> np.ndarray:
    return size * np.random.default_rng(seed).normal(size=found.cases.truth.shape)


def test_windows_lie_one_horizon_apart_and_end_with_the_history() -> None:
    found = setting()
    last = found.cases.truth[found.cases.fold == 0]
    assert last == pytest.approx(np.array([one.values[-HORIZON:] for one in found.panel.series]))
    for part, fold in zip(found.cases.parts, found.cases.fold, strict=True):
        assert part.end == 240 - HORIZON * (fold + 1)


def test_a_global_model_sees_nothing_of_the_block_that_it_is_judged_on() -> None:
    found = setting()
    for block in found.backtest.blocks:
        first_origin = min(
            part.end for part, fold in zip(found.cases.parts, found.cases.fold, strict=True) if fold in block
        )
        assert max(one.end for one in before_block(found.panel, found.backtest, block)) <= first_origin


def test_within_the_noise_the_simpler_one_stays() -> None:
    found = setting()
    simple = trial(found, "simple", 1, noise(found, 1))
    other = trial(found, "complex", 5, 0.999 * noise(found, 1) + noise(found, 2, 0.05))
    assert choose(found, [simple, other]).chosen.name == "simple"


def test_beyond_the_noise_the_better_one_is_taken_and_the_reason_said() -> None:
    found = setting()
    bad, good = trial(found, "bad", 1, noise(found, 1, 3.0)), trial(found, "good", 5, noise(found, 1, 0.1))
    choice = choose(found, [bad, good])
    assert choice.chosen.name == "good"
    assert "beyond the noise" in choice.decisions[0][1]


def test_two_that_err_apart_are_mixed() -> None:
    found = setting()
    trials = [trial(found, f"m{at}", 1, noise(found, at)) for at in range(4)]
    choice = choose(found, trials)
    assert choice.chosen.name == MIX
    assert sum(choice.chosen.weights.values()) == pytest.approx(1.0)
    assert min(choice.chosen.weights.values()) > 0
    assert choice.chosen.loss < 0.7 * min(one.loss for one in trials)


def test_a_mix_has_one_kind_of_trees() -> None:
    found = setting()
    names = ("boosted_trees last", "boosted_trees season", "naive")
    trials = [trial(found, name, 1, noise(found, at, 1 + at / 2)) for at, name in enumerate(names)]
    mixed = next(one for one in choose(found, trials).candidates if one.name == MIX)
    assert set(mixed.weights) == {"boosted_trees last", "naive"}


def test_the_noise_of_a_difference_falls_with_more_windows() -> None:
    few, many = setting(count=2), setting(count=40)
    errors = [
        difference_error(one, one.cases.truth + noise(one, 1), one.cases.truth + noise(one, 2)) for one in (few, many)
    ]
    assert errors[1] < errors[0]


def test_intervals_hold_what_they_say_and_never_narrow_with_the_distance() -> None:
    found = setting(count=20)
    growing = noise(found, 5) * np.arange(1, HORIZON + 1)
    spread = spread_of(found, found.cases.truth + growing, 0.8)
    widths = np.array(spread.offsets)[:, -1] - np.array(spread.offsets)[:, 0]
    assert (np.diff(widths) >= -1e-9).all()
    assert widths[-1] > 3 * widths[0]
    fresh = found.cases.truth + noise(found, 6) * np.arange(1, HORIZON + 1)
    unit = np.broadcast_to(found.cases.batch.scale[:, np.newaxis], fresh.shape)
    if spread.unit == "scale":
        low, high = spread.bounds(fresh, unit)
        assert np.mean((found.cases.truth >= low) & (found.cases.truth <= high)) == pytest.approx(0.8, abs=0.06)


def test_without_time_the_first_candidate_alone_is_tried() -> None:
    told: list[str] = []
    trials = run_trials(setting(deadline=0.0), lambda one: told.append(one.name))
    assert [one.forecast is not None for one in trials] == [True] + [False] * (len(trials) - 1)
    assert {one.reason for one in trials[1:]} == {"no time was left"}
    assert told == [one.name for one in trials]


def test_trees_learn_what_no_single_history_shows() -> None:
    """All series jump up three steps after a dip; a history alone has seen it twice."""
    rng = np.random.default_rng(0)
    series: list[Series] = []
    for at in range(30):
        values = 10 + 0.1 * rng.normal(size=90)
        for dip in rng.choice(np.arange(5, 86), 12, replace=False):
            values[dip] -= 4
            values[dip + 3] += 4
        series.append(Series(f"s{at:02}", 0, values))
    panel = Panel(Grid(unit="step"), tuple(series))
    plan = backtest_plan(panel, (), 3)
    found = Setting(
        panel, row_plan(90, panel.grid, (), 3), plan, cases_of(panel, plan), metric("mase"),
        frozenset({"naive", "ets", "direct_linear", "boosted_trees"}),
    )  # fmt: skip
    losses = {one.name: one.loss for one in run_trials(found, lambda _: None)}
    assert losses["boosted_trees last"] < 0.8 * losses["ets"]
