# pyright: reportMissingImports=false
"""Ray Tune: the search side by side on one machine or a cluster; ASHA stops the worse half early, PBT breeds the best.

The table goes into Ray's object store once; every trial runs `run_trial` on some worker, and comes back whole.
"""

import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar

import numpy as np

from mlwright.base.errors import RunError
from mlwright.base.seeds import derive_seed
from mlwright.base.traits import Traits
from mlwright.tuning.schedule import BASELINES
from mlwright.tuning.search import OnTrial, SearchResult, check_limits
from mlwright.tuning.searchers.near import Near
from mlwright.tuning.searchers.protocol import Ground, SearcherPlan
from mlwright.tuning.searchers.ray_trials import breed, collector_class, cross_validate
from mlwright.tuning.searchers.study import Manner, StudyProposer
from mlwright.tuning.table import TrainingTable
from mlwright.tuning.trial import Trial, TrialSpec

_MOST_TRIALS = 200  # where seconds alone are the limit
_POPULATION = 8  # at most
_GENERATIONS = 3  # at least, where the trials suffice
_POLL_SECONDS = 0.2
_REQUIRES = ("ray", "optuna")


@dataclass(frozen=True, slots=True)
class _Work:
    """One search under way on Ray."""

    table: TrainingTable
    plan: SearcherPlan
    ground: Ground
    finished: list[Trial]
    on_trial: OnTrial

    @property
    def free(self) -> int:
        """Trials that may still be run."""
        limit = self.plan.limits.trials
        return max((_MOST_TRIALS if limit is None else limit) - len(self.finished), 0)


class RayAsha:
    """Random draws by the dozen; after every fold only the better half goes on.

    Source: Li et al., "A System for Massively Parallel Hyperparameter Tuning", MLSys 2020.
    """

    traits: ClassVar[Traits] = Traits(
        summary="Ray Tune's ASHA, on one machine or a cluster", extra="ray", requires=_REQUIRES
    )

    def search(
        self, table: TrainingTable, plan: SearcherPlan, finished: Sequence[Trial], on_trial: OnTrial
    ) -> SearchResult:
        return _search(_asha, table, plan, finished, on_trial)


class RayPbt:
    """A population of parameters; after every trial the worse copy the better and vary them.

    Source: Jaderberg et al., "Population Based Training of Neural Networks", 2017.
    """

    traits: ClassVar[Traits] = Traits(
        summary="Ray Tune's population based search, on one machine or a cluster", extra="ray", requires=_REQUIRES
    )

    def search(
        self, table: TrainingTable, plan: SearcherPlan, finished: Sequence[Trial], on_trial: OnTrial
    ) -> SearchResult:
        return _search(_pbt, table, plan, finished, on_trial)


def _search(
    run: Callable[[_Work, Any, Path], None],
    table: TrainingTable,
    plan: SearcherPlan,
    finished: Sequence[Trial],
    on_trial: OnTrial,
) -> SearchResult:
    import ray

    check_limits(plan.limits)
    # Three loggers of Ray's own would write every report to disk again, and its usage would be told to its makers.
    os.environ.setdefault("TUNE_DISABLE_AUTO_CALLBACK_LOGGERS", "1")
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    started = time.monotonic()
    work = _Work(table, plan, Ground.of(table, plan), sorted(finished, key=_number), on_trial)
    own = not ray.is_initialized()
    if own:
        _connect(plan)
    try:
        with TemporaryDirectory(dir=plan.folder) as folder:
            collector = ray.remote(collector_class()).options(num_cpus=0).remote(len(work.finished))
            run(work, collector, Path(folder))
    finally:
        if own:
            ray.shutdown()
    trials = tuple(sorted(work.finished, key=_number))
    late = plan.limits.seconds is not None and time.monotonic() - started >= plan.limits.seconds
    stopped = f"{plan.limits.seconds:.4g} seconds are over" if late else f"{len(trials)} trials are done"
    return SearchResult(trials, time.monotonic() - started, stopped)


def _number(trial: Trial) -> int:
    return trial.spec.number


def _connect(plan: SearcherPlan) -> None:
    import ray

    quiet: dict[str, Any] = {"log_to_driver": False, "configure_logging": False}
    try:
        if plan.compute == "local":
            ray.init(address="local", num_cpus=plan.limits.threads, include_dashboard=False, **quiet)
        else:
            ray.init(address=plan.compute, **quiet)
    except (ConnectionError, RuntimeError, TimeoutError, ValueError) as exc:
        raise RunError(
            f"No Ray cluster answers at {plan.compute}: {exc}.",
            hint="start one with `ray start --head`, or set constraints.compute to local.",
        ) from exc


