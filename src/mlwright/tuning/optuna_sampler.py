"""Optuna's TPE per family, rebuilt from the finished trials at every proposal, so that nothing hides in its state."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mlwright.base.seeds import derive_seed
from mlwright.models.protocol import Facts, Family
from mlwright.tuning.trial import Trial

_STARTUP_TRIALS = 5  # portfolio entries already cover the ground that random draws would


@dataclass(frozen=True, slots=True)
class Proposal:
    """Parameters to try next, and what Optuna drew for them."""

    params: dict[str, Any]
    draws: dict[str, Any]


def propose(family: Family, facts: Facts, history: Sequence[Trial], seed: int, number: int) -> Proposal:
    """Return TPE's proposal for trial `number`: a function of the finished trials, the seed and the number only.

    Args:
        history: Finished trials of this family; those that lie in its search space teach the sampler.
    """
    import optuna

    sampler = optuna.samplers.TPESampler(
        seed=derive_seed(seed, "tpe", family.name, number), n_startup_trials=_STARTUP_TRIALS
    )
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        study = optuna.create_study(sampler=sampler, direction="minimize")
        for trial in sorted(history, key=lambda trial: trial.spec.number):
            known = _known(family, facts, trial)
            if known is not None:
                study.add_trial(known)
        asked = study.ask()
        params = family.suggest(asked, facts)
    finally:
        optuna.logging.set_verbosity(before)
    return Proposal(dict(params), dict(asked.params))


def _known(family: Family, facts: Facts, trial: Trial) -> Any:
    """Return Optuna's record of a finished trial; None when it failed or lies outside the search space."""
    from optuna.trial import TrialState, create_trial

    if trial.status not in ("complete", "pruned") or not np.isfinite(trial.loss):
        return None
    # A pruned trial is told with the loss of its finished folds: it was clearly worse on them, which is what TPE needs.
    replay = Replay(trial.spec.draws or trial.spec.params)
    try:
        family.suggest(replay, facts)
    except OutsideSpaceError:
        return None
    return create_trial(
        state=TrialState.COMPLETE, params=replay.params, distributions=replay.distributions, value=trial.loss
    )


class OutsideSpaceError(Exception):
    """A parameter is not in the family's search space."""


class Replay:
    """Stands in for an Optuna trial: answers with known values and notes the distributions that are asked for."""

    def __init__(self, known: Mapping[str, Any]) -> None:
        self.known = known
        self.params: dict[str, Any] = {}
        self.distributions: dict[str, Any] = {}

    def suggest_float(
        self, name: str, low: float, high: float, *, step: float | None = None, log: bool = False
    ) -> float:
        from optuna.distributions import FloatDistribution

        return self._answer(name, FloatDistribution(low, high, log=log, step=step))

    def suggest_int(self, name: str, low: int, high: int, *, step: int = 1, log: bool = False) -> int:
        from optuna.distributions import IntDistribution

        return self._answer(name, IntDistribution(low, high, log=log, step=step))

    def suggest_categorical(self, name: str, choices: Sequence[Any]) -> Any:
        from optuna.distributions import CategoricalDistribution

        return self._answer(name, CategoricalDistribution(list(choices)))

    def _answer(self, name: str, distribution: Any) -> Any:
        value = self.known.get(name)
        choices = getattr(distribution, "choices", None)
        if choices is not None:
            inside = value in choices
        else:
            number = isinstance(value, int | float) and not isinstance(value, bool)
            inside = number and distribution.low <= value <= distribution.high
        if name not in self.known or not inside:
            raise OutsideSpaceError(name)
        self.params[name], self.distributions[name] = value, distribution
        return value
