"""Bands around values: what they hold on new rows, and which form is kept."""

import numpy as np
import pytest
from pydantic import ValidationError

from mlwright.models.interval import ValueInterval
from mlwright.models.tabular.conformal import KINDS, Residuals, choose_interval, interval_scores


def rows_of(noise, count, seed):
    draw = np.random.default_rng(seed)
    values = draw.uniform(1, 10, count)
    return values, values + noise(draw, values)


def normal(draw, values):
    return draw.normal(size=len(values))


def growing(draw, values):
    return draw.normal(size=len(values)) * values**2 / 10


def skewed(draw, values):
    return draw.exponential(size=len(values)) - 1.0


def held(noise, level, count=800, seed=0):
    values, y = rows_of(noise, count, seed)
    choice = choose_interval(Residuals(y, values, np.arange(count) % 5), level)
    fresh, truth = rows_of(noise, 20_000, seed + 1)
    low, high = choice.interval.band(fresh)
    return choice, float(np.mean((low <= truth) & (truth <= high))), float(np.mean(high - low))


@pytest.mark.parametrize("noise", [normal, growing, skewed])
@pytest.mark.parametrize("level", [0.5, 0.9, 0.95])
def test_new_rows_are_held_as_often_as_stated(noise, level):
    _, share, _ = held(noise, level)
    assert share == pytest.approx(level, abs=4 * np.sqrt(level * (1 - level) / 800))


def test_the_plain_form_is_kept_where_no_other_pays():
    choice, _, width = held(normal, 0.9)
    assert choice.kind == "equal"
    assert width == pytest.approx(2 * 1.645, rel=0.1)
    assert "is kept" in choice.reason


def test_a_difficulty_that_grows_with_the_value_is_seen_and_pays():
    choice, _, _ = held(growing, 0.9)
    assert choice.kind.startswith("by value")
    assert choice.scores[choice.kind] < 0.8 * choice.scores["equal"]
    low, high = choice.interval.band(np.array([2.0, 9.0]))
    assert (high - low)[1] > 4 * (high - low)[0]


def test_skewed_errors_get_a_skewed_band():
    choice, _, _ = held(skewed, 0.9)
    assert choice.kind.endswith("two-sided")
    low, high = choice.interval.band(np.array([5.0]))
    assert high[0] - 5.0 > 2 * (5.0 - low[0])


def test_the_rank_of_the_quantile_is_that_of_split_conformal():
    residuals = np.arange(1.0, 20.0) * (-1) ** np.arange(19)  # 19 of them, ceil(20 * 0.9) = 18
    choice = choose_interval(Residuals(residuals - 100, np.full(19, -100.0), np.arange(19)), 0.9)
    assert choice.kind == "equal"
    assert choice.interval.above[0] == 18.0


def test_values_that_are_never_negative_have_no_negative_end():
    values = np.linspace(0, 3, 100)
    choice = choose_interval(Residuals(np.abs(values + np.sin(values * 50)), values, np.arange(100) % 5), 0.9)
    low, _ = choice.interval.band(np.array([0.1, 2.0, -0.5]))
    assert low[0] == 0.0
    assert low[2] <= -0.5  # a predicted value is always inside its own band


def test_too_few_rows_give_no_band_and_say_so():
    choice = choose_interval(Residuals(np.zeros(9), np.zeros(9), np.arange(9)), 0.9)
    assert choice.interval is None
    assert "9 out-of-fold rows are too few" in choice.reason


def test_perfect_predictions_have_a_band_of_nothing():
    y = np.arange(400.0)
    choice = choose_interval(Residuals(y, y, np.arange(400) % 5), 0.9)
    assert choice.interval.band(np.array([7.0]))[1].tolist() == [7.0]


def test_the_choice_is_a_function_of_the_data():
    values, y = rows_of(growing, 500, 3)
    data = Residuals(y, values, np.arange(500) % 5)
    assert choose_interval(data, 0.9) == choose_interval(data, 0.9)
    assert set(choose_interval(data, 0.9).scores) == set(KINDS)


def test_interval_scores_by_hand():
    scores = interval_scores(np.array([5.0, -1.0]), np.array([0.0, 0.0]), np.array([2.0, 2.0]), 0.8)
    np.testing.assert_allclose(scores, [2 + 10 * 3, 2 + 10 * 1])


@pytest.mark.parametrize(
    "wrong", [{"x": ()}, {"below": (1.0, 2.0)}, {"above": (-1.0,)}, {"level": 1.0}, {"level": 0.0}]
)
def test_a_band_that_makes_no_sense_is_refused(wrong):
    with pytest.raises(ValidationError):
        ValueInterval(**({"level": 0.9, "x": (0.0,), "below": (1.0,), "above": (1.0,)} | wrong))
