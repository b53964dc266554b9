"""Networks as plain ONNX operators: one chain of Gemm and Relu for each member, in float32."""

from typing import Any

import numpy as np

from mlwright.export.onnx.graph import GraphBuilder
from mlwright.models.tabular.network_inputs import NetworkInputs

_LARGE_PRODUCT = 1_000_000  # columns times inputs


def emit_network_inputs(inputs: NetworkInputs, graph: GraphBuilder, matrix: str) -> str:
    """Emit `NetworkInputs.of`, each input divided by its bound: float32 [N, d] to float32 [N, inputs] within ±1."""
    # Taken first, then the centre: a steep line times a large number would lose what is left after the centre.
    taken = _take(inputs, graph, matrix)
    shifted = graph.add("Sub", [taken, graph.constant(inputs.centre, "centre")])
    scaled = graph.add("Mul", [shifted, graph.constant(inputs.slope / inputs.bound, "slope")])
    return graph.add("Clip", [scaled, *(graph.constant(np.float32(limit)) for limit in (-1.0, 1.0))])


def _take(inputs: NetworkInputs, graph: GraphBuilder, matrix: str) -> str:
    """Take the column of each input, or its two, by a product: several times quicker than Gather, unless it is huge."""
    if inputs.columns * inputs.count > _LARGE_PRODUCT and not len(inputs.left):
        return graph.add("Gather", [matrix, graph.constant(inputs.source, "source")], axis=1)
    columns = np.eye(inputs.columns, dtype=np.float32)
    pairs = np.zeros((inputs.columns, len(inputs.left)), dtype=np.float32)
    which = np.arange(len(inputs.left))
    pairs[inputs.left, which] = inputs.left_factor
    pairs[inputs.right, which] = inputs.right_factor
    return graph.add("MatMul", [matrix, graph.constant(np.hstack([columns, pairs])[:, inputs.source], "take")])


def emit_members(estimator: Any, graph: GraphBuilder, matrix: str) -> list[str]:
    """Emit a `NetworkEstimator`; return the raw scores of each member, float32 [N, outputs]."""
    seen = emit_network_inputs(estimator.inputs, graph, matrix)
    layers = estimator.shape.layers_of(estimator.vector)
    layers[0] = (layers[0][0] * estimator.inputs.bound[:, np.newaxis], layers[0][1])
    members: list[str] = []
    for member in range(estimator.shape.members):
        values = seen
        for index, (weights, biases) in enumerate(layers):
            constants = [graph.constant(np.ascontiguousarray(part[member]), "layer") for part in (weights, biases)]
            values = graph.add("Gemm", [values, *constants])
            values = values if index == len(layers) - 1 else graph.add("Relu", [values])
        members.append(values)
    return members
