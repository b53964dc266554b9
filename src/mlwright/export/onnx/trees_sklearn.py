"""scikit-learn's trees: forests, and histogram boosting."""

from typing import Any

import numpy as np

from mlwright.base.errors import ExportError
from mlwright.export.onnx.trees import LEAF, Tree, TreeTable


def forest_table(model: Any, *, classes: int) -> TreeTable:
    """Return the trees of a forest, each divided by their number, so that their sum is the mean.

    A classifier has one vote more, spread evenly over the classes: see `ForestEstimator`.

    Args:
        model: A fitted RandomForest or ExtraTrees, classifier or regressor.
        classes: K for a classifier (for two, the second one's probability alone is kept), 0 for a regressor.
    """
    votes = len(model.estimators_) + (1 if classes else 0)
    trees = [_forest_tree(tree.tree_, classes, votes) for tree in model.estimators_]
    return TreeTable.of(trees, np.full(trees[0].value.shape[1], 1 / (votes * classes) if classes else 0.0))


def hist_boosting_table(model: Any) -> TreeTable:
    """Return the trees of a HistGradientBoosting model.

    Raises:
        ExportError: It has categorical splits.
    """
    # There is no public way to the trees.
    rounds: Any = model._predictors  # noqa: SLF001
    trees = [_hist_tree(tree.nodes, output) for trees in rounds for output, tree in enumerate(trees)]
    base = np.asarray(model._baseline_prediction, dtype=np.float64).reshape(-1)  # noqa: SLF001
    return TreeTable.of(trees, base)


def _forest_tree(tree: Any, classes: int, votes: int) -> Tree:
    value = tree.value[:, 0, :]  # shares of the classes, or the mean value
    if classes:
        value = value / value.sum(axis=1, keepdims=True)
        value = value[:, 1:] if classes == 2 else value
    return Tree(
        feature=tree.feature,
        threshold=tree.threshold,
        left=tree.children_left,
        right=tree.children_right,
        missing_left=tree.missing_go_to_left,
        value=value / votes,
    )


def _hist_tree(nodes: Any, output: int) -> Tree:
    if nodes["is_categorical"].any():
        raise ExportError(
            "This HistGradientBoosting model has categorical splits; numeric splits were expected.",
            hint="fit it through mlwright's 'hist_boosting' family, or deliver the native model alone.",
        )
    leaf = nodes["is_leaf"].astype(bool)
    return Tree(
        feature=nodes["feature_idx"],
        threshold=nodes["num_threshold"],
        left=np.where(leaf, LEAF, nodes["left"].astype(np.int64)),
        right=np.where(leaf, LEAF, nodes["right"].astype(np.int64)),
        missing_left=nodes["missing_go_to_left"].astype(bool),
        value=nodes["value"][:, np.newaxis],
        output=output,
    )
