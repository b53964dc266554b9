"""Clusters as ONNX nodes: the same doubles in the same order as the estimators."""

from typing import Any

import numpy as np

from mlwright.data.columns import Array
from mlwright.export.onnx.graph import GraphBuilder
from mlwright.export.onnx.linear import emit_linear
from mlwright.models.cluster.density import SHARPNESS


def emit_centroids(estimator: Any, graph: GraphBuilder, matrix: str) -> str:
    """Emit a `CentroidEstimator`; return memberships, float32 [N, C]."""
    logits = emit_linear(estimator.coefficients, estimator.intercept, graph, matrix)
    return _memberships(logits, graph)


def emit_mixture(estimator: Any, graph: GraphBuilder, matrix: str) -> str:
    """Emit a `MixtureEstimator`; return responsibilities, float32 [N, C]."""
    z = emit_projection(estimator.center, estimator.directions, graph, matrix)
    parts: list[str] = []
    axis = graph.constant(np.array([1], dtype=np.int64))
    for factor, shift in zip(estimator.factors, estimator.shifts, strict=True):
        scaled = graph.add("MatMul", [z, graph.constant(np.ascontiguousarray(factor), "factor")])
        apart = graph.add("Sub", [scaled, graph.constant(shift, "shift")])
        parts.append(graph.add("ReduceSum", [graph.add("Mul", [apart, apart]), axis], keepdims=1))
    squares = graph.add("Concat", parts, axis=1) if len(parts) > 1 else parts[0]
    halved = graph.add("Mul", [squares, graph.constant(np.float64(-0.5))])
    return _memberships(graph.add("Add", [halved, graph.constant(estimator.offsets, "offsets")]), graph)


def emit_density(estimator: Any, graph: GraphBuilder, matrix: str) -> str:
    """Emit a `DensityEstimator`; return memberships, float32 [N, C + 1]."""
    z = emit_projection(estimator.center, estimator.directions, graph, matrix)
    apart = emit_squared_distances(z, estimator.cores, graph)
    nearest: list[str] = []
    axis = graph.constant(np.array([1], dtype=np.int64))
    for start, stop in zip(estimator.starts[:-1], estimator.starts[1:], strict=True):
        part = graph.add("Slice", [apart, *(graph.constant(np.array([at], dtype=np.int64)) for at in (start, stop, 1))])
        nearest.append(graph.add("ReduceMin", [part, axis], keepdims=1))
    both = graph.add("Concat", nearest, axis=1) if len(nearest) > 1 else nearest[0]
    scaled = graph.add("Div", [both, graph.constant(estimator.radii**2, "radii")])
    bounded = graph.add("Min", [scaled, graph.constant(np.float64(1e6))])
    first = graph.add("Slice", [bounded, *(graph.constant(np.array([at], dtype=np.int64)) for at in (0, 1, 1))])
    ones = graph.add(
        "Add", [graph.add("Mul", [first, graph.constant(np.float64(0.0))]), graph.constant(np.float64(1.0))]
    )
    logits = graph.add("Mul", [graph.add("Concat", [bounded, ones], axis=1), graph.constant(np.float64(-SHARPNESS))])
    return _memberships(logits, graph)


def emit_projection(center: Array, directions: Array, graph: GraphBuilder, matrix: str) -> str:
    """Emit (X - center) @ directions; return double [N, p]."""
    from onnx import TensorProto

    wide = graph.add("Cast", [matrix], to=TensorProto.DOUBLE)
    shifted = graph.add("Sub", [wide, graph.constant(center, "center")])
    return graph.add("MatMul", [shifted, graph.constant(np.ascontiguousarray(directions), "directions")])


def emit_squared_distances(z: str, points: Array, graph: GraphBuilder) -> str:
    """Emit the squared distances of rows (double [N, p]) to points, shape (m, p); return double [N, m]."""
    axis = graph.constant(np.array([1], dtype=np.int64))
    squares = graph.add("ReduceSum", [graph.add("Mul", [z, z]), axis], keepdims=1)
    cross = graph.add("MatMul", [z, graph.constant(np.ascontiguousarray(2.0 * points.T), "points")])
    lengths = graph.constant(np.sum(points**2, axis=1), "lengths")
    apart = graph.add("Add", [graph.add("Sub", [squares, cross]), lengths])
    return graph.add("Max", [apart, graph.constant(np.float64(0.0))])


def _memberships(logits: str, graph: GraphBuilder) -> str:
    from onnx import TensorProto

    return graph.add("Cast", [graph.add("Softmax", [logits], axis=1)], to=TensorProto.FLOAT)
