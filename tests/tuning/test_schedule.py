"""What is tried next, on made-up histories."""

import numpy as np
import pytest

from mlwright.evaluation.metrics import metric
from mlwright.models.signature import Task
from mlwright.tuning.gains import Gains
from mlwright.tuning.objective import Objective
from mlwright.tuning.schedule import Budget, State, estimated_seconds, first_order, next_choice
from mlwright.tuning.trial import Trial, TrialSpec

Y = np.linspace(0, 1, 50)
OBJECTIVE = Objective(metric("rmse"), Y, None, Task.REGRESSION)


def finished(number: int, family: str, error: float, seconds: float, folds: int = 3, status="complete") -> Trial:
    """Return a trial with predictions off by normal errors of this size."""
    oof = np.full(50, Y.mean()) if family == "dummy" else Y + error * np.random.default_rng(number).normal(size=50)
    loss = OBJECTIVE.loss(oof)
    return Trial(TrialSpec(number, family, {}), None, oof, (loss,) * folds, loss, seconds, status)


def state(*trials: Trial, families=("dummy", "lightgbm", "catboost"), portfolio: int = 1) -> State:
    gains = Gains(OBJECTIVE)
    for trial in trials:
        gains.add(trial)
    return State(families, trials, gains, dict.fromkeys(families, [{}] * portfolio))


def test_families_begin_cheap_and_strong_and_strangers_last():
    assert first_order(["mine", "catboost", "lightgbm", "dummy"]) == ["dummy", "lightgbm", "catboost", "mine"]


def test_an_untried_family_comes_before_a_second_trial():
    choice = next_choice(state(finished(0, "dummy", 0, 0.01), finished(1, "lightgbm", 0.1, 1.0)), Budget())
    assert choice is not None
    assert choice.family == "catboost"


def test_a_trial_that_cannot_finish_is_not_begun():
    history = state(finished(0, "dummy", 0, 0.01), finished(1, "lightgbm", 0.1, 1.0))
    choice = next_choice(history, Budget(seconds_left=2.0))  # catboost is reckoned at three times lightgbm
    assert choice is not None
    assert choice.family == "lightgbm"
    assert next_choice(history, Budget(seconds_left=0.5)) is None


def test_until_a_real_model_is_there_the_next_one_is_begun_whatever_it_costs():
    choice = next_choice(state(finished(0, "dummy", 0, 0.01), finished(1, "linear", 0.2, 50.0)), Budget(1.0))
    assert choice is not None
    assert choice.family == "lightgbm"


def test_the_next_trial_goes_where_a_second_gains_most():
    """Both families are equally good; one takes a tenth of the time."""
    trials = (finished(0, "dummy", 0, 0.01), finished(1, "lightgbm", 0.1, 10.0), finished(2, "catboost", 0.1, 1.0))
    choice = next_choice(state(*trials), Budget(seconds_left=100.0))
    assert choice is not None
    assert choice.family == "catboost"


def test_by_trials_no_clock_is_looked_at():
    fast = (finished(0, "dummy", 0, 0.01), finished(1, "lightgbm", 0.1, 10.0), finished(2, "catboost", 0.1, 1.0))
    slow = (finished(0, "dummy", 0, 5.0), finished(1, "lightgbm", 0.1, 0.1), finished(2, "catboost", 0.1, 900.0))
    choices = [next_choice(state(*trials), Budget()) for trials in (fast, slow)]
    assert [(choice.family, choice.why) for choice in choices if choice] == [
        (choice.family, choice.why) for choice in choices[:1] * 2 if choice
    ]


def test_a_family_far_behind_gets_no_second_trial_before_a_near_one():
    trials = (finished(0, "dummy", 0, 0.01), finished(1, "lightgbm", 0.05, 1.0), finished(2, "catboost", 0.25, 1.0))
    choice = next_choice(state(*trials), Budget(seconds_left=100.0))
    assert choice is not None
    assert choice.family == "lightgbm"


def test_a_family_that_failed_twice_is_left_alone():
    failed = [finished(number, "catboost", 0, 0.1, folds=0, status="failed") for number in (2, 3)]
    trials = (finished(0, "dummy", 0, 0.01), finished(1, "lightgbm", 0.1, 1.0), *failed)
    choice = next_choice(state(*trials), Budget(seconds_left=100.0))
    assert choice is not None
    assert choice.family == "lightgbm"


def test_a_pruned_trial_tells_what_the_whole_would_have_cost():
    trials = [finished(0, "linear", 0.1, 9.0), finished(1, "lightgbm", 0.1, 1.0, folds=1, status="pruned")]
    assert estimated_seconds("lightgbm", trials) == pytest.approx(1.2 * 3.0)


def test_smaller_steps_and_larger_trees_are_reckoned_dearer():
    trials = [finished(0, "lightgbm", 0.1, 3.0)]
    same = estimated_seconds("lightgbm", trials, {"learning_rate": 0.1})
    assert same == pytest.approx(1.2 * 3.0)
    assert estimated_seconds("lightgbm", trials, {"learning_rate": 0.05, "num_leaves": 124}) == pytest.approx(4 * same)
    assert estimated_seconds("lightgbm", trials, {"max_depth": 8}) == pytest.approx(2 * same)


def test_complete_trials_tell_the_seconds_rather_than_pruned_ones():
    trials = [finished(0, "lightgbm", 0.1, 3.0), finished(1, "lightgbm", 0.1, 0.1, folds=1, status="pruned")]
    assert estimated_seconds("lightgbm", trials) == pytest.approx(1.2 * 3.0)


def test_a_gain_is_the_fall_of_the_mix_and_a_copy_gains_nothing():
    first, other = finished(1, "lightgbm", 0.1, 1.0), finished(2, "catboost", 0.1, 1.0)
    gains = state(first, other).gains
    assert gains.of(2) > 0
    copied = Gains(OBJECTIVE)
    copied.add(first)
    copied.add(Trial(TrialSpec(2, "catboost", {}), None, first.oof, first.fold_losses, first.loss, 1.0, "complete"))
    assert copied.of(2) == pytest.approx(0, abs=1e-12)
