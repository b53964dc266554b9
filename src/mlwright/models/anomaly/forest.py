"""Isolation forest: strange rows are cut off from the others by few random cuts.

Source: Liu, Ting and Zhou 2008.
"""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from mlwright.base.traits import Traits
from mlwright.data.columns import Array
from mlwright.models.anomaly.protocol import DetectorEstimator
from mlwright.models.protocol import FitControl, Params

_TREES = 100
_SAMPLE = 256
_LEAF = -1


@dataclass(frozen=True, slots=True)
class ForestScorer:
    """Trees as arrays, node after node; the score is minus the mean path length.

    Attributes:
        starts: Of each tree, and the end, int64, shape (trees + 1,).
        feature, left, right: int64, shape (nodes,); left and right count from the tree's start, -1 at leaves.
        threshold: float64, shape (nodes,): a row goes left when x <= threshold.
        length: Path length to a leaf, with what its rows would still need, float64, shape (nodes,).
    """

    starts: Array
    feature: Array
    left: Array
    right: Array
    threshold: Array
    length: Array

    def score(self, X: Array) -> Array:
        total = np.zeros(len(X))
        everyone = np.arange(len(X))
        for start in self.starts[:-1]:
            node = np.full(len(X), start)
            moving = self.left[node] != _LEAF
            while moving.any():
                rows, at = everyone[moving], node[moving]
                goes_left = X[rows, self.feature[at]] <= self.threshold[at]
                node[rows] = start + np.where(goes_left, self.left[at], self.right[at])
                moving = self.left[node] != _LEAF
            total += self.length[node]
        return -total / (len(self.starts) - 1)

    def arrays(self) -> dict[str, Array]:
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


class _ForestEstimator(DetectorEstimator):
    scorer_type: ClassVar[Any] = ForestScorer


class IsolationForest:
    """scikit-learn's isolation forest of 100 trees on 256 rows each."""

    traits: ClassVar[Traits] = Traits(summary="isolation forest", extra="train", requires=("sklearn",))
    name: ClassVar[str] = "isolation_forest"
    estimator: ClassVar[Any] = _ForestEstimator
    complexity: ClassVar[int] = 2

    def fit(self, X: Array, params: Params, control: FitControl) -> ForestScorer:
        """Grow the trees and keep them as arrays."""
        from sklearn.ensemble import IsolationForest as Model

        make: Any = Model  # its annotations know no number for max_samples
        model: Any = make(
            n_estimators=int(params.get("trees", _TREES)),
            max_samples=min(_SAMPLE, len(X)),
            random_state=control.seed,
            n_jobs=1,
        ).fit(X)
        trees = [one.tree_ for one in model.estimators_]
        columns = model.estimators_features_
        sizes = [tree.node_count for tree in trees]
        return ForestScorer(
            starts=np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
            feature=np.concatenate(
                [np.asarray(names)[np.maximum(tree.feature, 0)] for tree, names in zip(trees, columns, strict=True)]
            ).astype(np.int64),
            left=np.concatenate([tree.children_left for tree in trees]).astype(np.int64),
            right=np.concatenate([tree.children_right for tree in trees]).astype(np.int64),
            threshold=np.concatenate([tree.threshold for tree in trees]).astype(np.float64),
            length=np.concatenate([_lengths(tree) for tree in trees]),
        )


def _lengths(tree: Any) -> Array:
    """Return each node's depth plus the mean path length of a tree of its rows."""
    depth = np.zeros(tree.node_count)
    for node in range(tree.node_count):  # parents come before their children
        for child in (tree.children_left[node], tree.children_right[node]):
            if child != _LEAF:
                depth[child] = depth[node] + 1
    return depth + _mean_path(tree.n_node_samples)


def _mean_path(rows: Array) -> Array:
    """Return the mean length of an unsuccessful search in a binary tree of so many rows (equation 1)."""
    count = rows.astype(np.float64)
    harmonic = np.log(np.maximum(count - 1, 1)) + np.euler_gamma
    found = 2 * harmonic - 2 * (count - 1) / np.maximum(count, 1)
    return np.where(count > 2, found, np.where(count == 2, 1.0, 0.0))
