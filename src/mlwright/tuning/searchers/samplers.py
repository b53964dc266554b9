"""Optuna's samplers: TPE, CMA-ES, random draws, and NSGA-II for quality and latency at once."""

from collections.abc import Sequence
from typing import Any, ClassVar

from mlwright.base.seeds import derive_seed
from mlwright.base.traits import Traits
from mlwright.tuning.search import OnTrial, SearchResult, check_limits
from mlwright.tuning.searchers.latency import row_milliseconds
from mlwright.tuning.searchers.one_by_one import one_by_one
from mlwright.tuning.searchers.protocol import Ground, SearcherPlan
from mlwright.tuning.searchers.study import Manner, StudyProposer
from mlwright.tuning.table import TrainingTable
from mlwright.tuning.trial import Trial

_POPULATION = 12  # Optuna's own 50 would spend a whole search on the first generation


class Tpe:
    """Tree-structured Parzen estimator over families and parameters together.

    Source: Bergstra et al., "Algorithms for Hyper-Parameter Optimization", NeurIPS 2011.
    """

    traits: ClassVar[Traits] = Traits(
        summary="Optuna's TPE over families and parameters", extra="train", requires=("optuna",)
    )

    def search(
        self, table: TrainingTable, plan: SearcherPlan, finished: Sequence[Trial], on_trial: OnTrial
    ) -> SearchResult:
        def sampler(seed: int) -> Any:
            import optuna

            return optuna.samplers.TPESampler(seed=seed, n_startup_trials=5)

        return _search(Manner("tpe", sampler), table, plan, finished, on_trial)


class CmaEs:
    """Covariance matrix adaptation, a study for each family; the best three families take turns.

    Source: Hansen and Ostermeier, "Completely Derandomized Self-Adaptation in Evolution Strategies", 2001.
    """

    traits: ClassVar[Traits] = Traits(
        summary="Optuna's CMA-ES, a study for each family", extra="train", requires=("optuna", "cmaes")
    )

    def search(
        self, table: TrainingTable, plan: SearcherPlan, finished: Sequence[Trial], on_trial: OnTrial
    ) -> SearchResult:
        def sampler(seed: int) -> Any:
            import optuna

            return optuna.samplers.CmaEsSampler(seed=seed, n_startup_trials=3, warn_independent_sampling=False)

        return _search(Manner("cmaes", sampler, by_family=True), table, plan, finished, on_trial)


class Random:
    """Independent draws: the yardstick of every other method.

    Source: Bergstra and Bengio, "Random Search for Hyper-Parameter Optimization", JMLR 13, 2012.
    """

    traits: ClassVar[Traits] = Traits(summary="independent draws", extra="train", requires=("optuna",))

    def search(
        self, table: TrainingTable, plan: SearcherPlan, finished: Sequence[Trial], on_trial: OnTrial
    ) -> SearchResult:
        def sampler(seed: int) -> Any:
            import optuna

            return optuna.samplers.RandomSampler(seed=seed)

        return _search(Manner("random", sampler, warm=False), table, plan, finished, on_trial)


class Nsga2:
    """Loss and latency at once: the front of both is searched, and the brief's limits choose on it.

    Latencies are measured, so that two runs may differ where two models are equally fast.

    Source: Deb et al., "A fast and elitist multiobjective genetic algorithm: NSGA-II", IEEE TEVC 6, 2002.
    """

    traits: ClassVar[Traits] = Traits(
        summary="Optuna's NSGA-II for quality and latency", extra="train", requires=("optuna",)
    )

    def search(
        self, table: TrainingTable, plan: SearcherPlan, finished: Sequence[Trial], on_trial: OnTrial
    ) -> SearchResult:
        def sampler(seed: int) -> Any:
            import optuna

            return optuna.samplers.NSGAIISampler(seed=seed, population_size=_POPULATION)

        manner = Manner("nsga2", sampler, latency=lambda trial: row_milliseconds(trial, table))
        return _search(manner, table, plan, finished, on_trial)


def _search(
    manner: Manner, table: TrainingTable, plan: SearcherPlan, finished: Sequence[Trial], on_trial: OnTrial
) -> SearchResult:
    import optuna

    check_limits(plan.limits)
    ground = Ground.of(table, plan)
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        seed = derive_seed(plan.limits.seed, manner.name)
        proposer = StudyProposer(manner, ground, plan, seed, len(table.folds))
        return one_by_one(proposer, table, plan.limits, finished, on_trial)
    finally:
        optuna.logging.set_verbosity(before)
