"""A piecewise linear curve: find the segment by counting the knots passed, then walk along it."""

import numpy as np

from mlwright.data.columns import Array
from mlwright.export.onnx.graph import GraphBuilder


def emit_piecewise(x: Array, y: Array, graph: GraphBuilder, value: str) -> str:
    """Emit the curve through (x, y), flat outside; double [N, 1] to double [N, 1].

    Args:
        x: Rising, float64 (k,), k >= 1.
        y: float64 (k,).
        graph: Where to.
        value: Where on the curve, double [N, 1].
    """
    from onnx import TensorProto

    if len(x) == 1:
        zero = graph.add("Mul", [value, graph.constant(np.float64(0.0))])
        return graph.add("Add", [zero, graph.constant(np.float64(y[0]))])
    inside = graph.add("Clip", [value, graph.constant(np.float64(x[0])), graph.constant(np.float64(x[-1]))])
    passed = graph.add("GreaterOrEqual", [inside, graph.constant(x[1:-1].reshape(1, -1))])
    axis = graph.constant(np.array([1], dtype=np.int64))
    segment = graph.add("ReduceSum", [graph.add("Cast", [passed], to=TensorProto.INT64), axis], keepdims=1)
    start, height, slope = (
        graph.add("Gather", [graph.constant(values), segment], axis=0)
        for values in (x[:-1], y[:-1], np.diff(y) / np.diff(x))
    )
    along = graph.add("Mul", [graph.add("Sub", [inside, start]), slope])
    return graph.add("Add", [height, along])
