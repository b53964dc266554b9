"""The search among recommenders: fitted on the earlier rows, compared on each user's later ones, mixed, chosen."""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np

from mlwright.base.errors import BudgetError, Infeasible, Signal
from mlwright.base.seeds import generator
from mlwright.data.columns import Array
from mlwright.data.feedback import after, latest_rows
from mlwright.evaluation.queries import spread_within
from mlwright.evaluation.recommendation import Lists, list_scores, top_items
from mlwright.models.protocol import FitControl
from mlwright.models.recommend import RECOMMENDERS
from mlwright.models.recommend.factors import Part, Recommender
from mlwright.models.recommend.interactions import Interactions
from mlwright.tuning.ensemble import MixPlan, greedy_mix

_MOST_CELLS = 20_000_000  # of the scores of one candidate on the users it is judged by
_MIXED = 6  # candidates at most that a mix is made from
_LATER_SHARE = 0.2


@dataclass(frozen=True, slots=True)
class Judged:
    """The rows that candidates are judged by.

    Attributes:
        earlier: What they are fitted on.
        users: Codes of those judged, (n,).
        met, relevant: Codes of items for each of them: not to be recommended, and liked later.
        later: All later rows: ratings are judged on them.
        measure: Name in `list_scores`, or "rmse" / "mae".
        k: Length of the lists.
    """

    earlier: Interactions
    users: Array
    met: Sequence[Array]
    relevant: Sequence[Array]
    later: Interactions
    measure: str
    k: int

    @property
    def ratings(self) -> bool:
        return self.measure in ("rmse", "mae")

    def predictions(self, part: Part) -> Array:
        """Return what is compared: scores of all items (n, I), or the ratings of the later rows (m,)."""
        if self.ratings:
            return np.einsum("nd,nd->n", part.users[self.later.users], part.items[self.later.items])
        return part.scores(self.users)

    def losses(self, predictions: Array) -> Array:
        """Return the loss of each unit that is drawn when chance is measured: users, lower is better."""
        if self.ratings:
            gaps = np.abs(predictions - self.later.values)
            sums = np.bincount(self.later.users, gaps**2 if self.measure == "rmse" else gaps)
            counts = np.bincount(self.later.users)
            return sums[counts > 0] / counts[counts > 0]
        lists = Lists(top_items(predictions, self.met, self.k), self.relevant, np.ones(predictions.shape[1]))
        return -list_scores(lists, self.k)[self.measure]

    def loss(self, predictions: Array) -> float:
        """Return one number, lower is better: the metric, turned where more is better."""
        if not self.ratings:
            return float(self.losses(predictions).mean())
        gaps = np.abs(predictions - self.later.values)
        return float(np.sqrt(np.mean(gaps**2))) if self.measure == "rmse" else float(gaps.mean())


@dataclass(frozen=True, slots=True)
class RecommenderTrial:
    """One family with one set of parameters; without a loss it failed, for `reason`."""

    number: int
    family: str
    params: Mapping[str, Any]
    seconds: float
    loss: float | None = None
    losses: Array = field(default_factory=lambda: np.zeros(0))
    predictions: Array = field(default_factory=lambda: np.zeros(0))
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Offer:
    """A candidate: trials with the weights of their predictions."""

    name: str
    numbers: tuple[int, ...]
    weights: tuple[float, ...]
    loss: float
    losses: Array
    complexity: int


@dataclass(frozen=True, slots=True)
class SearchLimits:
    """Families, and how long: trials, `time.monotonic()`, or both."""

    families: Sequence[str]
    trials: int | None = None
    deadline: float | None = None
    seed: int = 0
    threads: int = 1


