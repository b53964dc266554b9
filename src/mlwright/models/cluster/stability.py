"""Whether clusters are found again: on halves of the rows, and against rows that have no clusters.

Sources: Ben-Hur, Elisseeff and Guyon 2002 (pairs of subsamples); Hennig 2007 (cluster-wise Jaccard); Tibshirani,
Walther and Hastie 2001 and Liu et al. 2008 (references without structure).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from mlwright.base.errors import Infeasible
from mlwright.base.seeds import generator
from mlwright.data.columns import Array
from mlwright.evaluation.agreement import ari, best_jaccard
from mlwright.evaluation.separation import silhouettes
from mlwright.models.cluster.protocol import ClusterEstimator

Fit = Callable[[Array, int], ClusterEstimator]  # rows and a seed to a fitted clustering


@dataclass(frozen=True, slots=True)
class Stability:
    """What became of a clustering on pairs of disjoint halves.

    Attributes:
        agreement: Adjusted Rand index between the halves' clusterings of all rows, one value a pair.
        jaccard: Of each cluster the mean Jaccard index with its best match on a half, shape (clusters,).
    """

    agreement: Array
    jaccard: Array


@dataclass(frozen=True, slots=True)
class Reference:
    """Silhouettes of the same clustering on rows without clusters: the mean and deviation of the kinder reference."""

    mean: float
    deviation: float
    kind: str


def stability(fit: Fit, X: Array, labels: Array, pairs: int, seed: int) -> Stability:
    """Cluster disjoint halves and compare what they say of all rows.

    Args:
        fit: The candidate.
        X: Prepared rows, shape (n, d).
        labels: What the candidate fitted to all rows says of them, shape (n,).
        pairs: How many pairs of halves.
        seed: Of the halves.
    """
    rng = generator(seed, "halves")
    agreement, jaccard = np.zeros(pairs), np.zeros((2 * pairs, len(np.unique(labels))))
    for pair in range(pairs):
        order = rng.permutation(len(X))
        halves = np.sort(order[: len(X) // 2]), np.sort(order[len(X) // 2 :])
        said = [_said(fit, X[half], X, seed + pair) for half in halves]
        for at, one in enumerate(said):
            if one is not None:
                jaccard[2 * pair + at] = best_jaccard(labels, one)
        if said[0] is not None and said[1] is not None:
            agreement[pair] = ari(said[0], said[1])
    return Stability(agreement, jaccard.mean(axis=0))


def reference(fit: Fit, X: Array, repeats: int, seed: int) -> Reference:
    """Return the silhouettes that the same way of clustering reaches where there is nothing to find.

    Two references: Gaussian rows with the covariance of the data, and rows spread evenly over the box along the data's
    principal axes. A clustering has to beat both.
    """
    rng = generator(seed, "reference")
    found = {
        kind: np.array([_silhouette(fit, draw(X, rng), seed + at) for at in range(repeats)])
        for kind, draw in (("Gaussian", _gaussian_rows), ("uniform", _uniform_rows))
    }
    kind = max(found, key=lambda name: float(found[name].mean()))
    return Reference(float(found[kind].mean()), float(found[kind].std(ddof=1)) if repeats > 1 else 0.0, kind)


def _said(fit: Fit, half: Array, X: Array, seed: int) -> Array | None:
    """Return labels of all rows by a clustering of half of them, None where there is none."""
    try:
        return fit(half, seed).predict(X).argmax(axis=1)
    except Infeasible:
        return None


def _silhouette(fit: Fit, X: Array, seed: int) -> float:
    try:
        fitted = fit(X, seed)
    except Infeasible:
        return 0.0
    return float(silhouettes(X, fitted.predict(X).argmax(axis=1), noise=fitted.noise).mean())


def _axes(X: Array) -> tuple[Array, Array, Array]:
    """Return mean, principal axes (r, d) and the rows' places along them (n, r)."""
    wide = X.astype(np.float64)
    center = wide.mean(axis=0)
    left, values, axes = np.linalg.svd(wide - center, full_matrices=False)
    return center, axes, left * values


def _gaussian_rows(X: Array, rng: np.random.Generator) -> Array:
    center, axes, places = _axes(X)
    drawn = rng.normal(size=places.shape) * places.std(axis=0)
    return (center + drawn @ axes).astype(np.float32)


def _uniform_rows(X: Array, rng: np.random.Generator) -> Array:
    center, axes, places = _axes(X)
    drawn = rng.uniform(places.min(axis=0), places.max(axis=0), size=places.shape)
    return (center + drawn @ axes).astype(np.float32)
