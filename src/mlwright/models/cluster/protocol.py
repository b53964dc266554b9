"""What a way of clustering is: prepared rows in, an estimator of soft memberships out."""

from typing import Any, ClassVar, Protocol

import numpy as np

from mlwright.base.traits import Traits
from mlwright.data.columns import Array
from mlwright.models.protocol import Estimator, FitControl, Params
from mlwright.models.signature import Task
from mlwright.models.tabular.estimator_file import EstimatorFile


class ClusterEstimator(Estimator, Protocol):
    """A fitted clustering; `predict` gives memberships, float64, shape (n, C), rows sum to 1."""

    @property
    def clusters(self) -> int:
        """How many clusters there are, noise not counted."""
        ...

    @property
    def noise(self) -> int | None:
        """The column of rows that belong to no cluster, None where every row belongs to one."""
        ...


class Clusterer(Protocol):
    """One way of clustering. Stateless; constructed with no arguments."""

    traits: ClassVar[Traits]
    name: ClassVar[str]
    estimator: ClassVar[Any]  # a class of ClusterEstimator
    complexity: ClassVar[int]  # order of simplicity: within the noise the lower one is kept

    def candidates(self, counts: tuple[int, ...], rows: int) -> list[dict[str, Any]]:
        """Return parameter sets worth trying for these numbers of clusters."""
        ...

    def fit(self, X: Array, params: Params, control: FitControl) -> ClusterEstimator:
        """Fit to prepared rows, float32, shape (n, d), without missing cells.

        Raises:
            Infeasible: There are fewer different rows than clusters.
        """
        ...


def cluster_file(family: str, X: Array, rounds: int = 1) -> EstimatorFile:
    """Return the facts of an estimator that was fitted to `X`."""
    return EstimatorFile(family=family, task=Task.CLUSTERING, rounds=rounds, features=int(X.shape[1]))


def softmax(logits: Array) -> Array:
    """Return exp(logits) with rows that sum to 1, shape (n, C).

    Example:
        >>> softmax(np.array([[0.0, 0.0]])).tolist()
        [[0.5, 0.5]]
    """
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)
