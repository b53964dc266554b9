"""Networks as plain ONNX operators: one chain of Gemm and Relu for each member, in float32."""

from typing import Any

import numpy as np

from mlwright.export.onnx.graph import GraphBuilder
from mlwright.models.tabular.network_inputs import NetworkInputs


def emit_network_inputs(inputs: NetworkInputs, graph: GraphBuilder, matrix: str) -> str:
    """Emit `NetworkInputs.of`: float32 [N, d] to float32 [N, inputs]."""
    columns = matrix if not len(inputs.left) else graph.add("Concat", [matrix, _pairs(inputs, graph, matrix)], axis=1)
    gathered = graph.add("Gather", [columns, graph.constant(inputs.source, "source")], axis=1)
    shifted = graph.add("Sub", [gathered, graph.constant(inputs.centre, "centre")])
    scaled = graph.add("Mul", [shifted, graph.constant(inputs.slope, "slope")])
    above = graph.add("Max", [scaled, graph.constant(-inputs.bound, "bound")])
    return graph.add("Min", [above, graph.constant(inputs.bound, "bound")])


def _pairs(inputs: NetworkInputs, graph: GraphBuilder, matrix: str) -> str:
    parts: list[str] = []
    for column, factor in ((inputs.left, inputs.left_factor), (inputs.right, inputs.right_factor)):
        gathered = graph.add("Gather", [matrix, graph.constant(column, "paired")], axis=1)
        parts.append(graph.add("Mul", [gathered, graph.constant(factor, "factor")]))
    return graph.add("Add", parts)


def emit_members(estimator: Any, graph: GraphBuilder, matrix: str) -> list[str]:
    """Emit a `NetworkEstimator`; return the raw scores of each member, float32 [N, outputs]."""
    seen = emit_network_inputs(estimator.inputs, graph, matrix)
    layers = estimator.shape.layers_of(estimator.vector)
    members: list[str] = []
    for member in range(estimator.shape.members):
        values = seen
        for index, (weights, biases) in enumerate(layers):
            constants = [graph.constant(np.ascontiguousarray(part[member]), "layer") for part in (weights, biases)]
            values = graph.add("Gemm", [values, *constants])
            values = values if index == len(layers) - 1 else graph.add("Relu", [values])
        members.append(values)
    return members
