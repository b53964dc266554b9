"""XGBoost's trees, read from its JSON model."""

import json
from typing import Any

import numpy as np

from mlwright.base.errors import ExportError
from mlwright.data.columns import Array
from mlwright.export.onnx.trees import LEAF, Tree, TreeTable

_LOGARITHMS = frozenset({"count:poisson", "reg:gamma", "reg:tweedie"})
_IDENTITIES = frozenset(
    {"multi:softprob", "multi:softmax", "binary:logitraw", "rank:ndcg"}
    | {"reg:squarederror", "reg:absoluteerror", "reg:quantileerror"}
)


def xgboost_table(booster: Any) -> TreeTable:
    """Return the trees of a `xgboost.Booster`; XGBoost goes left when x < threshold.

    Raises:
        ExportError: It is no plain tree booster or has categorical splits.
    """
    learner = json.loads(bytes(booster.save_raw("json")))["learner"]
    model = learner["gradient_booster"].get("model")
    if learner["gradient_booster"]["name"] != "gbtree" or model is None:
        raise _refused(f"is of kind '{learner['gradient_booster']['name']}'")
    outputs = model["tree_info"]
    trees = [_tree(tree, output) for tree, output in zip(model["trees"], outputs, strict=True)]
    return TreeTable.of(trees, _base(learner), strict=True)


def _base(learner: dict[str, Any]) -> Array:
    """Return the base as raw scores, (K,). The file holds it before the link: a share for logistic losses."""
    facts = learner["learner_model_param"]
    # Up to version 3.0 a number; since then a list, one entry a class.
    score = np.atleast_1d(np.array(json.loads(facts["base_score"]), dtype=np.float64))
    name = learner["objective"]["name"]
    if name in {"binary:logistic", "reg:logistic"}:
        score = np.log(score) - np.log1p(-score)
    elif name in _LOGARITHMS:
        score = np.log(score)
    elif name not in _IDENTITIES:
        raise _refused(f"has the objective '{name}', whose link is not known")
    return np.broadcast_to(score, max(1, int(facts["num_class"]))).copy()


def _tree(tree: dict[str, Any], output: int) -> Tree:
    if tree["categories_nodes"]:
        raise _refused("has categorical splits")
    left = np.array(tree["left_children"], dtype=np.int64)
    threshold = np.array(tree["split_conditions"], dtype=np.float32)
    return Tree(
        feature=np.array(tree["split_indices"], dtype=np.int64),
        threshold=threshold.astype(np.float64),
        left=left,
        right=np.array(tree["right_children"], dtype=np.int64),
        missing_left=np.array(tree["default_left"], dtype=bool),
        # A leaf keeps its value where an inner node keeps its threshold.
        value=np.where(left == LEAF, threshold, 0).astype(np.float64)[:, np.newaxis],
        output=output,
    )


def _refused(what: str) -> ExportError:
    return ExportError(
        f"This XGBoost model {what}; plain trees with numeric splits were expected.",
        hint="fit it through mlwright's 'xgboost' family, or deliver the native model alone.",
    )
