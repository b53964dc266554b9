"""One call from a training table to a model: search, mix, choose, build, all before one deadline."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from mlwright.data.splits import FoldArrays, FoldPlan, folds
from mlwright.models.protocol import FitControl
from mlwright.models.signature import Signature
from mlwright.models.tabular import MODELS
from mlwright.models.tabular.ensemble import TabularModel
from mlwright.tuning.build import BuildPlan, build_model
from mlwright.tuning.noise import floor_of
from mlwright.tuning.objective import Objective
from mlwright.tuning.search import SearchPlan, SearchResult, search
from mlwright.tuning.select import Candidate, SelectPlan, candidates_of, choose
from mlwright.tuning.table import Fold, TrainingTable
from mlwright.tuning.threshold import Goal
from mlwright.tuning.trial import Trial

Prefer = Literal["accuracy", "simplicity"]
# (rows at most, folds): many where every row is missed, few where one more costs minutes and adds nothing. Even
# numbers, because folds run side by side and an odd one would leave a core idle.
_FOLDS = ((3_000, 8), (30_000, 6), (1_000_000, 4))
_FOLDS_OF_MORE = 2
_REFOLDS = 2
_RESERVE_SHARE = 0.06  # of the time, for what comes after the search
_LEAST_RESERVE_SECONDS = 0.25


@dataclass(frozen=True, slots=True)
class FitPlan:
    """What a fit may do.

    Attributes:
        signature: What the model takes and gives.
        families: Names in `MODELS`.
        deadline: `time.monotonic()` by which the model must be there; None has no clock.
        trials: Trials at most; without a deadline the model is a function of the table and the seed alone.
        prefer: "accuracy" takes the lowest cross-validated loss; "simplicity" the simplest model that the noise can't
            tell from it.
        goal: What the threshold of two classes is chosen for; None leaves the most probable class.
    """

    signature: Signature
    families: tuple[str, ...]
    deadline: float | None = None
    trials: int | None = None
    seed: int = 0
    threads: int = 1
    prefer: Prefer = "accuracy"
    goal: Goal | None = None


@dataclass(frozen=True, slots=True)
class Fitted:
    """The model, the candidate that it was made of, and every trial behind it."""

    model: TabularModel
    chosen: Candidate
    result: SearchResult


def fold_count(rows: int) -> int:
    """Return how many folds a training part of so many rows gets.

    Example:
        >>> fold_count(8), fold_count(1_000), fold_count(100_000)
        (2, 8, 4)
    """
    wanted = next((count for most, count in _FOLDS if rows <= most), _FOLDS_OF_MORE)
    return min(wanted, max(2, rows // 4))


def table_folds(arrays: FoldArrays, seed: int) -> tuple[Fold, ...]:
    """Return the folds of a table; another seed gives other folds by the same rules."""
    units = len(arrays.y) if arrays.groups is None else len(set(arrays.groups.tolist()))
    return folds(arrays, FoldPlan(k=min(fold_count(len(arrays.y)), max(2, units)), seed=seed))


def fit_table(table: TrainingTable, plan: FitPlan) -> Fitted:
    """Search for models and return the one to use.

    Raises:
        DataError: No trial gave a model, or the plan has no limit.
    """
    began = time.monotonic()
    seconds = None
    if plan.deadline is not None:
        left = max(plan.deadline - began, 0.0)
        seconds = max(left - max(_RESERVE_SHARE * left, _LEAST_RESERVE_SECONDS), 0.0)
    wanted = SearchPlan(
        families=plan.families, trials=plan.trials, seconds=seconds, seed=plan.seed, threads=plan.threads
    )
    result = search(table, wanted, (), _ignore)
    chosen = _chosen(table, result.trials, plan)
    built = build_model(table, chosen, result.trials, BuildPlan(plan.signature, plan.goal, plan.seed))
    return Fitted(built.model, chosen, result)


def usable_families() -> tuple[str, ...]:
    """Return every registered family whose packages are installed."""
    from mlwright.base.registry import missing

    return tuple(name for name in MODELS if not missing(MODELS.find(name).traits))


def _ignore(trial: Trial) -> None:
    """All trials are in the result."""


def _chosen(table: TrainingTable, trials: Sequence[Trial], plan: FitPlan) -> Candidate:
    candidates = candidates_of(table, trials)
    if plan.prefer == "accuracy":
        return min(candidates, key=lambda one: (one.loss, one.complexity, one.numbers))
    arrays = FoldArrays(table.y, table.groups, table.order)
    refolds = tuple(table_folds(arrays, plan.seed + 1 + index) for index in range(_REFOLDS))
    found = floor_of(table, trials, refolds, FitControl(plan.seed, plan.threads, plan.deadline))
    return choose(candidates, Objective.of(table), SelectPlan(floor=found.floor, seed=plan.seed)).chosen
