"""TPE rebuilt from finished trials."""

import numpy as np

from mlwright.models.protocol import Facts
from mlwright.models.signature import Task
from mlwright.tuning.optuna_sampler import propose
from mlwright.tuning.trial import Trial, TrialSpec

FACTS = Facts(task=Task.REGRESSION, rows=100, features=2)


class Parabola:
    """A family with a space and no fit: its loss is (x - 0.3)² + bent."""

    name = "parabola"

    def suggest(self, trial, facts):
        x = trial.suggest_float("x", 0.0, 1.0)
        shape = trial.suggest_categorical("shape", ["flat", "bent"])
        extra = {"k": trial.suggest_int("k", 1, 9)} if shape == "bent" else {}
        return {"x": x, "flat": shape == "flat", **extra}


def trial_of(number, params, draws, loss, status="complete"):
    spec = TrialSpec(number, "parabola", params, draws=draws)
    return Trial(spec, None, np.zeros(1), (loss,), loss, 1.0, status)


def run(trials: int, seed: int = 0, history=()):
    history = list(history)
    while len(history) < trials:
        number = len(history)
        proposal = propose(Parabola(), FACTS, history, seed, number)
        loss = (proposal.params["x"] - 0.3) ** 2 + (0.0 if proposal.params["flat"] else 0.5)
        history.append(trial_of(number, proposal.params, proposal.draws, loss))
    return history


def test_a_search_stopped_and_gone_on_with_proposes_the_same():
    whole = run(12)
    resumed = run(12, history=list(reversed(run(5))))
    assert [t.spec.draws for t in sorted(resumed, key=lambda t: t.spec.number)] == [t.spec.draws for t in whole]


def test_it_learns_where_the_loss_is_low():
    trials = run(40)
    late = [abs(t.spec.draws["x"] - 0.3) for t in trials[-15:]]
    assert np.mean(late) < 0.2  # uniform draws are 0.29 away
    assert min(late) < 0.01
    assert sum(t.spec.draws["shape"] == "flat" for t in trials[-15:]) >= 12


def test_another_seed_or_number_proposes_otherwise():
    assert propose(Parabola(), FACTS, [], 0, 0) != propose(Parabola(), FACTS, [], 1, 0)
    assert propose(Parabola(), FACTS, [], 0, 0) != propose(Parabola(), FACTS, [], 0, 1)


def test_trials_outside_the_space_and_failed_ones_teach_nothing():
    strange = [
        trial_of(0, {"x": 7.0, "shape": "flat"}, {}, 0.1),
        trial_of(1, {"depth": 3}, {}, 0.1),
        trial_of(2, {}, {"x": 0.5, "shape": "flat"}, float("inf"), "failed"),
    ]
    assert propose(Parabola(), FACTS, strange, 0, 3) == propose(Parabola(), FACTS, [], 0, 3)
