"""Nearest neighbours as ONNX nodes: distances by one product, TopK, and the votes of those rows."""

from typing import Any

import numpy as np

from mlwright.export.onnx.graph import GraphBuilder
from mlwright.models.tabular.neighbours import FLOOR, GRID, TINY


def emit_shares(estimator: Any, graph: GraphBuilder, matrix: str) -> str:
    """Emit a `NearestEstimator`; return probabilities of the present classes, or the learned value, double [N, K]."""
    from onnx import TensorProto

    wide = graph.add("Cast", [matrix], to=TensorProto.DOUBLE)
    apart = _distances(estimator, graph, graph.add("Mul", [wide, graph.constant(estimator.scale, "scale")]))
    count = graph.constant(np.array([estimator.neighbours + 1], dtype=np.int64))
    near, order = graph.add_many("TopK", [apart, count], 2, axis=1, largest=0)
    beyond = graph.add("Max", [_columns(graph, near, -1, None), graph.constant(np.float64(TINY))])
    share = graph.add(
        "Sub", [graph.constant(np.float64(1.0)), graph.add("Div", [_columns(graph, near, 0, -1), beyond])]
    )
    powered = graph.add("Pow", [share, graph.constant(np.float64(estimator.sharpness))])
    counts = graph.add("Add", [powered, graph.constant(np.float64(FLOOR))])
    votes = graph.add("Gather", [graph.constant(estimator.votes, "votes"), _columns(graph, order, 0, -1)], axis=0)
    # [N, 1, k] times [N, k, K]
    middle, last = (graph.constant(np.array([axis], dtype=np.int64)) for axis in (1, -1))
    summed = graph.add("MatMul", [graph.add("Unsqueeze", [counts, middle]), votes])
    totals = graph.add("Add", [graph.add("Squeeze", [summed, middle]), graph.constant(estimator.prior, "prior")])
    if estimator.file.labels is None:
        return graph.add("Div", [_columns(graph, totals, 0, 1), _columns(graph, totals, 1, 2)])
    return graph.add("Div", [totals, graph.add("ReduceSum", [totals, last], keepdims=1)])


def _distances(estimator: Any, graph: GraphBuilder, scaled: str) -> str:
    """Return squared distances to every kept row, double [N, n], on the grid."""
    last = graph.constant(np.array([-1], dtype=np.int64))
    own = graph.add("ReduceSum", [graph.add("Mul", [scaled, scaled]), last], keepdims=1)
    product = graph.add("MatMul", [scaled, graph.constant(np.ascontiguousarray(-2.0 * estimator.rows.T), "rows")])
    kept = graph.constant((estimator.rows**2).sum(axis=1), "kept")
    apart = graph.add("Max", [graph.add("Sum", [own, product, kept]), graph.constant(np.float64(0.0))])
    raised = graph.add("Mul", [apart, graph.constant(np.float64(GRID))])
    whole = graph.add("Floor", [graph.add("Add", [raised, graph.constant(np.float64(0.5))])])
    return graph.add("Mul", [whole, graph.constant(np.float64(1.0 / GRID))])


def _columns(graph: GraphBuilder, value: str, start: int, stop: int | None) -> str:
    last = np.iinfo(np.int64).max if stop is None else stop
    bounds = [graph.constant(np.array([at], dtype=np.int64)) for at in (start, last, 1)]
    return graph.add("Slice", [value, *bounds])
