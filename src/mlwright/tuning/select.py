"""The choice between candidates: the simplest one that the noise can't tell from the best; every reason is kept."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from mlwright.base.errors import DataError
from mlwright.base.seeds import generator
from mlwright.data.columns import Array
from mlwright.models.tabular import complexity_of
from mlwright.tuning.ensemble import MixPlan, greedy_mix, mixed
from mlwright.tuning.objective import Objective, covered
from mlwright.tuning.ranking import difference_by_query, scaled_scores
from mlwright.tuning.search import usable
from mlwright.tuning.table import TrainingTable
from mlwright.tuning.trial import Trial

_MAX_CANDIDATES = 20  # of the trials, the best: more make the mix's selection slow and overfit
_MAX_MIX_ROWS = 20_000
_MAX_BOOTSTRAP_ROWS = 4_000


@dataclass(frozen=True, slots=True)
class Candidate:
    """Something that could be delivered.

    Attributes:
        name: Such as "lightgbm #4", "ensemble" or "single lightgbm #4".
        kind: "trial" is the bag over folds; "single" one estimator fitted on all rows.
        numbers, weights: The trials in it and their shares.
        oof: Out-of-fold predictions, NaN where none.
        loss: On the rows it predicts; lower is better.
        complexity: Sum over the members; a lower one is simpler.
        latency_ms, size_bytes: Measured cost, None before it is measured.
    """

    name: str
    kind: Literal["trial", "ensemble", "single"]
    numbers: tuple[int, ...]
    weights: tuple[float, ...]
    oof: Array
    loss: float
    complexity: int
    latency_ms: float | None = None
    size_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Difference:
    """A paired difference of losses, `loss(simple) - loss(best)`, with its bootstrap standard error."""

    value: float
    error: float


@dataclass(frozen=True, slots=True)
class Decision:
    """One comparison of a simpler candidate with the best one."""

    candidate: str
    best: str
    difference: float
    error: float
    floor: float
    kept: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Selection:
    """The chosen candidate, the one of the lowest loss, and the decisions in the order they were made."""

    chosen: Candidate
    best: Candidate
    decisions: tuple[Decision, ...]


@dataclass(frozen=True, slots=True)
class SelectPlan:
    """How strict the choice is.

    Attributes:
        floor: The noise floor; a smaller difference is chance.
        sigmas: A difference counts beyond so many standard errors too. One: to deliver the worse of two models costs
            as much as to deliver the needlessly complicated one, so neither error is guarded against at 95 %.
        draws: Bootstrap draws.
    """

    floor: float = 0.0
    sigmas: float = 1.0
    draws: int = 100
    seed: int = 0


def candidates_of(table: TrainingTable, trials: Sequence[Trial], plan: MixPlan | None = None) -> list[Candidate]:
    """Return every usable trial and, when it has two members or more, the greedy mix of the best of them.

    Raises:
        DataError: No trial is usable.
    """
    ranked = sorted(usable(trials), key=lambda trial: (trial.loss, trial.spec.number))
    if not ranked:
        reasons = "; ".join(f"{trial.spec.family}: {trial.reason}" for trial in trials[:5])
        raise DataError(
            f"None of the {len(trials)} trials gave a model ({reasons or 'none was run'}).",
            hint="give the search more time, or look at the reasons.",
        )
    found = [_of_trial(trial) for trial in ranked]
    ensemble = _ensemble(table, ranked[:_MAX_CANDIDATES], plan)
    return found if ensemble is None else [*found, ensemble]


def choose(candidates: Sequence[Candidate], objective: Objective, plan: SelectPlan) -> Selection:
    """Return the simplest candidate whose loss is not above the best one's beyond the noise.

    A difference is real when it is above the noise floor and above `sigmas` bootstrap errors of the paired difference.
    Of candidates equally complex only the best is looked at. "single" variants are for the front, not for this choice:
    their loss is borrowed from the bag.
    """
    pool = [candidate for candidate in candidates if candidate.kind != "single"]
    if not pool:
        raise DataError("There is no candidate to choose from; one at least was expected.", hint="run a trial first.")
    best = min(pool, key=lambda candidate: (candidate.loss, candidate.complexity))
    decisions: list[Decision] = []
    for candidate in _simplest_first(pool, best):
        decision = _compare(candidate, best, objective, plan)
        decisions.append(decision)
        if decision.kept:
            return Selection(candidate, best, tuple(decisions))
    reason = "It has the lowest loss, and every simpler candidate is worse beyond the noise."
    decisions.append(Decision(best.name, best.name, 0.0, 0.0, plan.floor, True, reason))
    return Selection(best, best, tuple(decisions))


def paired_difference(objective: Objective, a: Array, b: Array, plan: SelectPlan) -> Difference:
    """Return loss(a) - loss(b) on the rows both predict, and its standard error.

    The error is that of a bootstrap on 4,000 rows at most, scaled by 1/√n to all of them.
    """
    rows = np.flatnonzero(covered(a) & covered(b))
    if objective.queries is not None:
        pair = a[rows], b[rows]
        return Difference(*difference_by_query(objective.metric, objective.y[rows], pair, objective.queries[rows]))
    value = objective.loss(a, rows) - objective.loss(b, rows)
    random = generator(plan.seed, "paired")
    some = min(len(rows), _MAX_BOOTSTRAP_ROWS)
    differences: list[float] = []
    for _ in range(plan.draws):
        drawn = rows[random.integers(0, len(rows), some)]
        gap = objective.loss(a, drawn) - objective.loss(b, drawn)
        if np.isfinite(gap):  # a draw with one class has no AUC
            differences.append(gap)
    error = float(np.std(differences, ddof=1)) if len(differences) > 1 else 0.0
    return Difference(float(value), error * float(np.sqrt(some / len(rows))))


def _of_trial(trial: Trial) -> Candidate:
    name = f"{trial.spec.family} #{trial.spec.number}"
    complexity = complexity_of(trial.spec.family)
    return Candidate(name, "trial", (trial.spec.number,), (1.0,), trial.oof, trial.loss, complexity)


def _ensemble(table: TrainingTable, trials: Sequence[Trial], plan: MixPlan | None) -> Candidate | None:
    # A dummy says the share of its fold: in a mix it would only shift folds against each other, which is noise.
    whole = [trial for trial in trials if trial.status == "complete" and trial.spec.family != "dummy"]
    if len(whole) < 2:
        return None
    objective = Objective.of(table)
    rows = np.flatnonzero(np.logical_and.reduce([covered(trial.oof) for trial in whole]))
    if table.queries is not None:
        return _ranking_ensemble(table.queries, whole, objective, plan)
    some = rows[:: max(1, -(-len(rows) // _MAX_MIX_ROWS))]
    part = replace(objective, y=objective.y[some], weight=None if objective.weight is None else objective.weight[some])
    mix = greedy_mix([trial.oof[some] for trial in whole], part.loss, plan)
    if len(mix.members) < 2:
        return None
    chosen = [whole[index] for index in mix.members]
    return _mixture(chosen, tuple(mix.weights[index] for index in mix.members), objective, rows)


def _mixture(chosen: Sequence[Trial], weights: tuple[float, ...], objective: Objective, rows: Array) -> Candidate:
    oof = mixed([trial.oof for trial in chosen], weights)
    complexity = sum(complexity_of(trial.spec.family) for trial in chosen)
    numbers = tuple(trial.spec.number for trial in chosen)
    return Candidate("ensemble", "ensemble", numbers, weights, oof, objective.loss(oof, rows), complexity)


def _ranking_ensemble(
    queries: Array, whole: Sequence[Trial], objective: Objective, plan: MixPlan | None
) -> Candidate | None:
    """Mix on scores of one scale; whole queries are left out where there are too many rows."""
    rows = np.flatnonzero(np.logical_and.reduce([covered(trial.oof) for trial in whole]))
    step = max(1, -(-len(rows) // _MAX_MIX_ROWS))
    some = rows[queries[rows] % step == 0]
    part = replace(
        objective,
        y=objective.y[some],
        weight=None if objective.weight is None else objective.weight[some],
        queries=queries[some],
    )
    scaled = scaled_scores([trial.oof[some] for trial in whole], queries[some])
    mix = greedy_mix(scaled.predictions, part.loss, plan)
    if len(mix.members) < 2:
        return None
    weights = scaled.weights(mix.weights)
    return _mixture([whole[one] for one in mix.members], tuple(weights[one] for one in mix.members), objective, rows)


def _simplest_first(pool: Sequence[Candidate], best: Candidate) -> list[Candidate]:
    """Return those simpler than the best one and not known to be slower, one per complexity, simplest first."""
    by_complexity: dict[int, Candidate] = {}
    for candidate in sorted(pool, key=lambda candidate: candidate.loss):
        if candidate.complexity < best.complexity and not _slower(candidate, best):
            by_complexity.setdefault(candidate.complexity, candidate)
    return [by_complexity[complexity] for complexity in sorted(by_complexity)]


def _slower(candidate: Candidate, best: Candidate) -> bool:
    known = candidate.latency_ms is not None and best.latency_ms is not None
    return known and (candidate.latency_ms or 0.0) > (best.latency_ms or 0.0)


def _compare(candidate: Candidate, best: Candidate, objective: Objective, plan: SelectPlan) -> Decision:
    difference = paired_difference(objective, candidate.oof, best.oof, plan)
    limit = max(plan.floor, plan.sigmas * difference.error)
    kept = difference.value <= limit
    verdict = "simpler and within the noise of the best" if kept else "worse than the best beyond the noise"
    reason = f"{candidate.name} is {verdict} ({best.name}): {difference.value:.4g} against {limit:.4g}."
    return Decision(candidate.name, best.name, difference.value, difference.error, plan.floor, kept, reason)
