"""An Optuna study that proposes trials, and is led through the finished ones again when a search goes on."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from mlwright.base.seeds import derive_seed
from mlwright.data.columns import Array
from mlwright.models.tabular.shapes import best_shape
from mlwright.tuning.optuna_sampler import OutsideSpaceError, Replay
from mlwright.tuning.schedule import BASELINES, first_order
from mlwright.tuning.searchers.one_by_one import Proposed, beside_the_best
from mlwright.tuning.searchers.protocol import Ground, SearcherPlan
from mlwright.tuning.trial import Judge, Trial, TrialSpec

LATENCY = "measured.latency_ms"  # among a trial's draws: what was measured for the second objective
_FAMILY = "family"
_TURNS = 3  # families that take turns, the best ones


@dataclass(frozen=True, slots=True)
class Manner:
    """How one method samples.

    Attributes:
        name: In `SEARCHERS`.
        sampler: Makes Optuna's sampler of a seed.
        by_family: A study for each family, for samplers that know nothing of categories.
        warm: Begin with each family's best known parameters; else with the baselines alone.
        latency: Measures the second objective, where there is one.
    """

    name: str
    sampler: Callable[[int], Any]
    by_family: bool = False
    warm: bool = True
    latency: Callable[[Trial], float | None] | None = None


class StudyProposer:
    """Asks Optuna. Everything it knows comes from the seed and the finished trials."""

    def __init__(self, manner: Manner, ground: Ground, plan: SearcherPlan, seed: int, folds: int) -> None:
        self._manner = manner
        self._ground = ground
        self._plan = plan
        self._seed = seed
        self._folds = folds
        self._storage = _storage(plan)
        self._studies: dict[str, Any] = {}
        self._asked: Any = None
        self._steps = 0  # folds of the asked trial that Optuna has been told of
        self._told: list[Trial] = []
        first = [name for name in first_order(tuple(ground.families)) if manner.warm or name in BASELINES]
        self._opening = first or [next(iter(ground.families))]

    def replay(self, trial: Trial) -> None:
        """Lead the study through a finished trial; what it would no longer propose is told to it as it was."""
        proposed = self.propose(trial.spec.number, self._told)
        drawn = {name: value for name, value in trial.spec.draws.items() if name != LATENCY}
        if proposed.spec.family == trial.spec.family and dict(proposed.spec.draws) == drawn:
            self.tell(trial)
            return
        self._give_up()
        self._add(trial)

    def propose(self, number: int, trials: Sequence[Trial]) -> Proposed:
        """Return what Optuna draws; first come the baselines and, warm, each family's first entry."""
        self._asked, self._steps = None, 0
        if number < len(self._opening):
            family = self._opening[number]
            origin = "baseline" if family in BASELINES else "portfolio"
            params = self._ground.portfolios[family][0]
            return Proposed(TrialSpec(number, family, params, origin, {}, f"first trial of {family}"))
        key = self._turn(number, trials) if self._manner.by_family else ""
        self._asked = self._study(key).ask()
        names = self._ground.searched
        family = key or (self._asked.suggest_categorical(_FAMILY, list(names)) if len(names) > 1 else next(iter(names)))
        own = [one for one in trials if one.spec.family == family and one.status == "complete"]
        shape = best_shape([(one.loss, one.spec.params) for one in own])
        params = {**shape, **self._drawn(self._asked, family)}
        spec = TrialSpec(number, family, params, self._manner.name, dict(self._asked.params), "Optuna's draw")
        return Proposed(spec, self._judge(trials, family))

    def tell(self, trial: Trial) -> Trial:
        """Tell Optuna, and return the trial with its latency where that is an objective."""
        if self._manner.latency is not None and LATENCY not in trial.spec.draws:
            measured = self._manner.latency(trial)
            if measured is not None:
                trial = replace(trial, spec=replace(trial.spec, draws={**trial.spec.draws, LATENCY: measured}))
        if self._asked is None:
            self._add(trial)
            return trial
        self._told.append(trial)
        study, values = self._asked.study, self._values(trial)
        from optuna.trial import TrialState

        if self._manner.latency is None:
            self._report(trial)
        if trial.status == "pruned" and self._manner.latency is None:
            study.tell(self._asked, state=TrialState.PRUNED)
        elif values is None:
            self._give_up()
        else:
            study.tell(self._asked, values)
        return trial

    def _report(self, trial: Trial) -> None:
        """Tell Optuna's pruners of the folds that no judge has told them of."""
        for done in range(self._steps + 1, len(trial.fold_losses) + 1):
            loss = float(np.mean(trial.fold_losses[:done]))
            if np.isfinite(loss):
                self._asked.report(loss, done)

    def _drawn(self, asked: Any, family: str) -> dict[str, Any]:
        prefixed = _Prefixed(asked, family)
        if family not in self._ground.space:
            return dict(self._ground.families[family].suggest(prefixed, self._ground.facts))
        drawn = {name: one.suggest(prefixed, name) for name, one in self._ground.space[family].items()}
        return {**self._ground.portfolios[family][0], **drawn}

    def _values(self, trial: Trial) -> list[float] | None:
        if trial.status != "complete" or not np.isfinite(trial.loss):
            return None
        if self._manner.latency is None:
            return [trial.loss]
        latency = trial.spec.draws.get(LATENCY)
        return None if latency is None else [trial.loss, float(latency)]

    def _give_up(self) -> None:
        from optuna.trial import TrialState

        if self._asked is not None:
            self._asked.study.tell(self._asked, state=TrialState.FAIL)

    def _add(self, trial: Trial) -> None:
        """Teach the study a trial that it did not ask for, if that lies in the space."""
        from optuna.distributions import CategoricalDistribution
        from optuna.trial import TrialState, create_trial

        self._told.append(trial)
        family, names, values = trial.spec.family, self._ground.searched, self._values(trial)
        if values is None or family not in names:
            return
        replayed = Replay({f"{family}.{name}": value for name, value in trial.spec.params.items()})
        try:
            self._drawn(replayed, family)
        except OutsideSpaceError:
            return
        params, distributions = replayed.params, replayed.distributions
        if not self._manner.by_family and len(names) > 1:
            params |= {_FAMILY: family}
            distributions |= {_FAMILY: CategoricalDistribution(list(names))}
        known = create_trial(state=TrialState.COMPLETE, params=params, distributions=distributions, values=values)
        self._study(family if self._manner.by_family else "").add_trial(known)

    def _judge(self, trials: Sequence[Trial], family: str) -> Judge | None:
        """Return who may stop the trial; with two objectives nobody: a worse model may be a faster one."""
        pruner = self._plan.pruner
        if pruner == "none" or not self._plan.limits.prune or self._manner.latency is not None:
            return None
        if pruner == "auto":
            return beside_the_best(trials, family)
        asked = self._asked

        def judge(losses: Sequence[float], _so_far: Array) -> str:
            loss = float(np.mean(losses))
            if not np.isfinite(loss):
                return ""
            asked.report(loss, len(losses))
            self._steps = len(losses)
            return f"stopped by the {pruner} pruner after {len(losses)} fold(s)" if asked.should_prune() else ""

        return judge

    def _turn(self, number: int, trials: Sequence[Trial]) -> str:
        """Return whose turn it is among the best families."""
        best: dict[str, float] = {}
        for trial in trials:
            if trial.spec.family in self._ground.searched and np.isfinite(trial.loss):
                best[trial.spec.family] = min(trial.loss, best.get(trial.spec.family, np.inf))
        order = sorted(best, key=lambda name: best[name]) or list(self._ground.searched)
        return order[number % min(_TURNS, len(order))]

    def _study(self, key: str) -> Any:
        import optuna

        if key not in self._studies:
            two = self._manner.latency is not None
            self._studies[key] = optuna.create_study(
                storage=self._storage,
                study_name="-".join(part for part in ("mlwright", self._manner.name, key) if part),
                sampler=self._manner.sampler(derive_seed(self._seed, "study", key)),
                pruner=_pruner(self._plan.pruner, self._folds),
                directions=["minimize", "minimize"] if two else ["minimize"],
            )
        return self._studies[key]


