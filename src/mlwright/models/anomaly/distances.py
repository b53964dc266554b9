"""Detectors by distance: the largest deviation, robust Mahalanobis, nearest neighbours, principal components.

Sources: Rousseeuw and Van Driessen 1999 (minimum covariance determinant); Ramaswamy et al. 2000 (nearest neighbours);
Shyu et al. 2003 (principal components).
"""

import warnings
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from mlwright.base.errors import Infeasible
from mlwright.base.traits import Traits
from mlwright.data.columns import Array
from mlwright.evaluation.separation import squared_distances
from mlwright.models.anomaly.protocol import DetectorEstimator, in_chunks
from mlwright.models.cluster.centroids import sampled
from mlwright.models.cluster.projection import principal_directions
from mlwright.models.protocol import FitControl, Params

NEIGHBOURS = 5
_MOST_KEPT = 1_500  # rows to which new ones are compared
_MOST_DIRECTIONS = 30
_ROBUST_ROWS = 3_000
_LEAST_VARIANCE = 1e-3


@dataclass(frozen=True, slots=True)
class DeviationScorer:
    """The largest standardised deviation of any column from its middle."""

    center: Array
    scale: Array

    def score(self, X: Array) -> Array:
        return np.max(np.abs((X.astype(np.float64) - self.center) / self.scale), axis=1)

    def arrays(self) -> dict[str, Array]:
        return {"center": self.center, "scale": self.scale}


@dataclass(frozen=True, slots=True)
class DistanceScorer:
    """The length of (X - center) @ whitening: a Mahalanobis distance, or what principal components leave over."""

    center: Array
    whitening: Array

    def score(self, X: Array) -> Array:
        return np.sqrt(np.sum(((X.astype(np.float64) - self.center) @ self.whitening) ** 2, axis=1))

    def arrays(self) -> dict[str, Array]:
        return {"center": self.center, "whitening": self.whitening}


@dataclass(frozen=True, slots=True)
class NeighbourScorer:
    """The mean distance to the nearest kept rows."""

    rows: Array
    neighbours: Array  # int64, shape (1,)

    def score(self, X: Array) -> Array:
        return in_chunks(self._chunk, X)

    def _chunk(self, X: Array) -> Array:
        apart = squared_distances(X, self.rows)
        count = int(self.neighbours[0])
        return np.sqrt(np.partition(apart, count - 1, axis=1)[:, :count]).mean(axis=1)

    def arrays(self) -> dict[str, Array]:
        return {"rows": self.rows, "neighbours": self.neighbours}


class _DeviationEstimator(DetectorEstimator):
    scorer_type: ClassVar[Any] = DeviationScorer


class _DistanceEstimator(DetectorEstimator):
    scorer_type: ClassVar[Any] = DistanceScorer


class _NeighbourEstimator(DetectorEstimator):
    scorer_type: ClassVar[Any] = NeighbourScorer


class Deviation:
    """The baseline: how far out the most unusual single column is."""

    traits: ClassVar[Traits] = Traits(summary="largest deviation of a single column (baseline)")
    name: ClassVar[str] = "deviation"
    estimator: ClassVar[Any] = _DeviationEstimator
    complexity: ClassVar[int] = 0

    def fit(self, X: Array, params: Params, control: FitControl) -> DeviationScorer:
        """Take median and interquartile range of each column; indicators keep their own unit."""
        del params, control
        wide = X.astype(np.float64)
        low, center, high = np.quantile(wide, [0.25, 0.5, 0.75], axis=0)
        spread = np.maximum((high - low) / 1.349, 0.5 * wide.std(axis=0))
        return DeviationScorer(center, np.where(spread > 1e-6, spread, 1.0))


class Mahalanobis:
    """Distance from the middle in units of a covariance that outliers cannot bend."""

    traits: ClassVar[Traits] = Traits(summary="robust Mahalanobis distance", extra="train", requires=("sklearn",))
    name: ClassVar[str] = "mahalanobis"
    estimator: ClassVar[Any] = _DistanceEstimator
    complexity: ClassVar[int] = 1

    def fit(self, X: Array, params: Params, control: FitControl) -> DistanceScorer:
        """Fit the minimum covariance determinant in at most 30 directions; a shrunk covariance where rows are few."""
        del params
        center, directions = principal_directions(X, _MOST_DIRECTIONS, share=0.999)
        z = (sampled(X, _ROBUST_ROWS, control.seed).astype(np.float64) - center) @ directions
        middle, covariance = _robust_covariance(z, control.seed)
        values, axes = np.linalg.eigh(covariance)
        floor = _LEAST_VARIANCE * max(float(values.max()), 1e-12)
        factor = axes / np.sqrt(np.maximum(values, floor))
        return DistanceScorer(center + directions @ middle, directions @ factor)


class Neighbours:
    """Mean distance to the nearest of at most 1,500 usual rows."""

    traits: ClassVar[Traits] = Traits(summary="distance to the nearest rows")
    name: ClassVar[str] = "neighbours"
    estimator: ClassVar[Any] = _NeighbourEstimator
    complexity: ClassVar[int] = 2

    def fit(self, X: Array, params: Params, control: FitControl) -> NeighbourScorer:
        """Keep rows to compare with."""
        kept = sampled(X, _MOST_KEPT, control.seed).astype(np.float64)
        count = min(int(params.get("neighbours", NEIGHBOURS)), len(kept))
        return NeighbourScorer(kept, np.array([count], dtype=np.int64))


class Components:
    """What the directions of most spread leave unexplained: rows that break the usual dependence of columns."""

    traits: ClassVar[Traits] = Traits(summary="reconstruction error of principal components")
    name: ClassVar[str] = "components"
    estimator: ClassVar[Any] = _DistanceEstimator
    complexity: ClassVar[int] = 1

    def fit(self, X: Array, params: Params, control: FitControl) -> DistanceScorer:
        """Leave out the directions that hold `share` of the spread.

        Raises:
            Infeasible: They are all directions.
        """
        del control
        center, kept = principal_directions(X, X.shape[1], share=float(params.get("share", 0.8)))
        if X.shape[1] > 500 or kept.shape[1] >= min(X.shape[1], len(X) - 1):
            raise Infeasible(
                f"{kept.shape[1]} of {X.shape[1]} directions hold the spread, which leaves none to judge by.",
                hint="use another detector.",
            )
        return DistanceScorer(center, np.eye(X.shape[1]) - kept @ kept.T)


def _robust_covariance(z: Array, seed: int) -> tuple[Array, Array]:
    from sklearn.covariance import LedoitWolf, MinCovDet

    if len(z) >= 10 * z.shape[1]:
        with warnings.catch_warnings():
            # Columns that hardly vary make the determinant fall; their variance is bounded below afterwards.
            warnings.simplefilter("ignore")
            try:
                robust: Any = MinCovDet(random_state=seed, support_fraction=0.75 if len(z) > 100 else None).fit(z)
            except ValueError:
                robust = None
        if robust is not None and np.isfinite(robust.covariance_).all() and robust.covariance_.max() > 0:
            return np.asarray(robust.location_), np.asarray(robust.covariance_)
    shrunk: Any = LedoitWolf().fit(z)
    return np.asarray(shrunk.location_), np.asarray(shrunk.covariance_)
