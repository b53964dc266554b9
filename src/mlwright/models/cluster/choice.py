"""Which clustering, and how many clusters: stable on halves, apart beyond what chance gives, simple within the noise.

Training inertia or likelihood never decides: both get better with every further cluster.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Any

import numpy as np

from mlwright.base.errors import Infeasible
from mlwright.data.columns import Array
from mlwright.evaluation.separation import mean_interval, silhouettes
from mlwright.models.cluster.centroids import check_clusters, sampled
from mlwright.models.cluster.protocol import Clusterer, ClusterEstimator
from mlwright.models.cluster.stability import Reference, Stability, reference, stability
from mlwright.models.protocol import FitControl
from mlwright.models.unsupervised import UNSUPERVISED

STABLE = 0.75  # Jaccard index above which a cluster counts as found again (Hennig 2007)
DOUBTFUL = 0.6
_SEARCH_ROWS = 1_000
_FINALISTS = 2  # of each way of clustering, whose stability is measured
_COUNTS = 3  # numbers of clusters that the second and later families try
_LEAST_GAIN = 0.02  # silhouettes nearer than this to a reference are not told from it
_MOST_CLUSTERS = 10


@dataclass(frozen=True, slots=True)
class ClusterPlan:
    """How the search is made.

    Attributes:
        families: In the order of simplicity.
        clusters: How many are wanted; None lets the rows decide.
        pairs, repeats: Pairs of halves, and draws of each reference.
        deadline: The `time.monotonic()` after which no further candidate is begun.
    """

    families: tuple[str, ...]
    clusters: int | None = None
    pairs: int = 6
    repeats: int = 4
    seed: int = 0
    threads: int = 1
    deadline: float | None = None


@dataclass(frozen=True, slots=True)
class ClusterTrial:
    """A candidate and what was measured of it on the search's rows.

    Attributes:
        silhouette: Mean with its interval; None when the fit failed.
        stability, reference: None where the candidate was no finalist.
        status: "complete", "partial" (no finalist) or "failed".
    """

    number: int
    family: str
    params: Mapping[str, Any]
    complexity: int
    seconds: float
    clusters: int = 0
    silhouette: tuple[float, float, float] | None = None
    stability: Stability | None = None
    reference: Reference | None = None
    status: str = "complete"
    reason: str = ""

    @property
    def name(self) -> str:
        return f"{self.family} #{self.number}"

    @property
    def value(self) -> float:
        return 0.0 if self.silhouette is None else self.silhouette[0]

    @property
    def agreement(self) -> float:
        return 0.0 if self.stability is None else float(self.stability.agreement.mean())

    @property
    def weakest(self) -> float:
        """The Jaccard index of the cluster that is found again least."""
        return 0.0 if self.stability is None else float(self.stability.jaccard.min())

    @property
    def lead(self) -> float:
        """By how much the silhouette exceeds the reference's upper edge."""
        if self.reference is None:
            return 0.0
        return self.value - self.reference.mean - max(2 * self.reference.deviation, _LEAST_GAIN)

    @property
    def is_structure(self) -> bool:
        """Whether the clusters are found again and lie further apart than chance explains."""
        if self.stability is None or self.clusters < 2:
            return False
        return self.is_stable and self.lead > 0

    @property
    def is_stable(self) -> bool:
        """Whether halves of the rows agree, and find every single cluster again."""
        if self.stability is None:
            return False
        return min(float(self.stability.jaccard.mean()), self.agreement) >= STABLE and self.weakest >= DOUBTFUL


@dataclass(frozen=True, slots=True)
class ClusterChoice:
    """The chosen trial, all trials, the reason, and the noise within which a simpler one is kept."""

    chosen: ClusterTrial
    best: ClusterTrial
    trials: tuple[ClusterTrial, ...]
    reason: str
    structure: bool
    noise: float
    whole: bool = True  # every candidate was tried


OnTrial = Callable[[ClusterTrial], None]


