"""The way back from the learned scale of a target to its own, in double; see `models/tabular/back.py`."""

import numpy as np

from mlwright.base.errors import ExportError
from mlwright.export.onnx.graph import GraphBuilder
from mlwright.export.onnx.piecewise import emit_piecewise
from mlwright.models.tabular.back import TINY, Back


def emit_back(back: Back, graph: GraphBuilder, learned: str) -> str:
    """Emit `Back.apply`; double [N, 1] to double [N, 1].

    Raises:
        ExportError: The kind has no ONNX form.
    """
    if back.is_identity and back.learned is None:
        return learned
    held = learned
    if back.learned is not None:
        held = graph.add("Clip", [held, _number(graph, back.learned[0]), _number(graph, back.learned[1])])
    value = _map(back, graph, held)
    if back.factor != 1.0:
        value = graph.add("Mul", [value, _number(graph, back.factor)])
    return value if back.minimum is None else graph.add("Max", [value, _number(graph, back.minimum)])


def _map(back: Back, graph: GraphBuilder, held: str) -> str:
    match back.kind:
        case "none":
            return held
        case "exp":
            return graph.add("Exp", [held])
        case "expm1":
            return graph.add("Sub", [graph.add("Exp", [held]), _number(graph, 1.0)])
        case "logistic":
            return graph.add("Sigmoid", [held])
        case "knots":
            return emit_piecewise(np.array(back.x), np.array(back.y), graph, held)
        case "yeo_johnson":
            return graph.add("Mul", [_yeo_johnson(back.power, graph, held), _number(graph, back.unit)])
        case _:
            raise ExportError(f"The map '{back.kind}' has no ONNX form.", hint="learn the target as it is.")


def _yeo_johnson(power: float, graph: GraphBuilder, held: str) -> str:
    """Emit the inverse: both halves on their own side of zero, then the one that counts."""
    zero, one = _number(graph, 0.0), _number(graph, 1.0)
    up = graph.add("Max", [held, zero])
    down = graph.add("Neg", [graph.add("Min", [held, zero])])
    above = graph.add("Sub", [_half(power, graph, up), one])
    below = graph.add("Sub", [one, _half(2.0 - power, graph, down)])
    return graph.add("Where", [graph.add("GreaterOrEqual", [held, zero]), above, below])


def _half(power: float, graph: GraphBuilder, size: str) -> str:
    """Emit (power * size + 1) ^ (1 / power), or e ^ size at power 0."""
    if power == 0:
        return graph.add("Exp", [size])
    inner = graph.add("Add", [graph.add("Mul", [size, _number(graph, power)]), _number(graph, 1.0)])
    return graph.add("Pow", [graph.add("Max", [inner, _number(graph, TINY)]), _number(graph, 1.0 / power)])


def _number(graph: GraphBuilder, value: float) -> str:
    return graph.constant(np.float64(value))
