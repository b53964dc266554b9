"""Detectors as ONNX nodes: raw scores, then what they mean among usual rows."""

from typing import Any

import numpy as np

from mlwright.export.onnx.cluster import emit_projection, emit_squared_distances
from mlwright.export.onnx.graph import GraphBuilder
from mlwright.export.onnx.piecewise import emit_piecewise
from mlwright.export.onnx.trees import Tree, TreeTable, emit_trees
from mlwright.models.tail import MOST, Tail


def emit_tail(tail: Tail, graph: GraphBuilder, score: str) -> str:
    """Emit a `Tail`: double [N, 1] to double [N, 1]."""
    inside = emit_piecewise(np.array(tail.x), np.array(tail.y), graph, score)
    beyond = graph.add("Sub", [score, graph.constant(np.float64(tail.x[-1]))])
    positive = graph.add("Max", [beyond, graph.constant(np.float64(0.0))])
    line = graph.add("Mul", [positive, graph.constant(np.float64(tail.slope))])
    return graph.add("Min", [graph.add("Add", [inside, line]), graph.constant(np.float64(MOST))])


def emit_deviation(estimator: Any, graph: GraphBuilder, matrix: str) -> str:
    """Emit the largest deviation of a column; return the surprise, float32 [N, 1]."""
    from onnx import TensorProto

    scorer = estimator.scorer
    wide = graph.add("Cast", [matrix], to=TensorProto.DOUBLE)
    shifted = graph.add("Sub", [wide, graph.constant(scorer.center, "center")])
    scaled = graph.add("Abs", [graph.add("Div", [shifted, graph.constant(scorer.scale, "scale")])])
    axis = graph.constant(np.array([1], dtype=np.int64))
    return _surprise(estimator, graph, graph.add("ReduceMax", [scaled, axis], keepdims=1))


def emit_distance(estimator: Any, graph: GraphBuilder, matrix: str) -> str:
    """Emit the length of a projected row; return the surprise, float32 [N, 1]."""
    z = emit_projection(estimator.scorer.center, estimator.scorer.whitening, graph, matrix)
    axis = graph.constant(np.array([1], dtype=np.int64))
    squares = graph.add("ReduceSum", [graph.add("Mul", [z, z]), axis], keepdims=1)
    return _surprise(estimator, graph, graph.add("Sqrt", [squares]))


def emit_neighbours(estimator: Any, graph: GraphBuilder, matrix: str) -> str:
    """Emit the mean distance to the nearest kept rows; return the surprise, float32 [N, 1]."""
    from onnx import TensorProto

    scorer = estimator.scorer
    wide = graph.add("Cast", [matrix], to=TensorProto.DOUBLE)
    apart = emit_squared_distances(wide, scorer.rows, graph)
    nearest, _ = graph.add_many("TopK", [apart, graph.constant(scorer.neighbours)], 2, axis=1, largest=0)
    axis = graph.constant(np.array([1], dtype=np.int64))
    return _surprise(estimator, graph, graph.add("ReduceMean", [graph.add("Sqrt", [nearest]), axis], keepdims=1))


def emit_isolation_forest(estimator: Any, graph: GraphBuilder, matrix: str) -> str:
    """Emit the mean path length through the trees; return the surprise, float32 [N, 1]."""
    from onnx import TensorProto

    scorer = estimator.scorer
    count = len(scorer.starts) - 1
    trees = [
        Tree(
            feature=scorer.feature[start:stop],
            threshold=scorer.threshold[start:stop],
            left=scorer.left[start:stop],
            right=scorer.right[start:stop],
            missing_left=np.zeros(stop - start, dtype=bool),
            value=-scorer.length[start:stop, np.newaxis] / count,
        )
        for start, stop in zip(scorer.starts[:-1], scorer.starts[1:], strict=True)
    ]
    table = TreeTable.of(trees, np.zeros(1))
    leaves = graph.add("Cast", [emit_trees(table, graph, matrix)], to=TensorProto.DOUBLE)
    return _surprise(estimator, graph, graph.add("Add", [leaves, graph.constant(table.base, "base")]))


def _surprise(estimator: Any, graph: GraphBuilder, score: str) -> str:
    from onnx import TensorProto

    return graph.add("Cast", [emit_tail(estimator.tail, graph, score)], to=TensorProto.FLOAT)