def choose_clusters(X: Array, plan: ClusterPlan, on_trial: OnTrial | None = None) -> ClusterChoice:
    """Try, measure and choose.

    Args:
        X: Prepared training rows, float32, shape (n, d).
        plan: Families, number, seed and time.
        on_trial: Told of each finished candidate.

    Raises:
        Infeasible: More clusters are wanted than there are different rows.
    """
    from threadpoolctl import threadpool_limits

    import_module("sklearn.cluster")  # only pools of libraries that are loaded can be limited

    if plan.clusters is not None:
        check_clusters(X, plan.clusters)
    with threadpool_limits(1):  # a thousand rows: threads would wait for each other longer than they work
        return _searched(X, plan, on_trial)


def _searched(X: Array, plan: ClusterPlan, on_trial: OnTrial | None) -> ClusterChoice:
    search = _Search(sampled(X, _SEARCH_ROWS, plan.seed), len(X), plan, on_trial)
    search.family("one_cluster", ())
    for name in plan.families:
        if search.time_left() or name == plan.families[0]:
            search.family(name, search.counts())
    return _choose(tuple(search.trials), plan, whole=search.time_left())


class _Search:
    """The candidates of one table, family after family, the simple ones first."""

    def __init__(self, rows: Array, all_rows: int, plan: ClusterPlan, on_trial: OnTrial | None) -> None:
        self.trials: list[ClusterTrial] = []
        self._rows = rows
        self._all_rows = all_rows
        self._plan = plan
        self._on_trial = on_trial

    def time_left(self) -> bool:
        return self._plan.deadline is None or time.monotonic() < self._plan.deadline

    def counts(self) -> tuple[int, ...]:
        """Return the numbers of clusters to try: all for the first family, then those that stood out there."""
        wanted = self._plan.clusters
        if wanted is not None:
            return (wanted,) if wanted > 1 else ()
        most = min(_MOST_CLUSTERS, len(np.unique(self._rows, axis=0)) - 1, len(self._rows) // 5)
        tried = sorted((one for one in self.trials if one.clusters > 1), key=lambda one: -one.value)
        return tuple(sorted({one.clusters for one in tried[:_COUNTS]})) if tried else tuple(range(2, most + 1))

    def family(self, name: str, counts: tuple[int, ...]) -> None:
        """Fit every candidate of a family, then measure the stability of those that lie furthest apart."""
        clusterer: Clusterer = UNSUPERVISED.load(name)()
        sets = clusterer.candidates(counts, self._all_rows) if counts or name == "one_cluster" else []
        first = [self.fitted(len(self.trials) + at, name, params) for at, params in enumerate(sets)]
        ranked = sorted(
            (one for one in first if one.status != "failed" and one.clusters > 1),
            key=lambda one: (-one.value, one.number),
        )
        judged: dict[int, ClusterTrial] = {}
        for place, trial in enumerate(ranked):
            # The curve of the first family shows why this number; its best are judged whatever the clock says.
            is_first = name == self._plan.families[0]
            if (place < _FINALISTS and (is_first or self.time_left())) or (is_first and self.time_left()):
                judged[trial.number] = self.judged(trial)
        for trial in first:
            done = judged.get(trial.number, trial)
            self.trials.append(done)
            if self._on_trial is not None:
                self._on_trial(done)

    def fitted(self, number: int, family: str, params: Mapping[str, Any]) -> ClusterTrial:
        clusterer: Clusterer = UNSUPERVISED.load(family)()
        began = time.monotonic()
        facts: dict[str, Any] = {"number": number, "family": family, "params": params}
        facts["complexity"] = clusterer.complexity
        if not self.time_left() and family not in ("one_cluster", self._plan.families[0]):
            return ClusterTrial(**facts, seconds=0.0, status="failed", reason="There was no time for it.")
        try:
            estimator = clusterer.fit(self._rows, params, self._control(self._plan.seed))
        except Infeasible as problem:
            seconds = time.monotonic() - began
            return ClusterTrial(**facts, seconds=seconds, status="failed", reason=problem.message)
        measured = silhouettes(self._rows, _labels(estimator, self._rows), noise=estimator.noise)
        interval = mean_interval(measured, self._plan.seed)
        wrong = self._plan.clusters not in (None, estimator.clusters) and family != "one_cluster"
        return ClusterTrial(
            **facts,
            seconds=time.monotonic() - began,
            clusters=estimator.clusters,
            silhouette=interval,
            status="failed" if wrong else "partial" if number else "complete",
            reason=f"It finds {estimator.clusters} clusters, {self._plan.clusters} were asked for." if wrong else "",
        )

    def judged(self, trial: ClusterTrial) -> ClusterTrial:
        clusterer: Clusterer = UNSUPERVISED.load(trial.family)()
        began = time.monotonic()

        def fit(rows: Array, seed: int) -> ClusterEstimator:
            return clusterer.fit(rows, trial.params, self._control(seed))

        labels = _labels(fit(self._rows, self._plan.seed), self._rows)
        steady = stability(fit, self._rows, labels, self._plan.pairs, self._plan.seed)
        done = replace(trial, stability=steady, status="complete")
        if done.is_stable or done.family == "kmeans":  # what is not stable needs no reference, but the curve does
            done = replace(done, reference=reference(fit, self._rows, self._plan.repeats, self._plan.seed))
        return replace(done, seconds=trial.seconds + time.monotonic() - began)

    def _control(self, seed: int) -> FitControl:
        return FitControl(seed=seed, threads=self._plan.threads, deadline=None)


def _labels(estimator: ClusterEstimator, X: Array) -> Array:
    return estimator.predict(X).argmax(axis=1)


def _choose(trials: tuple[ClusterTrial, ...], plan: ClusterPlan, *, whole: bool) -> ClusterChoice:
    wanted = [one for one in trials if one.family != "one_cluster" and one.stability is not None]
    valid = [one for one in wanted if one.is_structure]
    if not valid:
        return _without_structure(trials, wanted, plan, whole=whole)
    best = max(valid, key=lambda one: (one.value, -one.complexity))
    noise = _noise(best)
    near = [one for one in valid if one.value >= best.value - noise]
    chosen = min(near, key=lambda one: (one.complexity, -one.value, one.number))
    return ClusterChoice(chosen, best, trials, _why(chosen, best, noise), True, noise, whole)


def _without_structure(
    trials: tuple[ClusterTrial, ...], wanted: list[ClusterTrial], plan: ClusterPlan, *, whole: bool
) -> ClusterChoice:
    one = trials[0]
    best = max(wanted, key=lambda trial: trial.value, default=one)
    why = "No candidate is both found again on halves of the rows and further apart than rows without clusters."
    if not whole:
        why += " There was no time to try them all."
    if plan.clusters is None or best is one:
        return ClusterChoice(one, best, trials, f"No structure found. {why} All rows stay together.", False, 0.0, whole)
    reason = f"{plan.clusters} clusters were asked for and are delivered, but they are no structure of the data. {why}"
    return ClusterChoice(best, best, trials, reason, False, 0.0, whole)


def _noise(best: ClusterTrial) -> float:
    """Return half the width of the best silhouette's interval, about two standard errors."""
    if best.silhouette is None:
        return 0.0
    return (best.silhouette[2] - best.silhouette[1]) / 2


def _why(chosen: ClusterTrial, best: ClusterTrial, noise: float) -> str:
    chance = chosen.reference.mean if chosen.reference else 0.0
    text = (
        f"{chosen.clusters} clusters by {chosen.family}: silhouette {chosen.value:.3f} where rows without clusters "
        f"give {chance:.3f}, and the weakest cluster is found again with a Jaccard index of {chosen.weakest:.2f}."
    )
    if chosen is best:
        return text
    return f"{text} {best.name} has {best.value:.3f}, within the noise of {noise:.3f}, and is less simple."