class _Prefixed:
    """A trial in which every parameter's name begins with its family's."""

    def __init__(self, trial: Any, family: str) -> None:
        self._trial = trial
        self._family = family

    def suggest_float(self, name: str, low: float, high: float, **how: Any) -> float:
        return self._trial.suggest_float(f"{self._family}.{name}", low, high, **how)

    def suggest_int(self, name: str, low: int, high: int, **how: Any) -> int:
        return self._trial.suggest_int(f"{self._family}.{name}", low, high, **how)

    def suggest_categorical(self, name: str, choices: Sequence[Any]) -> Any:
        return self._trial.suggest_categorical(f"{self._family}.{name}", choices)


def _pruner(name: str, folds: int) -> Any:
    import optuna

    if name == "median":
        return optuna.pruners.MedianPruner(n_startup_trials=3, n_warmup_steps=0)
    if name == "hyperband":
        return optuna.pruners.HyperbandPruner(min_resource=1, max_resource=max(folds, 2), reduction_factor=2)
    return optuna.pruners.NopPruner()


def _storage(plan: SearcherPlan) -> Any:
    """Return Optuna's journal in the plan's folder, begun anew: what it held is replayed from the finished trials."""
    if plan.folder is None:
        return None
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend

    path = plan.folder / "study.journal"
    path.unlink(missing_ok=True)
    return JournalStorage(JournalFileBackend(str(path)))
