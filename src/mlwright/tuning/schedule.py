"""What to try next: baselines, the first entry of every family, then wherever a second (or a trial) gains most."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np

from mlwright.models.protocol import Params
from mlwright.tuning.gains import Gains
from mlwright.tuning.trial import OUT_OF_TIME, Trial

BASELINES = ("dummy", "linear")
# Relative seconds of a first trial, and thereby the order of the first trials: cheap and strong before dear.
NOMINAL_COSTS: Mapping[str, float] = MappingProxyType(
    {
        "dummy": 0.01,
        "linear": 0.5,
        "nearest_neighbours": 0.5,
        "lightgbm": 1.0,
        "extra_trees": 1.0,
        "xgboost": 1.5,
        "catboost": 3.0,
        "random_forest": 1.5,
        "hist_boosting": 1.5,
        "network": 4.0,
    }
)
_FIRST_ORDER = ("dummy", "linear", "lightgbm", "network", "extra_trees", "catboost", "xgboost")
# Near kin of a family above: worth a trial where the gain is measured to be there, not before every other.
_LATER = ("random_forest", "nearest_neighbours", "hist_boosting")
_UNKNOWN_COST = 2.0
_PRIOR_SHARE = 0.005  # of the span from dummy to best: what an untried configuration may be hoped to gain
_LATER_SHARE = 0.002  # the same of a family that has kin among those tried
_PRIOR_DECAY = 0.7  # ... per trial that the family has had
_GAP_SCALE = 0.05  # of the span: a family this far behind the best is hoped for 1/e as much
_RECENT = 3
_SAFETY = 1.2  # estimates of seconds are made longer by this


@dataclass(frozen=True, slots=True)
class Choice:
    """The family to try next and why; `seconds` is the estimate for it, None when there is nothing to go by."""

    family: str
    origin: str
    why: str
    seconds: float | None


@dataclass(frozen=True, slots=True)
class Budget:
    """What the choice may depend on.

    Attributes:
        seconds_left: None in a search by trials alone: there costs are nominal and no clock is read.
    """

    seconds_left: float | None = None


@dataclass(frozen=True, slots=True)
class State:
    """The finished trials of a search, and what each family's trials gained."""

    families: tuple[str, ...]
    trials: Sequence[Trial]
    gains: Gains
    portfolios: Mapping[str, Sequence[Params]] = field(default_factory=dict)

    def of(self, family: str) -> list[Trial]:
        return [trial for trial in self.trials if trial.spec.family == family]

    def next_params(self, family: str) -> Params | None:
        """Return the next entry of the family's portfolio; None when it is used up."""
        entries, used = self.portfolios.get(family, ()), len(self.of(family))
        return entries[used] if used < len(entries) else None


def next_choice(state: State, budget: Budget) -> Choice | None:
    """Return what to try next, or None when nothing fits into the time that is left."""
    first = _first(state, budget)
    return first if first is not None else _most_gain(state, budget)


def first_order(families: Sequence[str]) -> list[str]:
    """Return the families in the order of their first trials; unknown ones after the known, in the order given."""
    known = {name: position for position, name in enumerate(_FIRST_ORDER)}
    last = {name: len(known) + 1 + position for position, name in enumerate(_LATER)}
    return sorted(families, key=lambda name: {**known, **last}.get(name, len(known)))


def relative_cost(params: Params) -> float:
    """Return what one set of parameters costs beside another of its family: small steps and large trees cost more."""
    if "width" in params:  # of a network
        size = float(params.get("members", 1)) * (float(params["width"]) / 128) ** 1.5
        return size * float(params.get("epochs", 24)) / 24 * (float(params.get("bins", 32)) / 32) ** 0.5
    cost = 0.1 / float(params.get("learning_rate", 0.1))
    leaves = params.get("num_leaves") or params.get("max_leaf_nodes")
    depth = params.get("depth") or params.get("max_depth")
    if leaves:
        cost *= (float(leaves) / 31) ** 0.5
    elif depth:
        cost *= 2 ** ((float(depth) - 6) / 2)
    return cost


