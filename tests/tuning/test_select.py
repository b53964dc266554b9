"""The choice under the noise floor, on predictions whose quality is known."""

from dataclasses import replace

import numpy as np
import pytest

from mlwright.base.errors import DataError
from mlwright.evaluation.metrics import metric
from mlwright.models.protocol import FitControl
from mlwright.models.signature import Task
from mlwright.tuning.front import Cost, front, next_on_front, single_variant, with_cost
from mlwright.tuning.noise import NoisePlan, noise_floor
from mlwright.tuning.objective import Objective
from mlwright.tuning.search import SearchPlan, search
from mlwright.tuning.select import Candidate, SelectPlan, candidates_of, choose, paired_difference
from mlwright.tuning.trial import TrialSpec, run_trial

ROWS = 2_000
Y = np.random.default_rng(0).normal(size=ROWS)
OBJECTIVE = Objective(metric("rmse"), Y, None, Task.REGRESSION)


def candidate(name: str, error: float, complexity: int, seed: int) -> Candidate:
    oof = Y + error * np.random.default_rng(seed).normal(size=ROWS)
    return Candidate(name, "trial", (seed,), (1.0,), oof, OBJECTIVE.loss(oof), complexity)


def test_a_difference_within_its_noise_keeps_the_simpler():
    simple = candidate("simple", 0.5, 1, 1)
    # Half of the rows better, half worse, by nearly as much: a gain of chance.
    wobble = 0.05 * np.random.default_rng(3).normal(size=ROWS)
    better = min((replace(simple, oof=simple.oof + s * wobble) for s in (1, -1)), key=lambda c: OBJECTIVE.loss(c.oof))
    complicated = replace(better, name="complicated", loss=simple.loss - 1e-4, complexity=5)
    selection = choose([complicated, simple], OBJECTIVE, SelectPlan())
    assert selection.best is complicated
    assert selection.chosen is simple
    assert "within the noise" in selection.decisions[-1].reason


def test_a_simpler_one_that_is_slower_is_no_gain():
    simple, complicated = candidate("simple", 0.60, 1, 1), candidate("complicated", 0.50, 5, 2)
    plan = SelectPlan(floor=0.2)
    slow = [with_cost(simple, Cost(9.0, 1)), with_cost(complicated, Cost(1.0, 1))]
    assert choose(slow, OBJECTIVE, plan).chosen.name == "complicated"


def test_a_difference_beyond_noise_takes_the_better_and_says_so():
    simple, complicated = candidate("simple", 0.60, 1, 1), candidate("complicated", 0.50, 5, 2)
    selection = choose([simple, complicated], OBJECTIVE, SelectPlan())
    assert selection.chosen is complicated
    assert not selection.decisions[0].kept
    assert "beyond the noise" in selection.decisions[0].reason


def test_a_measured_floor_above_the_difference_keeps_the_simpler():
    simple, complicated = candidate("simple", 0.60, 1, 1), candidate("complicated", 0.50, 5, 2)
    assert choose([simple, complicated], OBJECTIVE, SelectPlan(floor=0.2)).chosen is simple


def test_the_paired_error_agrees_with_the_known_one():
    """For rmse the error of the difference follows from the row losses by the delta method."""
    a, b = candidate("a", 0.6, 1, 1), candidate("b", 0.5, 1, 2)
    gaps = (a.oof - Y) ** 2 / (2 * a.loss) - (b.oof - Y) ** 2 / (2 * b.loss)
    found = paired_difference(OBJECTIVE, a.oof, b.oof, SelectPlan(draws=400))
    assert found.value == pytest.approx(a.loss - b.loss)
    assert found.error == pytest.approx(gaps.std() / np.sqrt(ROWS), rel=0.15)