def _asha(work: _Work, collector: Any, folder: Path) -> None:
    from ray import tune
    from ray.tune.schedulers import ASHAScheduler

    specs = _drawn(work)
    if not specs:
        return
    folds = len(work.table.folds)
    trainable = tune.with_parameters(
        cross_validate,
        table=work.table,
        collector=collector,
        specs={spec.number: spec for spec in specs},
        seed=work.plan.limits.seed,
    )
    scheduler = ASHAScheduler(time_attr="folds", metric="loss", mode="min", max_t=folds + 1, grace_period=1)
    space = {"number": tune.grid_search([spec.number for spec in specs])}
    results = _fitted(work, collector, _tuner(work, trainable, space, scheduler, folder))
    known = {trial.spec.number for trial in work.finished}
    by_number = {spec.number: spec for spec in specs}
    for result in results:
        losses = tuple((result.metrics or {}).get("fold_losses", ()))
        number = int((result.config or {})["number"])
        if number not in known and losses:
            _keep(work, _stopped(by_number[number], losses, work.table))


def _pbt(work: _Work, collector: Any, folder: Path) -> None:
    from ray import tune
    from ray.tune.schedulers import PopulationBasedTraining

    limits, ground = work.plan.limits, work.ground
    for spec in _drawn(work)[: sum(name in BASELINES for name in ground.families)]:
        if spec.origin == "baseline":
            _here(work, collector, spec)
    if not work.free:
        return
    members = min(_POPULATION, max(work.free // _GENERATIONS, 1))
    draws = [spec for spec in _drawn(work) if spec.origin != "baseline"][:members]
    trainable = tune.with_parameters(
        breed, table=work.table, collector=collector, seed=limits.seed, steps=work.free // members
    )
    children = iter(range(10**9))

    def explore(config: dict[str, Any]) -> dict[str, Any]:
        near = Near(config["start"]["params"], derive_seed(limits.seed, "explore", next(children)))
        params = near.vary(ground, config["start"]["family"])
        return {**config, "start": {**config["start"], "params": params}}

    scheduler = PopulationBasedTraining(
        time_attr="step", metric="loss", mode="min", perturbation_interval=1, custom_explore_fn=explore
    )
    space = {"start": tune.grid_search([{"family": spec.family, "params": dict(spec.params)} for spec in draws])}
    _fitted(work, collector, _tuner(work, trainable, space, scheduler, folder))


def _drawn(work: _Work) -> list[TrialSpec]:
    """Return what is still to be tried: each family's first entry, then random draws; the same for the same seed."""
    import optuna

    limits = work.plan.limits
    manner = Manner("ray", lambda seed: optuna.samplers.RandomSampler(seed=seed))
    plan = SearcherPlan(limits, work.plan.space, "none")
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        proposer = StudyProposer(manner, work.ground, plan, derive_seed(limits.seed, "ray"), len(work.table.folds))
        done = {trial.spec.number for trial in work.finished}
        specs = [proposer.propose(number, ()).spec for number in range(len(done) + work.free)]
    finally:
        optuna.logging.set_verbosity(before)
    return [spec for spec in specs if spec.number not in done]


def _tuner(work: _Work, trainable: Any, space: dict[str, Any], scheduler: Any, folder: Path) -> Any:
    from ray import tune

    return tune.Tuner(
        tune.with_resources(trainable, {"cpu": 1}),
        param_space=space,
        tune_config=tune.TuneConfig(scheduler=scheduler, time_budget_s=work.plan.limits.seconds, reuse_actors=True),
        run_config=tune.RunConfig(storage_path=str(folder.resolve()), name="search", verbose=0),
    )


def _fitted(work: _Work, collector: Any, tuner: Any) -> Any:
    """Run the tuner beside us and keep every trial as soon as it has come in."""
    import ray

    with ThreadPoolExecutor(1) as pool:
        job = pool.submit(tuner.fit)
        while True:
            ended = job.done()
            for trial in ray.get(collector.take.remote()):
                _keep(work, trial)
            if ended:
                return job.result()
            time.sleep(_POLL_SECONDS)


def _here(work: _Work, collector: Any, spec: TrialSpec) -> None:
    import ray

    from mlwright.models.protocol import FitControl
    from mlwright.tuning.trial import run_trial

    spec = TrialSpec(ray.get(collector.next_number.remote()), spec.family, spec.params, spec.origin, {}, spec.why)
    limits = work.plan.limits
    _keep(work, run_trial(spec, work.table, FitControl(limits.seed, limits.threads)))


def _keep(work: _Work, trial: Trial) -> None:
    work.finished.append(trial)
    work.on_trial(trial)


def _stopped(spec: TrialSpec, losses: tuple[float, ...], table: TrainingTable) -> Trial:
    """Return the record of a trial that the scheduler ended: its worker is gone, and its model with it."""
    shape = (table.rows, len(table.classes)) if table.task.is_classification else (table.rows,)
    reason = f"stopped by the scheduler after {len(losses)} fold(s)"
    return Trial(spec, None, np.full(shape, np.nan), losses, float(np.mean(losses)), 0.0, "pruned", reason)
