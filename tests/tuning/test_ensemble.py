"""Greedy selection against brute force on tiny cases."""

from itertools import combinations_with_replacement

import numpy as np
import pytest

from mlwright.base.errors import DataError
from mlwright.tuning.ensemble import MixPlan, greedy_mix, mixed


def noisy(models: int, rows: int, seed: int = 0):
    random = np.random.default_rng(seed)
    y = random.normal(size=rows)
    return y, [y + random.normal(size=rows) * scale for scale in np.linspace(0.8, 1.2, models)]


def squared(y):
    return lambda p: float(np.mean((p - y) ** 2))


def test_the_mix_is_the_best_multiset_of_its_size_when_errors_are_independent():
    y, predictions = noisy(3, 400)
    loss = squared(y)
    mix = greedy_mix(predictions, loss, MixPlan(rounds=6))
    sizes = range(1, 7)
    sets = [combo for size in sizes for combo in combinations_with_replacement(range(3), size)]
    brute = min(loss(np.mean([predictions[index] for index in combo], axis=0)) for combo in sets)
    assert mix.loss == pytest.approx(brute, rel=0.01)
    assert mix.loss == pytest.approx(loss(mixed(predictions, mix.weights)))


def test_the_first_member_is_the_best_single_one_and_the_loss_is_never_above_it():
    y, predictions = noisy(5, 50, seed=3)
    loss = squared(y)
    mix = greedy_mix(predictions, loss)
    singles = [loss(p) for p in predictions]
    assert mix.path[0][0] == int(np.argmin(singles))
    assert mix.loss <= min(singles)
    assert sum(mix.weights) == pytest.approx(1.0)


def test_a_perfect_model_stays_alone():
    y, predictions = noisy(4, 50)
    mix = greedy_mix([*predictions, y], squared(y))
    assert mix.members == (4,)


def test_there_are_at_most_max_members_distinct_members():
    y, predictions = noisy(12, 200)
    mix = greedy_mix(predictions, squared(y), MixPlan(max_members=3))
    assert len(mix.members) == 3


def test_bagged_selection_is_repeatable_and_about_as_good():
    y, predictions = noisy(8, 300)
    plan = MixPlan(bags=5, seed=1)
    first, second = (greedy_mix(predictions, squared(y), plan) for _ in range(2))
    assert first == second
    assert first.loss == pytest.approx(greedy_mix(predictions, squared(y)).loss, rel=0.1)


def test_mixed_ignores_members_without_weight():
    assert mixed([np.array([1.0]), np.array([np.nan, 2.0])], (1.0, 0.0)).tolist() == [1.0]


def test_no_candidate_is_an_error():
    with pytest.raises(DataError, match="no candidate"):
        greedy_mix([], lambda p: 0.0)
