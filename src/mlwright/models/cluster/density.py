"""HDBSCAN: clusters of any shape where rows lie dense, and noise between them.

New rows belong to the cluster of the nearest core row, and to none when even that one is far.

Source: Campello, Moulavi and Sander 2013.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np

from mlwright.base.errors import Infeasible
from mlwright.base.traits import Traits
from mlwright.data.columns import Array
from mlwright.evaluation.separation import squared_distances
from mlwright.models.arrays import load_arrays, save_arrays
from mlwright.models.cluster.centroids import sampled
from mlwright.models.cluster.projection import principal_directions
from mlwright.models.cluster.protocol import cluster_file, softmax
from mlwright.models.protocol import FitControl, Params
from mlwright.models.tabular.estimator_file import EstimatorFile

SHARPNESS = 4.0
_MOST_DIRECTIONS = 15  # in more, all distances are alike
_MOST_ROWS = 5_000
_MOST_CORES = 1_500
_CHUNK_ROWS = 4_000
_REACH = 0.99  # of a cluster's own rows lie within its radius


@dataclass(frozen=True, slots=True)
class DensityEstimator:
    """Memberships from the distance to the nearest core row of each cluster, in units of the cluster's radius.

    Attributes:
        center, directions: Into the space of principal directions, shapes (d,) and (d, p).
        cores: Core rows, cluster after cluster, shape (m, p).
        starts: Where each cluster's core rows begin, and their end, int64, shape (C + 1,).
        radii: How far a row may lie from a core row, shape (C,).
    """

    file: EstimatorFile
    center: Array
    directions: Array
    cores: Array
    starts: Array
    radii: Array

    @property
    def rounds(self) -> int:
        return self.file.rounds

    @property
    def clusters(self) -> int:
        return len(self.radii)

    @property
    def noise(self) -> int | None:
        return len(self.radii)

    def predict(self, X: Array) -> Array:
        """Return memberships, float64, shape (n, C + 1); the last column is noise."""
        self.file.check_width(X)
        parts = [self._chunk(X[at : at + _CHUNK_ROWS]) for at in range(0, len(X), _CHUNK_ROWS)]
        return np.concatenate(parts) if parts else np.empty((0, len(self.radii) + 1))

    def _chunk(self, X: Array) -> Array:
        z = (X.astype(np.float64) - self.center) @ self.directions
        apart = squared_distances(z, self.cores)
        nearest = np.minimum.reduceat(apart, self.starts[:-1], axis=1) / self.radii**2
        return softmax(-SHARPNESS * np.column_stack([np.minimum(nearest, 1e6), np.ones(len(X))]))

    def save(self, directory: Path) -> None:
        self.file.write(directory)
        names = ("center", "directions", "cores", "starts", "radii")
        save_arrays(directory, {name: getattr(self, name) for name in names})

    @classmethod
    def load(cls, directory: Path) -> Self:
        arrays = load_arrays(directory, "center", "directions", "cores", "starts", "radii")
        return cls(EstimatorFile.read(directory), *arrays)


class Density:
    """scikit-learn's HDBSCAN in the space of principal directions."""

    traits: ClassVar[Traits] = Traits(summary="HDBSCAN", extra="train", requires=("sklearn",))
    name: ClassVar[str] = "hdbscan"
    estimator: ClassVar[type[DensityEstimator]] = DensityEstimator
    complexity: ClassVar[int] = 4

    def candidates(self, counts: tuple[int, ...], rows: int) -> list[dict[str, Any]]:
        """Return the least shares of the rows that make a cluster."""
        del counts
        return [{"least_share": share} for share in (0.02, 0.05, 0.1) if round(share * rows) >= 5]

    def fit(self, X: Array, params: Params, control: FitControl) -> DensityEstimator:
        """Fit to the rows or to a sample of them."""
        from sklearn import cluster

        library: Any = cluster  # its annotations know no bool for copy

        center, directions = principal_directions(X, _MOST_DIRECTIONS)
        z = (sampled(X, _MOST_ROWS, control.seed).astype(np.float64) - center) @ directions
        least = max(5, round(float(params["least_share"]) * len(z)))
        if len(z) < 2 * least:
            raise Infeasible(f"{len(z)} rows hold no two clusters of {least}.", hint="give more rows.")
        model: Any = library.HDBSCAN(min_cluster_size=least, min_samples=max(5, least // 4), copy=True).fit(z)
        labels = np.asarray(model.labels_)
        groups = np.unique(labels[labels >= 0])
        if not len(groups):
            raise Infeasible("HDBSCAN finds no dense region.", hint="the rows have no such structure.")
        ordered = sorted(groups.tolist(), key=lambda group: -int(np.sum(labels == group)))
        cores = [_cores(z[labels == group], len(groups), control.seed) for group in ordered]
        radii = np.array([_radius(z[labels == group], core) for group, core in zip(ordered, cores, strict=True)])
        starts = np.concatenate([[0], np.cumsum([len(core) for core in cores])]).astype(np.int64)
        file = cluster_file(self.name, X)
        return DensityEstimator(file, center, directions, np.concatenate(cores), starts, radii)


def _cores(rows: Array, groups: int, seed: int) -> Array:
    return sampled(rows, max(50, _MOST_CORES // groups), seed)


def _radius(rows: Array, cores: Array) -> float:
    """Return a distance to the second nearest core row (the nearest may be the row itself) that few rows exceed."""
    apart = np.sqrt(
        np.partition(squared_distances(rows, cores), min(1, len(cores) - 1), axis=1)[:, min(1, len(cores) - 1)]
    )
    return max(2.0 * float(np.quantile(apart, _REACH)), 1e-3)
