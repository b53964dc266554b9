"""Gaussian mixtures: clusters that may be long, flat or of different sizes.

Source: McLachlan and Peel, Finite mixture models, 2000.
"""

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np

from mlwright.base.errors import Infeasible
from mlwright.base.traits import Traits
from mlwright.data.columns import Array
from mlwright.models.arrays import load_arrays, save_arrays
from mlwright.models.cluster.centroids import check_clusters, sampled
from mlwright.models.cluster.projection import principal_directions
from mlwright.models.cluster.protocol import cluster_file, softmax
from mlwright.models.protocol import FitControl, Params
from mlwright.models.tabular.estimator_file import EstimatorFile

_MOST_DIRECTIONS = 15  # a covariance has p² / 2 numbers to estimate
_MOST_ROWS = 20_000
_REGULAR = 1e-3  # of a standardised column's variance: no cluster collapses onto copies of a row


@dataclass(frozen=True, slots=True)
class MixtureEstimator:
    """Responsibilities of C Gaussians in the space of p principal directions.

    Attributes:
        center, directions: Into that space, shapes (d,) and (d, p).
        factors: Upper factors of the precisions, shape (C, p, p): (z - mean) @ factor is standard normal.
        shifts: means @ factors, shape (C, p).
        offsets: log weight + log determinant of the factor, shape (C,).
    """

    file: EstimatorFile
    center: Array
    directions: Array
    factors: Array
    shifts: Array
    offsets: Array

    @property
    def rounds(self) -> int:
        return self.file.rounds

    @property
    def clusters(self) -> int:
        return len(self.offsets)

    @property
    def noise(self) -> int | None:
        return None

    def predict(self, X: Array) -> Array:
        """Return responsibilities, float64, shape (n, C)."""
        self.file.check_width(X)
        z = (X.astype(np.float64) - self.center) @ self.directions
        parts = [
            np.sum((z @ factor - shift) ** 2, axis=1) for factor, shift in zip(self.factors, self.shifts, strict=True)
        ]
        return softmax(np.stack(parts, axis=1) * -0.5 + self.offsets)

    def save(self, directory: Path) -> None:
        self.file.write(directory)
        names = ("center", "directions", "factors", "shifts", "offsets")
        save_arrays(directory, {name: getattr(self, name) for name in names})

    @classmethod
    def load(cls, directory: Path) -> Self:
        arrays = load_arrays(directory, "center", "directions", "factors", "shifts", "offsets")
        return cls(EstimatorFile.read(directory), *arrays)


class Mixture:
    """Gaussian mixtures with full, tied or diagonal covariances."""

    traits: ClassVar[Traits] = Traits(summary="Gaussian mixture", extra="train", requires=("sklearn",))
    name: ClassVar[str] = "mixture"
    estimator: ClassVar[type[MixtureEstimator]] = MixtureEstimator
    complexity: ClassVar[int] = 3

    def candidates(self, counts: tuple[int, ...], rows: int) -> list[dict[str, Any]]:
        """Return the covariance kinds that so many rows can carry."""
        return [
            {"clusters": count, "covariance": kind}
            for count in counts
            for kind in ("tied", "diag", "full")
            if rows >= 20 * count
        ]

    def fit(self, X: Array, params: Params, control: FitControl) -> MixtureEstimator:
        """Fit by expectation and maximisation from k-means centres."""
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.mixture import GaussianMixture

        clusters, kind = int(params["clusters"]), str(params["covariance"])
        check_clusters(X, clusters)
        center, directions = principal_directions(X, _MOST_DIRECTIONS)
        z = (sampled(X, _MOST_ROWS, control.seed).astype(np.float64) - center) @ directions
        model: Any = GaussianMixture(
            clusters, covariance_type=kind, reg_covar=_REGULAR, n_init=2, random_state=control.seed, max_iter=200
        )
        with warnings.catch_warnings():
            # A mixture that has not quite settled is judged like any other: by its stability.
            warnings.simplefilter("ignore", ConvergenceWarning)
            try:
                model.fit(z)
            except ValueError as error:
                raise Infeasible(
                    f"A mixture of {clusters} {kind} Gaussians cannot be fitted to {len(z)} rows: {error}.",
                    hint="ask for fewer clusters.",
                ) from error
        order = np.argsort(-model.weights_, kind="stable")
        factors = _factors(model, kind, clusters, z.shape[1])[order]
        logs = np.log(np.abs(np.diagonal(factors, axis1=1, axis2=2))).sum(axis=1)
        shifts = np.einsum("cp,cpq->cq", model.means_[order], factors)
        file = cluster_file(self.name, X, int(model.n_iter_))
        offsets = np.log(np.maximum(model.weights_[order], 1e-300)) + logs
        return MixtureEstimator(file, center, directions, factors, shifts, offsets)


def _factors(model: Any, kind: str, clusters: int, width: int) -> Array:
    """Return scikit-learn's factors of the precisions, one full matrix a cluster."""
    found = model.precisions_cholesky_
    if kind == "tied":
        return np.repeat(found[np.newaxis], clusters, axis=0)
    return np.stack([np.diag(row) for row in found]) if kind == "diag" else np.asarray(found).reshape(-1, width, width)
