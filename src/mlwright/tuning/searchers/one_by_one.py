"""The loop of every searcher that proposes one trial after another."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from mlwright.models.protocol import FitControl
from mlwright.tuning.folds import PreparedFolds
from mlwright.tuning.pruning import Reference, why_prune
from mlwright.tuning.schedule import BASELINES
from mlwright.tuning.search import OnTrial, SearchPlan, SearchResult, check_limits
from mlwright.tuning.table import TrainingTable
from mlwright.tuning.trial import Judge, Trial, TrialSpec, run_trial

_TRIAL_SHARE = 0.4  # of the seconds that are left: one dear trial must not eat the search
_MIN_SHARE_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Proposed:
    """A trial to run and who may stop it."""

    spec: TrialSpec
    judge: Judge | None = None


class Proposer(Protocol):
    """Says what to try next. Asked and told in turn; with the same answers it asks for the same trials."""

    def replay(self, trial: Trial) -> None:
        """Take in a trial of an earlier part of the search, in the order of the numbers."""
        ...

    def propose(self, number: int, trials: Sequence[Trial]) -> Proposed | None:
        """Return trial `number`, or None when everything has been tried."""
        ...

    def tell(self, trial: Trial) -> Trial:
        """Take in the trial proposed last; return it, perhaps with what was measured besides."""
        ...


def one_by_one(
    proposer: Proposer, table: TrainingTable, plan: SearchPlan, finished: Sequence[Trial], on_trial: OnTrial
) -> SearchResult:
    """Run what is proposed until the plan is spent or nothing is left to try.

    Raises:
        DataError: The plan has no limit.
    """
    check_limits(plan)
    started = time.monotonic()
    deadline = None if plan.seconds is None else started + plan.seconds
    trials = sorted(finished, key=lambda trial: trial.spec.number)
    for trial in trials:
        proposer.replay(trial)
    prepared = PreparedFolds(table, plan.seed)
    while not (stopped := _why_stop(plan, trials, deadline)):
        proposed = proposer.propose(len(trials), trials)
        if proposed is None:
            stopped = "everything has been tried"
            break
        control = FitControl(seed=plan.seed, threads=plan.threads, deadline=_trial_deadline(trials, deadline))
        trial = run_trial(proposed.spec, table, control, prepared=prepared, judge=proposed.judge)
        trials.append(proposer.tell(trial))
        on_trial(trials[-1])
    return SearchResult(tuple(trials), time.monotonic() - started, stopped)


def beside_the_best(trials: Sequence[Trial], family: str) -> Judge | None:
    """Return who stops a trial that is clearly worse than the best so far; nobody for baselines and first trials."""
    whole = [trial for trial in trials if trial.status == "complete"]
    best = min(whole, key=lambda trial: (trial.loss, trial.spec.number), default=None)
    if best is None or family in BASELINES or all(trial.spec.family != family for trial in trials):
        return None
    span = max(max(trial.loss for trial in whole) - best.loss, 1e-9)
    reference = Reference(best.fold_losses, span)
    return lambda losses, _: why_prune(losses, reference)


def _why_stop(plan: SearchPlan, trials: Sequence[Trial], deadline: float | None) -> str:
    if plan.trials is not None and len(trials) >= plan.trials:
        return f"{plan.trials} trials are done"
    if deadline is not None and time.monotonic() >= deadline:
        return f"{plan.seconds:.4g} seconds are over"
    return ""


def _trial_deadline(trials: Sequence[Trial], deadline: float | None) -> float | None:
    if deadline is None or not any(trial.status == "complete" for trial in trials):
        return deadline
    now = time.monotonic()
    return min(deadline, now + max(_TRIAL_SHARE * (deadline - now), _MIN_SHARE_SECONDS))
