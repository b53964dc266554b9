"""Clusters that are a centre each: k-means, agglomerative clusters by their means, and the one cluster of all rows."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np

from mlwright.base.errors import Infeasible
from mlwright.base.traits import Traits
from mlwright.data.columns import Array
from mlwright.models.arrays import load_arrays, save_arrays
from mlwright.models.cluster.protocol import cluster_file, softmax
from mlwright.models.protocol import FitControl, Params
from mlwright.models.tabular.estimator_file import EstimatorFile

_LEAST_VARIANCE = 1e-6  # of a cluster of copies: memberships stay finite
_LARGE_ROWS = 20_000
_MOST_AGGLOMERATED = 3_000  # its memory grows with the square of the rows


@dataclass(frozen=True, slots=True)
class CentroidEstimator:
    """Memberships in proportion to exp(-distance² / 2 variance): a mixture of equal round clusters.

    Attributes:
        centers: float64, shape (C, d).
        variance: Of a column inside a cluster, shape (1,).
    """

    file: EstimatorFile
    centers: Array
    variance: Array

    @property
    def rounds(self) -> int:
        return self.file.rounds

    @property
    def clusters(self) -> int:
        return len(self.centers)

    @property
    def noise(self) -> int | None:
        return None

    @property
    def coefficients(self) -> Array:
        """What turns a row into the logarithms of its memberships, up to a constant, shape (C, d)."""
        return self.centers / self.variance[0]

    @property
    def intercept(self) -> Array:
        return -0.5 * np.sum(self.centers**2, axis=1) / self.variance[0]

    def predict(self, X: Array) -> Array:
        """Return memberships, float64, shape (n, C)."""
        self.file.check_width(X)
        return softmax(X.astype(np.float64) @ self.coefficients.T + self.intercept)

    def save(self, directory: Path) -> None:
        self.file.write(directory)
        save_arrays(directory, {"centers": self.centers, "variance": self.variance})

    @classmethod
    def load(cls, directory: Path) -> Self:
        return cls(EstimatorFile.read(directory), *load_arrays(directory, "centers", "variance"))


class OneCluster:
    """All rows together: what any structure must be told from."""

    traits: ClassVar[Traits] = Traits(summary="all rows in one cluster, the answer that nothing was found")
    name: ClassVar[str] = "one_cluster"
    estimator: ClassVar[type[CentroidEstimator]] = CentroidEstimator
    complexity: ClassVar[int] = 0

    def candidates(self, counts: tuple[int, ...], rows: int) -> list[dict[str, Any]]:
        """Return the one set."""
        del counts, rows
        return [{}]

    def fit(self, X: Array, params: Params, control: FitControl) -> CentroidEstimator:
        """Return the mean of all rows as the only centre."""
        del params, control
        return _from_centers(self.name, X, np.atleast_2d(X.astype(np.float64).mean(axis=0)), 1)


class KMeans:
    """k-means with several starts; in batches on large tables."""

    traits: ClassVar[Traits] = Traits(summary="k-means", extra="train", requires=("sklearn",))
    name: ClassVar[str] = "kmeans"
    estimator: ClassVar[type[CentroidEstimator]] = CentroidEstimator
    complexity: ClassVar[int] = 1

    def candidates(self, counts: tuple[int, ...], rows: int) -> list[dict[str, Any]]:
        """Return one set a number of clusters."""
        del rows
        return [{"clusters": count} for count in counts]

    def fit(self, X: Array, params: Params, control: FitControl) -> CentroidEstimator:
        """Fit; several starts keep the outcome from hanging on the first centres."""
        from sklearn import cluster

        library: Any = cluster  # its annotations know no number of starts
        clusters = int(params["clusters"])
        check_clusters(X, clusters)
        wide = X.astype(np.float64)
        if len(X) > _LARGE_ROWS:
            model: Any = library.MiniBatchKMeans(clusters, batch_size=4096, n_init=3, random_state=control.seed).fit(
                wide
            )
        else:
            model = library.KMeans(clusters, n_init=int(params.get("starts", 5)), random_state=control.seed).fit(wide)
        return _from_centers(self.name, X, np.asarray(model.cluster_centers_, dtype=np.float64), int(model.n_iter_))


class Agglomerative:
    """Ward's method on at most 3,000 rows; new rows go to the nearest mean."""

    traits: ClassVar[Traits] = Traits(summary="agglomerative clusters (Ward)", extra="train", requires=("sklearn",))
    name: ClassVar[str] = "agglomerative"
    estimator: ClassVar[type[CentroidEstimator]] = CentroidEstimator
    complexity: ClassVar[int] = 2

    def candidates(self, counts: tuple[int, ...], rows: int) -> list[dict[str, Any]]:
        """Return one set a number of clusters; none for tables of which too small a part could be looked at."""
        return [{"clusters": count} for count in counts] if rows <= 10 * _MOST_AGGLOMERATED else []

    def fit(self, X: Array, params: Params, control: FitControl) -> CentroidEstimator:
        """Fit to the rows or to a sample of them."""
        from sklearn.cluster import AgglomerativeClustering

        clusters = int(params["clusters"])
        sample = sampled(X, _MOST_AGGLOMERATED, control.seed).astype(np.float64)
        check_clusters(sample, clusters)
        labels = AgglomerativeClustering(clusters).fit(sample).labels_
        centers = np.stack([sample[labels == k].mean(axis=0) for k in range(clusters)])
        return _from_centers(self.name, X, centers, 1)


def sampled(X: Array, most: int, seed: int) -> Array:
    """Return at most so many rows, in their order."""
    if len(X) <= most:
        return X
    return X[np.sort(np.random.default_rng(seed).choice(len(X), most, replace=False))]


def check_clusters(X: Array, clusters: int) -> None:
    """Check that there can be so many clusters.

    Raises:
        Infeasible: There are fewer different rows.
    """
    # Counting all rows of a large table would cost more than the fit; the first thousands tell enough.
    different = len(np.unique(X[: max(1000, 20 * clusters)], axis=0))
    if different >= clusters:
        return
    different = len(np.unique(X, axis=0))
    if different < clusters:
        raise Infeasible(
            f"{clusters} clusters were asked for, but there are only {different} different rows.",
            hint=f"ask for at most {different} clusters, or give more rows.",
        )


def _from_centers(family: str, X: Array, centers: Array, rounds: int) -> CentroidEstimator:
    """Return the centres, the largest cluster first, with the variance inside the clusters."""
    from mlwright.evaluation.separation import squared_distances

    apart = squared_distances(X.astype(np.float64), centers)
    nearest = apart.argmin(axis=1)
    order = np.argsort(-np.bincount(nearest, minlength=len(centers)), kind="stable")
    inside = float(apart.min(axis=1).mean()) / X.shape[1]
    variance = np.array([max(inside, _LEAST_VARIANCE)])
    return CentroidEstimator(cluster_file(family, X, max(rounds, 1)), centers[order], variance)
