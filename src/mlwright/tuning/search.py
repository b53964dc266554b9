"""The search: trials one after another until the plan's trials or seconds are spent, resumable after any of them."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from mlwright.base.errors import DataError
from mlwright.data.columns import Array
from mlwright.models.protocol import Facts, Family, FitControl
from mlwright.models.tabular import MODELS, load_family
from mlwright.models.tabular.shapes import best_shape, shaped
from mlwright.tuning.folds import PreparedFolds
from mlwright.tuning.gains import Gains
from mlwright.tuning.objective import Objective
from mlwright.tuning.optuna_sampler import propose
from mlwright.tuning.pruning import Reference, why_prune, why_useless
from mlwright.tuning.schedule import BASELINES, Budget, Choice, State, next_choice
from mlwright.tuning.table import TrainingTable, facts_of
from mlwright.tuning.trial import Judge, Trial, TrialSpec, run_trial

_TRIAL_SHARE = 0.3  # of the seconds that are left: one dear trial must not eat the search
_BASELINE_SHARE = 0.2
_PATIENT = 1.5  # times its estimate a trial may take
_MIN_SHARE_SECONDS = 2.0
OnTrial = Callable[[Trial], None]


@dataclass(frozen=True, slots=True)
class SearchPlan:
    """What a search may do.

    Attributes:
        families: Names in `MODELS`.
        trials: Trials in all, finished ones included. With `trials` alone, every decision is a function of the seed
            and the finished trials, never of a clock.
        seconds: Wall seconds this call may take; on resuming, the caller gives what is left. With both, the first limit
            reached ends the search, and decisions are made as with `seconds` alone.
        threads: At most, for every trial; its folds share them.
        prune: Stop trials that are clearly worse after a fold or more.
        patience: Stop when so many trials in a row gained nothing; None goes on to the limit.
    """

    families: tuple[str, ...]
    trials: int | None = None
    seconds: float | None = None
    seed: int = 0
    threads: int = 1
    prune: bool = True
    patience: int | None = None


@dataclass(frozen=True, slots=True)
class SearchResult:
    """All finished trials in the order of their numbers, and why the search ended."""

    trials: tuple[Trial, ...]
    seconds: float
    stopped: str

    @property
    def best(self) -> Trial | None:
        """The usable trial of the lowest loss."""
        return min(usable(self.trials), key=lambda trial: (trial.loss, trial.spec.number), default=None)


def search(table: TrainingTable, plan: SearchPlan, finished: Sequence[Trial], on_trial: OnTrial) -> SearchResult:
    """Run trials until the plan is spent.

    Args:
        finished: Trials of an earlier part of the same search; it goes on as if it had not stopped.
        on_trial: Called after every trial, so that the caller can keep it.

    Raises:
        DataError: The plan has no limit or no family.
        InputError: A family's name is not known.
        MissingExtra: What a family requires is not installed.
    """
    check_limits(plan)
    return _Search(table, plan, finished).run(on_trial)


def check_limits(plan: SearchPlan) -> None:
    """Refuse a plan that would never end or has nothing to try.

    Raises:
        DataError: So it is.
    """
    if plan.trials is None and plan.seconds is None:
        raise DataError("The search has neither trials nor seconds as its limit.", hint="give one of them, or both.")
    if not plan.families:
        raise DataError("The search has no family of models.", hint=f"choose some of: {', '.join(MODELS)}.")


def usable(trials: Sequence[Trial]) -> list[Trial]:
    """Return the trials that may be chosen: the complete ones.

    Partial ones are a last resort: they count only when nothing but a dummy is complete, since a real model that saw
    some of the folds is worth more than a constant.
    """
    whole = [trial for trial in trials if trial.status == "complete"]
    if any(trial.spec.family != "dummy" for trial in whole):
        return whole
    return whole + [trial for trial in trials if trial.status == "partial"]


class _Search:
    """One search under way."""

    def __init__(self, table: TrainingTable, plan: SearchPlan, finished: Sequence[Trial]) -> None:
        self.table = table
        self.plan = plan
        self.started = time.monotonic()
        self.deadline = None if plan.seconds is None else self.started + plan.seconds
        self.families: dict[str, Family] = {name: load_family(name) for name in plan.families}
        self.facts: Facts = facts_of(table)
        self.portfolios = {
            name: shaped(name, family.portfolio(self.facts), self.facts) for name, family in self.families.items()
        }
        self.prepared = PreparedFolds(table, plan.seed)
        self.trials: list[Trial] = sorted(finished, key=lambda trial: trial.spec.number)
        self.gains = Gains(Objective.of(table))
        for trial in self.trials:
            self.gains.add(trial)

    def run(self, on_trial: OnTrial) -> SearchResult:
        stopped = ""
        while not stopped:
            stopped = self._why_stop()
            choice = None if stopped else self._choose()
            if choice is None:
                stopped = stopped or "no trial fits into the seconds that are left"
                break
            trial = self._perform(choice)
            self.trials.append(trial)
            self.gains.add(trial)
            on_trial(trial)
        return SearchResult(tuple(self.trials), time.monotonic() - self.started, stopped)

    def _why_stop(self) -> str:
        if self.plan.trials is not None and len(self.trials) >= self.plan.trials:
            return f"{self.plan.trials} trials are done"
        if self.deadline is not None and time.monotonic() >= self.deadline:
            return f"{self.plan.seconds:.4g} seconds are over"
        patience = self.plan.patience
        if patience is not None and len(self.trials) >= len(self.families) + patience:
            latest = self.trials[-patience:]
            if all(self.gains.of(trial.spec.number) < 1e-5 * self.gains.span for trial in latest):
                return f"the last {patience} trials gained nothing"
        return ""

    def _choose(self) -> Choice | None:
        left = None if self.deadline is None else self.deadline - time.monotonic()
        return next_choice(State(self.plan.families, self.trials, self.gains, self.portfolios), Budget(left))

    def _perform(self, choice: Choice) -> Trial:
        spec = self._spec(choice)
        control = FitControl(seed=self.plan.seed, threads=self.plan.threads, deadline=self._trial_deadline(choice))
        return run_trial(spec, self.table, control, prepared=self.prepared, judge=self._judge(spec))

    def _spec(self, choice: Choice) -> TrialSpec:
        number = len(self.trials)
        own = [trial for trial in self.trials if trial.spec.family == choice.family]
        portfolio = self.portfolios[choice.family]
        if len(own) < len(portfolio):
            return TrialSpec(number, choice.family, portfolio[len(own)], choice.origin, {}, choice.why)
        proposal = propose(self.families[choice.family], self.facts, own, self.plan.seed, number)
        shape = best_shape([(trial.loss, trial.spec.params) for trial in own if trial.status == "complete"])
        return TrialSpec(number, choice.family, {**shape, **proposal.params}, "tpe", proposal.draws, choice.why)

    def _trial_deadline(self, choice: Choice) -> float | None:
        if self.deadline is None:
            return None
        now = time.monotonic()
        real = any(trial.status == "complete" and trial.spec.family not in BASELINES for trial in self.trials)
        if choice.family not in BASELINES and not real:
            return self.deadline  # a first real model may take all the time there is
        share = _BASELINE_SHARE if choice.family in BASELINES else _TRIAL_SHARE
        wanted = share * (self.deadline - now)
        if any(trial.spec.family == choice.family for trial in self.trials):
            # A trial begun because it fits must not be cut short by its share: a crippled model tells nothing. Of a
            # family not yet tried nobody knows what it takes.
            wanted = max(wanted, _PATIENT * (choice.seconds or 0.0))
        return min(self.deadline, now + max(wanted, _MIN_SHARE_SECONDS))

    def _judge(self, spec: TrialSpec) -> Judge | None:
        """Return who prunes the trial: nobody for baselines.

        The first trial of a family tells what it can do, so being worse than the best doesn't end it: it may still
        help the mix. When it does not, the time is better spent elsewhere.
        """
        best = self._best_complete()
        if not self.plan.prune or spec.family in BASELINES or best is None:
            return None
        first = all(trial.spec.family != spec.family for trial in self.trials)
        reference = Reference(best.fold_losses, self.gains.span)

        def judge(losses: Sequence[float], so_far: Array) -> str:
            worse = "" if first else why_prune(losses, reference)
            late = 2 * len(losses) > len(self.table.folds)  # the rest costs little, and the whole counts as a model
            if worse or late or best.spec.family in BASELINES:
                return worse
            return why_useless(len(losses), self.gains.promised(so_far), self.gains.span)

        return judge

    def _best_complete(self) -> Trial | None:
        whole = [trial for trial in self.trials if trial.status == "complete" and np.isfinite(trial.loss)]
        return min(whole, key=lambda trial: (trial.loss, trial.spec.number), default=None)