def judged_rows(rows: Interactions, metric: tuple[str, int], how: Literal["latest", "after"], seed: int) -> Judged:
    """Set later rows of the training part aside, in the way the sealed test was taken."""
    if how == "after" and rows.ages is not None:
        mask = after(-rows.ages, _LATER_SHARE)
    else:
        mask = latest_rows(rows.users, None if rows.ages is None else -rows.ages, _LATER_SHARE, seed)
    earlier, later = rows.take(np.flatnonzero(~mask)), rows.take(np.flatnonzero(mask))
    liked_later = np.bincount(later.users[later.liked], minlength=rows.user_count) > 0
    users = np.flatnonzero(liked_later)
    most = max(50, _MOST_CELLS // max(rows.item_count, 1))
    if len(users) > most:
        users = np.sort(generator(seed, "judged users").permutation(users)[:most])
    if not len(users):
        raise Infeasible(
            "No user has a later row of something liked to compare recommenders by.",
            hint="give users with several interactions each, and times if there are any.",
        )
    met, relevant = items_of(earlier, users), items_of(later.take(np.flatnonzero(later.liked)), users)
    return Judged(earlier, users, met, relevant, later, *metric)


def items_of(rows: Interactions, users: Array) -> list[Array]:
    """Return the items of each of some users, ascending."""
    order = np.lexsort((rows.items, rows.users))
    ends = np.searchsorted(rows.users[order], np.arange(rows.user_count + 1))
    return [rows.items[order[ends[user] : ends[user + 1]]] for user in users]


def search_recommenders(judged: Judged, limits: SearchLimits) -> list[RecommenderTrial]:
    """Fit and judge, the first parameters of every family before the second of any."""
    families = {name: RECOMMENDERS.load(name)() for name in limits.families}
    sets = {name: family.portfolio(judged.earlier) for name, family in families.items()}
    turns = [(turn, name) for turn in range(max(map(len, sets.values()))) for name in sets if turn < len(sets[name])]
    trials: list[RecommenderTrial] = []
    longest: dict[str, float] = {}
    for turn, name in turns:
        if limits.trials is not None and len(trials) >= limits.trials:
            break
        late = limits.deadline is not None and time.monotonic() + longest.get(name, 0.0) > limits.deadline
        if late and any(trial.loss is not None for trial in trials):
            continue
        trial = _tried(families[name], sets[name][turn], judged, limits, len(trials))
        longest[name] = max(longest.get(name, 0.0), trial.seconds)
        trials.append(trial)
    return trials


def _tried(
    family: Any, params: Mapping[str, Any], judged: Judged, limits: SearchLimits, number: int
) -> RecommenderTrial:
    began = time.monotonic()
    try:
        part = family.fit(judged.earlier, params, FitControl(limits.seed, limits.threads, limits.deadline))
    except (Signal, BudgetError) as error:
        return RecommenderTrial(number, family.name, params, time.monotonic() - began, reason=error.message)
    predictions = judged.predictions(part)
    loss, losses = judged.loss(predictions), judged.losses(predictions)
    return RecommenderTrial(number, family.name, params, time.monotonic() - began, loss, losses, predictions)


def save_trials(trials: Sequence[RecommenderTrial], folder: Path) -> None:
    """Write trials into an existing, empty folder; `load_trials` reads them."""
    for trial in trials:
        facts = {
            "number": trial.number,
            "family": trial.family,
            "params": dict(trial.params),
            "seconds": trial.seconds,
            "loss": trial.loss,
            "reason": trial.reason,
        }
        name = f"trial-{trial.number:04d}"
        (folder / f"{name}.json").write_text(json.dumps(facts, sort_keys=True) + "\n", encoding="utf-8")
        np.savez(folder / f"{name}.npz", losses=trial.losses, predictions=trial.predictions)


def load_trials(folder: Path) -> list[RecommenderTrial]:
    """Return stored trials in the order of their numbers."""
    trials: list[RecommenderTrial] = []
    for path in sorted(folder.glob("*.json")):
        with np.load(path.with_suffix(".npz"), allow_pickle=False) as arrays:
            facts = json.loads(path.read_text(encoding="utf-8"))
            trials.append(RecommenderTrial(**facts, losses=arrays["losses"], predictions=arrays["predictions"]))
    return trials


def offers(judged: Judged, trials: Sequence[RecommenderTrial]) -> list[Offer]:
    """Return every trial that gave a model, and their greedy mix when it has two members or more.

    Raises:
        Infeasible: No trial gave a model.
    """
    good = [trial for trial in trials if trial.loss is not None]
    if not good:
        raise Infeasible(
            "No recommender could be fitted: " + "; ".join(f"{one.family}: {one.reason}" for one in trials[:3]) + ".",
            hint="give more interactions, or more time.",
        )
    found = [
        Offer(
            f"{one.family} #{one.number}", (one.number,), (1.0,), one.loss or 0.0, one.losses, _complexity(one.family)
        )
        for one in good
    ]
    best = sorted(good, key=lambda one: (one.loss, one.number))[:_MIXED]
    scales = [1.0 if judged.ratings else _spread(one.predictions) for one in best]
    mix = greedy_mix(
        [one.predictions / scale for one, scale in zip(best, scales, strict=True)],
        judged.loss,
        MixPlan(rounds=12, max_members=3, min_gain=1e-3),
    )
    if len(mix.members) > 1:
        found.append(_mixture(judged, [best[at] for at in mix.members], [mix.weights[at] for at in mix.members]))
    return found


def _mixture(judged: Judged, members: Sequence[RecommenderTrial], weights: Sequence[float]) -> Offer:
    scaled = [_scaled(one, judged) * weight for one, weight in zip(members, weights, strict=True)]
    predictions = np.sum(scaled, axis=0)
    return Offer(
        name="mix of " + ", ".join(f"{one.family} #{one.number}" for one in members),
        numbers=tuple(one.number for one in members),
        weights=tuple(weights),
        loss=judged.loss(predictions),
        losses=judged.losses(predictions),
        complexity=sum(_complexity(one.family) for one in members) + 1,
    )


def _scaled(one: RecommenderTrial, judged: Judged) -> Array:
    return one.predictions if judged.ratings else one.predictions / _spread(one.predictions)


def chosen_offer(found: Sequence[Offer]) -> tuple[Offer, Offer, list[dict[str, Any]]]:
    """Return the chosen offer, the best one, and each comparison as JSON.

    The simplest offer is kept whose mean loss over users is within one standard error of the best one's.
    """
    best = min(found, key=lambda one: (one.loss, one.complexity, one.name))
    decisions: list[dict[str, Any]] = []
    simpler = sorted(
        (one for one in found if one.complexity < best.complexity), key=lambda one: (one.complexity, one.loss)
    )
    seen: set[int] = set()
    for one in simpler:
        if one.complexity in seen:
            continue
        seen.add(one.complexity)
        gaps = one.losses - best.losses
        error = float(gaps.std(ddof=1) / np.sqrt(len(gaps))) if len(gaps) > 1 else 0.0
        kept = bool(gaps.mean() <= error)
        verdict = "simpler and within the noise of the best" if kept else "worse than the best beyond the noise"
        reason = (
            f"{one.name} is {verdict} ({best.name}): {gaps.mean():.4g} against {error:.4g}, over {len(gaps)} users."
        )
        decisions.append(
            {
                "candidate": one.name,
                "best": best.name,
                "difference": float(gaps.mean()),
                "error": error,
                "floor": 0.0,
                "kept": kept,
                "reason": reason,
            }
        )
        if kept:
            return one, best, decisions
    return best, best, decisions


def fit_offer(
    offer: Offer,
    trials: Sequence[RecommenderTrial],
    rows: Interactions,
    names: tuple[Sequence[str], Sequence[str]],
    control: FitControl,
) -> Recommender:
    """Fit a chosen offer to all training rows.

    Args:
        names: Of users and of items, in the order of the codes.
    """
    by_number = {trial.number: trial for trial in trials}
    parts: list[Part] = []
    ratings = False
    for number, weight in zip(offer.numbers, offer.weights, strict=True):
        trial = by_number[number]
        family = RECOMMENDERS.load(trial.family)()
        ratings = family.predicts == "ratings"
        part = family.fit(rows, trial.params, control)
        # More rows make larger scores; their spread, not their size, is what was weighed.
        some = np.arange(0, rows.user_count, max(1, rows.user_count * rows.item_count // _MOST_CELLS))
        parts.append(part.times(weight if ratings else weight / _spread(part.scores(some))))
    popular = np.log1p(rows.counts())
    if ratings:
        popular = np.sum([part.items @ part.unknown for part in parts], axis=0)
    return Recommender(tuple(parts), tuple(names[0]), tuple(names[1]), popular)


def _spread(scores: Array) -> float:
    """Return how far the scores of a user's items lie apart, over all users."""
    return spread_within(scores.ravel(), np.repeat(np.arange(len(scores)), scores.shape[1])) or 1.0


def _complexity(family: str) -> int:
    return RECOMMENDERS.find(family).complexity
