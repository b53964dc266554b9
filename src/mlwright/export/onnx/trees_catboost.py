"""CatBoost's symmetric trees, read from its JSON model."""

import json
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from mlwright.base.errors import ExportError
from mlwright.data.columns import Array
from mlwright.export.onnx.trees import LEAF, Tree, TreeTable


def catboost_table(model: Any) -> TreeTable:
    """Return the trees of a `catboost.CatBoost`; a row goes right when x > border.

    Raises:
        ExportError: It has other features than numbers, or trees that are not symmetric.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.json"
        model.save_model(str(path), format="json")
        content = json.loads(path.read_text(encoding="utf-8"))
    features = content["features_info"]
    if "oblivious_trees" not in content or features.get("categorical_features") or features.get("text_features"):
        raise _refused()
    columns = {item["feature_index"]: item["flat_feature_index"] for item in features["float_features"]}
    # "AsTrue": NaN > border holds, so NaN goes right; "AsIs" means none was seen, and NaN > border is false.
    right = {
        item["flat_feature_index"] for item in features["float_features"] if item["nan_value_treatment"] == "AsTrue"
    }
    scale, base = content["scale_and_bias"]
    trees = [_tree(tree, columns, right, scale) for tree in content["oblivious_trees"]]
    width = trees[0].value.shape[1]
    return TreeTable.of(trees, np.broadcast_to(np.array(base, dtype=np.float64), width))


def _tree(tree: dict[str, Any], columns: dict[int, int], nan_right: set[int], scale: float) -> Tree:
    # Bit i of a leaf's number is the answer to split i. The last split is put at the root, so that the leaves of
    # the complete binary tree, left to right, are numbered as CatBoost numbers them.
    splits = list(reversed(tree["splits"] or []))
    if any(split["split_type"] != "FloatFeature" for split in splits):
        raise _refused()
    level, left, right = _shape(len(splits))
    feature = np.array([columns[split["float_feature_index"]] for split in splits] + [0])
    border = np.array([split["border"] for split in splits] + [0.0])
    to_left = np.array([index not in nan_right for index in feature])
    leaves = np.array(tree["leaf_values"], dtype=np.float64).reshape(2 ** len(splits), -1)
    value = np.concatenate([np.zeros((len(leaves) - 1, leaves.shape[1])), scale * leaves])
    return Tree(feature[level], border[level], left, right, to_left[level], value)


@cache
def _shape(depth: int) -> tuple[Array, Array, Array]:
    """Return level, left and right of each node of a complete tree; the children of node k are 2k + 1 and 2k + 2."""
    inner = 2**depth - 1
    nodes = np.arange(2 * inner + 1)
    level = np.floor(np.log2(nodes + 1)).astype(np.int64)
    left = np.where(nodes < inner, 2 * nodes + 1, LEAF)
    right = np.where(nodes < inner, 2 * nodes + 2, LEAF)
    return level, left, right


def _refused() -> ExportError:
    return ExportError(
        "This CatBoost model has category or text features, or trees that are not symmetric; numeric splits of "
        "symmetric trees were expected.",
        hint="fit it through mlwright's 'catboost' family, or deliver the native model alone.",
    )
