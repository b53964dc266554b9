"""Which detectors: judged out of fold, by labels where there are any, by injected rows where there are none."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module

import numpy as np

from mlwright.base.errors import Infeasible
from mlwright.base.seeds import generator
from mlwright.data.columns import Array
from mlwright.evaluation.alarms import order_preserving
from mlwright.evaluation.intervals import Bootstrap, Interval, bootstrap
from mlwright.evaluation.metrics import metric
from mlwright.models.anomaly.protocol import Detector
from mlwright.models.protocol import FitControl
from mlwright.models.tail import Tail, fit_tail
from mlwright.models.unsupervised import UNSUPERVISED

_FOLDS = 3
_RESAMPLES = 100


@dataclass(frozen=True, slots=True)
class AnomalyRows:
    """Training rows as models see them.

    Attributes:
        X: Real rows, float32, shape (n, d).
        strange: Which of them are known to be anomalies, bool, shape (n,); None where nobody knows.
        injected: Rows made strange, shape (m, d), for judging without labels.
        source: The real row that each was made from, int64, shape (m,).
        order: Folds are blocks of neighbouring rows: they come in the order of time.
    """

    X: Array
    strange: Array | None
    injected: Array
    source: Array
    order: bool = False


@dataclass(frozen=True, slots=True)
class AnomalyPlan:
    """Detectors, simple first; seed, threads, and after when no further one is begun."""

    families: tuple[str, ...]
    seed: int = 0
    threads: int = 1
    deadline: float | None = None


@dataclass(frozen=True, slots=True)
class AnomalyTrial:
    """A detector, or a mix of some.

    Attributes:
        members: The detectors in it.
        raw: Out-of-fold raw scores of a single detector's real rows, shape (n,); empty for a mix.
        real, injected: Surprises out of fold, shapes (n,) and (m,).
        score: PR-AUC of telling strange rows from the others; None when the detector failed.
    """

    number: int
    members: tuple[str, ...]
    complexity: int
    seconds: float
    raw: Array
    real: Array
    injected: Array
    score: Interval | None
    reason: str = ""

    @property
    def name(self) -> str:
        return self.members[0] if len(self.members) == 1 else "average of " + ", ".join(self.members)


@dataclass(frozen=True, slots=True)
class AnomalyChoice:
    """The chosen trial, all trials, the reason, and the noise within which the others count as equal."""

    chosen: AnomalyTrial
    best: AnomalyTrial
    trials: tuple[AnomalyTrial, ...]
    reason: str
    noise: float


def choose_detectors(
    rows: AnomalyRows, plan: AnomalyPlan, on_trial: Callable[[AnomalyTrial], None] | None = None
) -> AnomalyChoice:
    """Fit every detector by cross-validation, average them, and choose.

    Raises:
        Infeasible: No detector can be fitted.
    """
    from threadpoolctl import threadpool_limits

    import_module("sklearn.ensemble")  # only pools of libraries that are loaded can be limited

    trials: list[AnomalyTrial] = []

    def add(trial: AnomalyTrial) -> None:
        trials.append(trial)
        if on_trial is not None:
            on_trial(trial)

    with threadpool_limits(1):
        for name in plan.families:
            if plan.deadline is None or time.monotonic() < plan.deadline or not trials:
                add(_single(len(trials), name, rows, plan))
    usable = [one for one in trials if one.score is not None]
    if not usable:
        raise Infeasible("No detector can be fitted to these rows.", hint="give more rows or other columns.")
    if len(usable) > 1:
        add(_average(len(trials), usable, rows, plan))
    if len(usable) > 3:
        ranked = sorted(usable, key=lambda one: -_value(one))
        add(_average(len(trials), ranked[:3], rows, plan))
    return _choose(tuple(trials), labelled=_is_judged_by_labels(rows))


def surprises(tails: Sequence[Tail], raw: Sequence[Array]) -> Array:
    """Return the mean surprise of several detectors, shape (n,)."""
    return np.mean([tail.apply(one) for tail, one in zip(tails, raw, strict=True)], axis=0)


def usual(rows: AnomalyRows) -> Array:
    """Return which real rows detectors are fitted to: all that are not known to be strange, bool, shape (n,)."""
    return np.ones(len(rows.X), dtype=bool) if rows.strange is None else ~rows.strange


def _single(number: int, name: str, rows: AnomalyRows, plan: AnomalyPlan) -> AnomalyTrial:
    detector: Detector = UNSUPERVISED.load(name)()
    began = time.monotonic()
    real, injected = np.zeros(len(rows.X)), np.zeros(len(rows.injected))
    fitted_to = usual(rows)
    control = FitControl(seed=plan.seed, threads=plan.threads, deadline=None)
    try:
        for part in _folds(rows, plan.seed):
            learned = fitted_to & ~part
            scorer = detector.fit(rows.X[learned], {}, control)
            real[part] = scorer.score(rows.X[part])
            of_part = part[rows.source]
            injected[of_part] = scorer.score(rows.injected[of_part])
    except Infeasible as problem:
        seconds, none = time.monotonic() - began, np.empty(0)
        return AnomalyTrial(number, (name,), detector.complexity, seconds, none, none, none, None, problem.message)
    tail = fit_tail(real[fitted_to])
    seconds = time.monotonic() - began
    found = tail.apply(real), tail.apply(injected)
    score = _score(rows, *found, plan.seed)
    return AnomalyTrial(number, (name,), detector.complexity, seconds, real, *found, score)


def _average(number: int, trials: Sequence[AnomalyTrial], rows: AnomalyRows, plan: AnomalyPlan) -> AnomalyTrial:
    real = np.mean([one.real for one in trials], axis=0)
    injected = np.mean([one.injected for one in trials], axis=0)
    members = tuple(one.members[0] for one in trials)
    complexity = sum(max(one.complexity, 1) for one in trials)
    score = _score(rows, real, injected, plan.seed)
    return AnomalyTrial(number, members, complexity, 0.0, np.empty(0), real, injected, score)


def _folds(rows: AnomalyRows, seed: int) -> list[Array]:
    """Return the validation part of each fold as a mask; copies of a row are not kept together, for none is learned."""
    count = len(rows.X)
    parts = min(_FOLDS, count)
    place = np.arange(count) * parts // count if rows.order else np.arange(count) % parts
    if not rows.order:
        place = generator(seed, "anomaly folds").permutation(place)
    return [place == at for at in range(parts)]


def _is_judged_by_labels(rows: AnomalyRows) -> bool:
    return rows.strange is not None and bool(rows.strange.any())


def _score(rows: AnomalyRows, real: Array, injected: Array, seed: int) -> Interval:
    """Return PR-AUC by the labels, or of telling injected rows from real ones."""
    if rows.strange is not None and rows.strange.any():
        truth, said = rows.strange.astype(np.int64), real
    else:
        truth = np.concatenate([np.zeros(len(real), dtype=np.int64), np.ones(len(injected), dtype=np.int64)])
        said = np.concatenate([real, injected])
    return bootstrap(truth, order_preserving(said), metric("pr_auc"), how=Bootstrap(resamples=_RESAMPLES, seed=seed))


def _value(trial: AnomalyTrial) -> float:
    return -1.0 if trial.score is None or not np.isfinite(trial.score.value) else trial.score.value


def _choose(trials: tuple[AnomalyTrial, ...], *, labelled: bool) -> AnomalyChoice:
    best = max(trials, key=lambda one: (_value(one), -one.complexity))
    noise = 0.0 if best.score is None else (best.score.high - best.score.low) / 4  # one standard error
    near = [one for one in trials if _value(one) >= _value(best) - noise]
    if labelled:
        chosen = min(near, key=lambda one: (one.complexity, -_value(one)))
        why = "labels decide; within the noise the simplest is kept."
    else:
        # Injected rows are one guess at what will be strange: where they don't decide, several views are safer.
        chosen = max(near, key=lambda one: (len(one.members), _value(one)))
        why = "nobody has labels, so injected rows decide; within the noise the mix of most detectors is kept."
    return AnomalyChoice(chosen, best, trials, f"{chosen.name}: PR-AUC {_value(chosen):.3f} out of fold; {why}", noise)
