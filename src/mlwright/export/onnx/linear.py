"""Linear models and constants as plain ONNX operators."""

import numpy as np

from mlwright.data.columns import Array
from mlwright.export.onnx.graph import GraphBuilder


def emit_linear(coefficients: Array, intercept: Array, graph: GraphBuilder, matrix: str) -> str:
    """Emit X @ coefficients.T + intercept; return the raw scores, double [N, K].

    In double, because sums over hundreds of columns in float32 would miss the sixth digit.

    Args:
        coefficients: float64, (K, d).
        intercept: float64, (K,).
        graph: Where to.
        matrix: float32 [N, d].
    """
    from onnx import TensorProto

    wide = graph.add("Cast", [matrix], to=TensorProto.DOUBLE)
    product = graph.add("MatMul", [wide, graph.constant(np.ascontiguousarray(coefficients.T), "coefficients")])
    return graph.add("Add", [product, graph.constant(intercept, "intercept")])


def emit_constant(answer: Array, graph: GraphBuilder, matrix: str) -> str:
    """Emit the same answer for every row of `matrix`; return float32 [N, C].

    Args:
        answer: float64, (C,).
        graph: Where to.
        matrix: float32 [N, d].
    """
    rows = graph.add("Shape", [matrix], start=0, end=1)
    shape = graph.add("Concat", [rows, graph.constant(np.array([1], dtype=np.int64))], axis=0)
    return graph.add("Expand", [graph.constant(answer.astype(np.float32)[np.newaxis], "answer"), shape])
