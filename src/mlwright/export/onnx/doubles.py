"""Small pieces of double arithmetic that give the same bits as numpy does."""

import numpy as np

from mlwright.data.columns import Array
from mlwright.export.onnx.graph import GraphBuilder

DOUBLE = 11  # TensorProto.DOUBLE
INT64 = 7  # TensorProto.INT64


def to_double(graph: GraphBuilder, value: str) -> str:
    """Cast to double."""
    return graph.add("Cast", [value], to=DOUBLE)


def clip(graph: GraphBuilder, value: str, low: float, high: float) -> str:
    """Bound values that are not NaN (what Clip does to NaN is not specified)."""
    return graph.add("Clip", [value, graph.constant(np.float64(low)), graph.constant(np.float64(high))])


def clip_keeping_nan(graph: GraphBuilder, value: str, low: float, high: float) -> str:
    """Bound values; NaN stays NaN."""
    return graph.add("Where", [graph.add("IsNaN", [value]), value, clip(graph, value, low, high)])


def fill_missing(graph: GraphBuilder, value: str, missing: str, filler: Array | float) -> str:
    """Put `filler` where `missing` (bool) is true."""
    return graph.add("Where", [missing, graph.constant(np.asarray(filler, dtype=np.float64)), value])


def standardise(graph: GraphBuilder, value: str, center: Array | float, scale: Array | float, limit: float) -> str:
    """Return (value - center) / scale within ±limit; the value has no NaN."""
    shifted = graph.add("Sub", [value, graph.constant(np.asarray(center, dtype=np.float64))])
    return clip(graph, graph.add("Div", [shifted, graph.constant(np.asarray(scale, dtype=np.float64))]), -limit, limit)


class Doubles:
    """Writes arithmetic on one graph as an expression does: `d.add(d.mul(x, 5.0), 2.0)`."""

    def __init__(self, graph: GraphBuilder) -> None:
        self._graph = graph
        self._numbers: dict[float, str] = {}

    def _name(self, value: str | float) -> str:
        if isinstance(value, str):
            return value
        if value not in self._numbers:
            self._numbers[value] = self._graph.constant(np.float64(value))
        return self._numbers[value]

    def _node(self, op: str, *values: str | float) -> str:
        return self._graph.add(op, [self._name(value) for value in values])

    def add(self, left: str | float, right: str | float) -> str:
        return self._node("Add", left, right)

    def sub(self, left: str | float, right: str | float) -> str:
        return self._node("Sub", left, right)

    def mul(self, left: str | float, right: str | float) -> str:
        return self._node("Mul", left, right)

    def div(self, left: str | float, right: str | float) -> str:
        return self._node("Div", left, right)

    def floor(self, value: str) -> str:
        return self._node("Floor", value)

    def floor_div(self, value: str, divisor: float) -> str:
        return self.floor(self.div(value, divisor))