def estimated_seconds(family: str, trials: Sequence[Trial], params: Params | None = None) -> float | None:
    """Return the seconds a trial of the family will take, by its finished trials, else by those of other families.

    Complete trials count; where there is none, a pruned or partial one says what all its folds would have cost. With
    `params` it is reckoned for them; else for such as the family's latest.
    """
    own = [trial for trial in trials if trial.spec.family == family and trial.fold_losses]
    own = [trial for trial in own if trial.status == "complete"] or own
    if own:
        recent = own[-_RECENT:]
        seconds = float(np.mean([_whole_seconds(trial, trials) for trial in recent]))
        usual = float(np.mean([relative_cost(trial.spec.params) for trial in recent]))
        return _SAFETY * seconds * (1.0 if params is None else relative_cost(params) / usual)
    others = [trial for trial in trials if trial.fold_losses and trial.spec.family != "dummy"]
    if not others:
        return None
    rates = [_whole_seconds(trial, trials) / NOMINAL_COSTS.get(trial.spec.family, _UNKNOWN_COST) for trial in others]
    return _SAFETY * float(np.median(rates)) * NOMINAL_COSTS.get(family, _UNKNOWN_COST)


def _first(state: State, budget: Budget) -> Choice | None:
    tried = {trial.spec.family for trial in state.trials if not _cut_short(trial)}
    real = any(trial.status == "complete" and trial.spec.family not in BASELINES for trial in state.trials)
    for family in first_order(state.families):
        if family in tried or _hopeless(state.of(family)) or (real and family in _LATER):
            continue
        seconds = estimated_seconds(family, state.trials, state.next_params(family))
        # Until one real model is there, the next is begun whatever it costs: its folds end in time by their deadlines.
        if real and not _fits(seconds, budget):
            continue
        origin = "baseline" if family in BASELINES else "portfolio"
        return Choice(family, origin, f"first trial of {family}", seconds)
    return None


def _most_gain(state: State, budget: Budget) -> Choice | None:
    best: tuple[float, Choice] | None = None
    for family in first_order(state.families):
        if family == "dummy" or _hopeless(state.of(family)):
            continue
        params = state.next_params(family)
        seconds = estimated_seconds(family, state.trials, params)
        if not _fits(seconds, budget):
            continue
        cost = NOMINAL_COSTS.get(family, _UNKNOWN_COST) if budget.seconds_left is None else max(seconds or 0.0, 1e-3)
        rate = _expected_gain(family, state) / cost
        if best is None or rate > best[0]:
            unit = "unit of cost" if budget.seconds_left is None else "second"
            why = f"largest expected gain per {unit}: {rate:.3g}"
            best = (rate, Choice(family, "tpe" if params is None else "portfolio", why, seconds))
    return None if best is None else best[1]


def _expected_gain(family: str, state: State) -> float:
    """Return how far the mix's loss may fall by one more trial of the family.

    Half of what its latest trials gained (its first is left out: that gain depends on the order), plus a hope that
    fades with every trial and with the family's distance from the best one.
    """
    trials = state.of(family)
    span = state.gains.span
    losses = [trial.loss for trial in trials if np.isfinite(trial.loss)]
    if not losses:
        return 0.0 if trials else _LATER_SHARE * span
    recent = [state.gains.of(trial.spec.number) for trial in trials[1:]][-_RECENT:]
    measured = float(np.mean(recent)) if recent else 0.0
    gap = max(min(losses) - state.gains.best_loss, 0.0)
    hope = _PRIOR_SHARE * span * _PRIOR_DECAY ** len(trials) * float(np.exp(-gap / (_GAP_SCALE * span)))
    return 0.5 * measured + hope


def _fits(seconds: float | None, budget: Budget) -> bool:
    return budget.seconds_left is None or seconds is None or seconds <= budget.seconds_left


def _cut_short(trial: Trial) -> bool:
    """Return whether the clock ended the trial before its first fold: that says nothing of the family."""
    return not trial.fold_losses and trial.reason.startswith(OUT_OF_TIME)


def _hopeless(trials: Sequence[Trial]) -> bool:
    """Return whether the family failed twice and never gave a model: a third try would fail too."""
    return len(trials) >= 2 and not any(trial.fold_losses for trial in trials)


def _whole_seconds(trial: Trial, trials: Sequence[Trial]) -> float:
    folds = max(len(other.fold_losses) for other in trials)
    return trial.seconds * folds / max(len(trial.fold_losses), 1)