def test_candidates_are_the_usable_trials_and_their_mix(tumours):
    trials = search(tumours, SearchPlan(("dummy", "linear", "lightgbm"), trials=5), [], lambda trial: None).trials
    found = candidates_of(tumours, trials)
    singles = [one for one in found if one.kind == "trial"]
    assert [one.loss for one in singles] == sorted(one.loss for one in singles)
    ensemble = found[-1]
    assert ensemble.kind == "ensemble"
    assert ensemble.loss < singles[0].loss
    assert sum(ensemble.weights) == pytest.approx(1.0)
    assert ensemble.loss == pytest.approx(Objective.of(tumours).loss(ensemble.oof))


def test_with_no_usable_trial_the_reasons_are_told(tumours):
    failed = run_trial(TrialSpec(0, "lightgbm", {}), tumours, FitControl(0, 1, deadline=0.0))
    with pytest.raises(DataError, match="out of time"):
        candidates_of(tumours, [failed])


def test_the_noise_floor_is_zero_for_a_model_without_chance_and_not_with_other_folds(diabetes):
    from .conftest import folds_of

    control = FitControl(0, 1)
    trial = run_trial(TrialSpec(0, "linear", {"loss": "squared", "strength": 1.0}), diabetes, control)
    refolds = tuple(folds_of(diabetes.rows, seed=seed) for seed in (1, 2))
    floor = noise_floor(diabetes, trial, NoisePlan(seeds=2, refolds=refolds), control)
    assert floor.seed_deviation == pytest.approx(0.0, abs=1e-6)
    assert floor.fold_deviation > 0.01
    assert floor.floor > floor.fold_deviation
    assert len(floor.fold_losses) == 3


def test_no_time_for_the_noise_floor_is_said(diabetes):
    control = FitControl(0, 1)
    trial = run_trial(TrialSpec(0, "dummy", {"strategy": "mean"}), diabetes, control)
    floor = noise_floor(diabetes, trial, NoisePlan(), replace(control, deadline=0.0))
    assert floor.floor == 0
    assert floor.reason.startswith("Not measured")


def costly(name: str, loss: float, latency_ms: float, size_bytes: int = 1_000) -> Candidate:
    base = replace(candidate(name, 0.5, 1, 1), loss=loss, numbers=(hash(name),))
    return with_cost(base, Cost(latency_ms, size_bytes))


def test_the_front_leaves_out_what_another_beats_in_everything():
    good, fast, bad = costly("good", 0.1, 10), costly("fast", 0.2, 1), costly("bad", 0.3, 12)
    assert front([bad, fast, good]) == [good, fast]


def test_a_single_variant_is_cheaper_but_never_pushes_its_bag_off_the_front(tumours):
    trial = run_trial(TrialSpec(0, "linear", {"strength": 1.0}), tumours, FitControl(0, 1))
    bag = candidates_of(tumours, [trial])[0]
    single = single_variant(bag, trial, seed_deviation=0.0)
    found = front([with_cost(bag, Cost(5, 500)), with_cost(single, Cost(1, 100))])
    assert [one.kind for one in found] == ["trial", "single"]


def test_the_next_on_the_front_is_the_best_that_keeps_the_limit():
    best, middle, fast = costly("best", 0.1, 10), costly("middle", 0.15, 4), costly("fast", 0.3, 1)
    on_front = front([best, middle, fast])
    # The service took 40 ms where the bare model took 10: ratios count, so middle is expected at 16.
    assert next_on_front(on_front, best, measured_ms=40, limit_ms=20) is not None
    assert next_on_front(on_front, best, measured_ms=40, limit_ms=20).name == "middle"
    assert next_on_front(on_front, best, measured_ms=40, limit_ms=10).name == "fast"
    assert next_on_front(on_front, best, measured_ms=40, limit_ms=1).name == "fast"
    assert next_on_front(on_front, fast, measured_ms=4, limit_ms=1) is None


def test_an_unmeasured_cost_is_an_error():
    with pytest.raises(DataError, match="not measured"):
        front([candidate("a", 0.5, 1, 1)])
