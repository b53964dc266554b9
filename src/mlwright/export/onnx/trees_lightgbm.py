"""LightGBM's trees, read from its model text."""

from typing import Any

import numpy as np

from mlwright.base.errors import ExportError
from mlwright.data.columns import Array
from mlwright.export.onnx.trees import LEAF, Tree, TreeTable

# Bits of decision_type (LightGBM, include/LightGBM/tree.h).
_CATEGORICAL, _DEFAULT_LEFT = 1, 2
_MISSING_NONE, _MISSING_ZERO, _MISSING_NAN = 0, 1, 2  # bits 2 and 3


def lightgbm_table(booster: Any) -> TreeTable:
    """Return the trees of a `lightgbm.Booster`.

    Raises:
        ExportError: It has categorical or linear trees, averages them, or takes zero for missing.
    """
    header, *blocks = booster.model_to_string(num_iteration=-1).split("\nTree=")
    if "\naverage_output" in header:
        raise _refused("averages its trees (boosting 'rf')")
    outputs = int(_fields(header)["num_tree_per_iteration"])
    trees = [_tree(_fields(block), index % outputs) for index, block in enumerate(blocks)]
    return TreeTable.of(trees, np.zeros(outputs))


def _fields(block: str) -> dict[str, str]:
    # Blocks end at an empty line; what follows the last one are the parameters.
    lines = block.split("\n\n", 1)[0].splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line)


def _tree(fields: dict[str, str], output: int) -> Tree:
    leaves = int(fields["num_leaves"])
    inner = leaves - 1
    if int(fields.get("num_cat", 0)) or int(fields.get("is_linear", 0)):
        raise _refused("has categorical splits or linear leaves")
    kinds = _numbers(fields, "decision_type", inner).astype(np.int64)
    threshold = _numbers(fields, "threshold", inner)
    missing = (kinds >> 2) & 3
    if np.any(missing == _MISSING_ZERO):
        raise _refused("takes zero for missing")
    # With missing type "none" LightGBM compares NaN as 0.
    missing_left = np.where(missing == _MISSING_NAN, (kinds & _DEFAULT_LEFT) > 0, threshold >= 0.0)
    value = np.zeros(inner + leaves)
    value[inner:] = _numbers(fields, "leaf_value", leaves)
    return Tree(
        feature=_padded(_numbers(fields, "split_feature", inner), leaves, 0),
        threshold=_padded(threshold, leaves, 0),
        left=_padded(_child(_numbers(fields, "left_child", inner), inner), leaves, LEAF),
        right=_padded(_child(_numbers(fields, "right_child", inner), inner), leaves, LEAF),
        missing_left=_padded(missing_left, leaves, 0),
        value=value[:, np.newaxis],
        output=output,
    )


def _numbers(fields: dict[str, str], name: str, count: int) -> Array:
    return np.array(fields[name].split(), dtype=np.float64) if count else np.zeros(0)


def _child(child: Array, inner: int) -> Array:
    # Leaf number k is written as -k - 1; here the leaves follow the inner nodes.
    codes = child.astype(np.int64)
    return np.where(codes >= 0, codes, inner + ~codes)


def _padded(values: Array, leaves: int, filler: float) -> Array:
    return np.concatenate([values, np.full(leaves, filler)])


def _refused(what: str) -> ExportError:
    return ExportError(
        f"This LightGBM model {what}; numeric splits and constant leaves were expected.",
        hint="fit it through mlwright's 'lightgbm' family, or deliver the native model alone.",
    )
