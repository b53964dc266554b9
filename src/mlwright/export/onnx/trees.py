"""Tree ensembles as one exact ONNX node.

Every library's model is first read into a `TreeTable`, then written as one TreeEnsembleRegressor for the raw scores.

The trap of thresholds: inputs are float32, but most libraries keep thresholds as float64. Rounding a threshold to the
nearest float32 can move it onto, or past, a value of the data, and rows exactly there change sides. But nothing lies
between two neighbouring float32 numbers, so `x <= t` is *exactly* `x <= round_down(t)`; likewise `x < t` is
`x <= largest float32 below t`. Hence one comparison serves all libraries (the runtime is fastest when all nodes have
the same one), and a threshold is the same number in float32 and in float64.

The trap of sums: hundreds of leaves added in float32 miss the sixth digit. The node adds in the type of its input, so
the matrix is cast to double; measured on 500 trees that costs 5 % of the time and gains a digit.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from mlwright.base.errors import ExportError
from mlwright.data.columns import Array
from mlwright.export.onnx.graph import GraphBuilder

LEAF = -1


@dataclass(frozen=True, slots=True)
class Tree:
    """One tree of n nodes; node 0 is the root.

    Attributes:
        feature: Column that a node looks at, int64 (n,); anything at leaves.
        threshold: float64 (n,); anything at leaves.
        left, right: Next node, int64 (n,); -1 at leaves.
        missing_left: Whether NaN goes left, bool (n,).
        value: What a leaf adds to the raw scores, float64 (n, W): W = 1 with `output`, else one column per output.
        output: Which raw score a tree of W = 1 adds to.
    """

    feature: Array
    threshold: Array
    left: Array
    right: Array
    missing_left: Array
    value: Array
    output: int = 0


@dataclass(frozen=True, slots=True)
class TreeTable:
    """All trees of an ensemble, node after node (n in all).

    Raw scores of a row: base + sum over the trees of the value of the leaf that the row reaches.

    Attributes:
        tree, node: Number of the tree, and of the node within it, int64 (n,).
        feature, left, right, missing_left, value: As in `Tree`.
        threshold: float32 (n,): a row goes left when x <= threshold, exactly.
        output: int64 (n,); the first raw score that `value` adds to.
        base: float64 (K,).
    """

    tree: Array
    node: Array
    feature: Array
    threshold: Array
    left: Array
    right: Array
    missing_left: Array
    value: Array
    output: Array
    base: Array

    @classmethod
    def of(cls, trees: Sequence[Tree], base: Array, *, strict: bool = False) -> Self:
        """Return the table of `trees`.

        Trees that are one leaf go into the base, and so does the middle of every other tree's leaves: small leaves
        keep the sum, which is made in float32, precise. Of leaves with several values it is the lowest: those of a
        forest are mostly 0 then, and what is 0 is not written.

        Args:
            trees: At least one.
            base: float64 (K,).
            strict: A row goes left when x < threshold, not x <= threshold.
        """
        base = np.array(base, dtype=np.float64)
        kept: list[Tree] = []
        middles: list[Array] = []
        for tree in trees:
            leaves = tree.value[tree.left == LEAF]
            low, high = leaves.min(axis=0), leaves.max(axis=0)
            middle = (low + high) / 2 if len(low) == 1 else low
            base[_outputs(tree)] += middle
            # The node needs a tree at least, be it one of nothing.
            if len(tree.left) > 1 or (tree is trees[-1] and not kept):
                kept.append(tree)
                middles.append(middle)
        sizes = np.array([len(tree.left) for tree in kept])
        values = [
            np.where((tree.left == LEAF)[:, np.newaxis], tree.value - middle, 0.0)
            for tree, middle in zip(kept, middles, strict=True)
        ]
        return cls(
            tree=np.repeat(np.arange(len(kept)), sizes),
            node=np.concatenate([np.arange(size) for size in sizes]),
            feature=np.concatenate([tree.feature for tree in kept]).astype(np.int64),
            threshold=float32_bounds(np.concatenate([tree.threshold for tree in kept]), strict=strict),
            left=np.concatenate([tree.left for tree in kept]).astype(np.int64),
            right=np.concatenate([tree.right for tree in kept]).astype(np.int64),
            missing_left=np.concatenate([tree.missing_left for tree in kept]).astype(bool),
            value=np.concatenate(values),
            output=np.repeat([tree.output for tree in kept], sizes),
            base=base,
        )


def float32_bounds(threshold: Array, *, strict: bool) -> Array:
    """Return float32 bounds b so that for every float32 x, `x <= b` is `x <= threshold` (strict: `x < threshold`).

    Example:
        >>> import numpy as np
        >>> nearest = np.float32(0.1)  # a little more than 0.1
        >>> bool(float32_bounds(np.array([0.1]), strict=False)[0] == np.nextafter(nearest, np.float32(0)))
        True
    """
    with np.errstate(over="ignore"):  # beyond float32 is infinity, from which one step down comes back
        nearest = threshold.astype(np.float32)
        below = np.nextafter(nearest, np.float32(-np.inf))
    wide = nearest.astype(np.float64)
    past = (wide >= threshold) if strict else (wide > threshold)
    return np.where(past, below, nearest)


def emit_trees(table: TreeTable, graph: GraphBuilder, matrix: str) -> str:
    """Emit the ensemble; return its raw scores without the base, float32 [N, K].

    Args:
        table: The trees.
        graph: Where to.
        matrix: float32 [N, d].
    """
    from onnx import TensorProto, numpy_helper

    leaf = table.left == LEAF
    targets = _leaf_targets(table, leaf)
    weights = targets.pop("target_weights")
    thresholds = np.where(leaf, 0.0, table.threshold.astype(np.float64))
    return graph.add(
        "TreeEnsembleRegressor",
        [graph.add("Cast", [matrix], to=TensorProto.DOUBLE)],
        domain="ai.onnx.ml",
        n_targets=len(table.base),
        aggregate_function="SUM",
        post_transform="NONE",
        nodes_values_as_tensor=numpy_helper.from_array(thresholds, "thresholds"),
        target_weights_as_tensor=numpy_helper.from_array(weights, "weights"),
        **_nodes(table, leaf),
        **{name: values.tolist() for name, values in targets.items()},
    )


def _nodes(table: TreeTable, leaf: Array) -> dict[str, list[object]]:
    return {
        "nodes_treeids": table.tree.tolist(),
        "nodes_nodeids": table.node.tolist(),
        "nodes_featureids": np.where(leaf, 0, table.feature).tolist(),
        "nodes_modes": np.where(leaf, "LEAF", "BRANCH_LEQ").tolist(),
        "nodes_truenodeids": np.where(leaf, 0, table.left).tolist(),
        "nodes_falsenodeids": np.where(leaf, 0, table.right).tolist(),
        "nodes_missing_value_tracks_true": (table.missing_left & ~leaf).astype(np.int64).tolist(),
    }


def _leaf_targets(table: TreeTable, leaf: Array) -> dict[str, Array]:
    width = table.value.shape[1]
    if width not in {1, len(table.base)}:
        raise ExportError(
            f"Leaves have {width} values; 1 or {len(table.base)}, one for each raw score, was expected.",
            hint="this is a fault of mlwright: please report it with the library and its version.",
        )
    values = table.value[leaf]
    written = values != 0.0
    written[~written.any(axis=1), 0] = True  # every leaf has one value at least
    row, column = np.nonzero(written)
    return {
        "target_treeids": table.tree[leaf][row],
        "target_nodeids": table.node[leaf][row],
        "target_ids": table.output[leaf][row] + column,
        "target_weights": values[row, column],
    }


def _outputs(tree: Tree) -> slice:
    return slice(tree.output, tree.output + tree.value.shape[1])
