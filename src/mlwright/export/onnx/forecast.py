"""A forecast model as one ONNX graph: columns weighed, trees put back into the target's unit."""

from typing import Any

import numpy as np

from mlwright.export.onnx.doubles import DOUBLE, Doubles
from mlwright.export.onnx.estimators import emit_estimator
from mlwright.export.onnx.features import emit_preparation
from mlwright.export.onnx.graph import GraphBuilder
from mlwright.export.onnx.model import input_info
from mlwright.features.lags import BASE, SPREAD
from mlwright.models.series.mix import ForecastMix
from mlwright.models.signature import Task


def export_forecast(model: ForecastMix) -> bytes:
    """Return the model as ONNX, from the columns of its signature to `value` (double [N]); the same bytes each time.

    Raises:
        ExportError: The trees can't be expressed.
    """
    from onnx import TensorProto, helper

    graph, signature = GraphBuilder(), model.signature
    doubles = Doubles(graph)
    inputs = {column.name: signature.graph_input(column.name) for column in signature.inputs}
    parts = [doubles.mul(inputs[name], weight) for name, weight in model.weights.items()]
    if model.trees is not None:
        relative = _trees(model, graph, inputs)
        whole = doubles.add(inputs[BASE], doubles.mul(inputs[SPREAD], relative))
        parts.append(doubles.mul(whole, model.tree_weight))
    total = parts[0] if len(parts) == 1 else graph.add("Sum", parts)
    flat = graph.add("Reshape", [total, graph.constant(np.array([-1], dtype=np.int64))])
    graph.rename(flat, "value")
    # In double: a level may be large and its changes small.
    outputs = [helper.make_tensor_value_info("value", TensorProto.DOUBLE, ["N"])]
    infos = [input_info(column, inputs[column.name]) for column in signature.inputs]
    built = graph.build(infos, outputs, name=signature.name)
    helper.set_model_props(built, {"signature": signature.model_dump_json()})
    return built.SerializeToString(deterministic=True)


def _trees(model: ForecastMix, graph: GraphBuilder, inputs: dict[str, str]) -> str:
    """Return the mean of the trees' estimators, double [N, 1]."""
    assert model.trees is not None  # noqa: S101 - asked for only where there are trees
    found: list[Any] = []
    for preparation, estimator in zip(model.trees.preparations, model.trees.estimators, strict=True):
        matrix = emit_preparation(preparation, graph, inputs)
        narrow = emit_estimator(estimator, graph, matrix, Task.REGRESSION)
        found.append(graph.add("Cast", [narrow], to=DOUBLE))
    total = found[0] if len(found) == 1 else graph.add("Sum", found)
    return graph.add("Mul", [total, graph.constant(np.float64(1 / len(found)))])
