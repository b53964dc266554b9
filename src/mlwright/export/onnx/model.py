"""The whole model as one ONNX graph: raw columns in, predictions out.

Every mean is taken in double precision, and the narrow float32 comes last, so that the graph differs from the native
model by rounding of the output only.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from mlwright.base.errors import ExportError
from mlwright.data.schema import Column, SemanticType
from mlwright.export.onnx.anomaly import emit_tail
from mlwright.export.onnx.estimators import emit_estimator
from mlwright.export.onnx.features import emit_preparation
from mlwright.export.onnx.graph import GraphBuilder
from mlwright.export.onnx.piecewise import emit_piecewise
from mlwright.models.signature import Signature, Task
from mlwright.models.tabular.calibration import TINY, Calibrator, Isotonic, Platt, Temperature
from mlwright.models.tabular.ensemble import TabularModel, preparation_key
from mlwright.models.tail import Tail


def export_onnx(model: TabularModel) -> bytes:
    """Return the model as ONNX; the same model gives the same bytes.

    Inputs are the columns of the signature (named by `Signature.graph_input`), [N, 1], double or string. Outputs are
    `label` (string [N]) and `probabilities` (float [N, C]), or `value` (float [N]). The metadata property `signature`
    holds the signature as JSON.

    Raises:
        ExportError: An estimator or the calibrator can't be expressed.
    """
    from onnx import helper

    signature = model.signature
    graph = GraphBuilder()
    inputs = {column.name: signature.graph_input(column.name) for column in signature.inputs}
    mixed = _mix(model, graph, inputs)
    if not signature.task.is_classification:
        outputs = _value_output(
            graph, mixed if model.calibrator is None else emit_calibrator(model.calibrator, graph, mixed)
        )
    else:
        calibrated = mixed if model.calibrator is None else emit_calibrator(model.calibrator, graph, mixed)
        outputs = _class_outputs(graph, calibrated, signature)
    built = graph.build(
        [input_info(column, inputs[column.name]) for column in signature.inputs], outputs, name=signature.name
    )
    helper.set_model_props(built, {"signature": signature.model_dump_json()})
    return built.SerializeToString(deterministic=True)


def emit_calibrator(calibrator: Calibrator, graph: GraphBuilder, probabilities: str) -> str:
    """Add a calibrator: double [N, C] to double [N, C].

    Raises:
        ExportError: The kind has no ONNX form.
    """
    match calibrator:
        case Temperature():
            logs = graph.add("Log", [_clip(graph, probabilities, TINY, 1.0)])
            scaled = graph.add("Div", [logs, graph.constant(np.float64(calibrator.temperature))])
            return graph.add("Softmax", [scaled], axis=1)
        case Platt():
            return _both(graph, _platt(calibrator, graph, _column(graph, probabilities, 1)))
        case Isotonic():
            return _both(graph, _curve(calibrator, graph, _column(graph, probabilities, 1)))
        case Tail():
            return emit_tail(calibrator, graph, probabilities)
        case _:
            raise ExportError(
                f"The calibrator {type(calibrator).__name__} has no ONNX form; expected one of calibration.py.",
                hint="deliver the native model, or another calibrator.",
            )


def _mix(model: TabularModel, graph: GraphBuilder, inputs: Mapping[str, str]) -> str:
    """Return the weighted mean of all estimators, double, [N, C] or [N, 1]."""
    matrices: dict[str, str] = {}
    parts: list[str] = []
    for member, weight in zip(model.members, model.weights, strict=True):
        predictions: list[str] = []
        for preparation, estimator in zip(member.preparations, member.estimators, strict=True):
            key = preparation_key(preparation)
            if key not in matrices:
                matrices[key] = emit_preparation(preparation, graph, inputs)
            narrow = emit_estimator(estimator, graph, matrices[key], model.signature.task.learned_as)
            predictions.append(graph.add("Cast", [narrow], to=_double()))
        total = _sum(graph, predictions)
        parts.append(graph.add("Mul", [total, graph.constant(np.float64(weight / len(predictions)))]))
    return _sum(graph, parts)


def _sum(graph: GraphBuilder, values: list[str]) -> str:
    return values[0] if len(values) == 1 else graph.add("Sum", values)


def _value_output(graph: GraphBuilder, mixed: str) -> list[Any]:
    from onnx import TensorProto, helper

    flat = graph.add("Reshape", [mixed, graph.constant(np.array([-1], dtype=np.int64))])
    graph.rename(graph.add("Cast", [flat], to=TensorProto.FLOAT), "value")
    return [helper.make_tensor_value_info("value", TensorProto.FLOAT, ["N"])]


def _class_outputs(graph: GraphBuilder, calibrated: str, signature: Signature) -> list[Any]:
    from onnx import TensorProto, helper

    narrow = graph.add("Cast", [calibrated], to=TensorProto.FLOAT)
    codes = _codes(graph, narrow, signature)
    labels = graph.add("Gather", [graph.constant(signature.classes, "classes"), codes], axis=0)
    graph.rename(labels, "label")
    graph.rename(narrow, "probabilities")
    return [
        helper.make_tensor_value_info("label", TensorProto.STRING, ["N"]),
        helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["N", len(signature.classes)]),
    ]


def _codes(graph: GraphBuilder, narrow: str, signature: Signature) -> str:
    """Return the class code of each row, int64 [N], as `label_codes` of the native model does."""
    if signature.cuts:
        return _cut(graph, narrow, signature.cuts)
    if signature.task is not Task.BINARY or signature.threshold is None or signature.positive is None:
        return graph.add("ArgMax", [narrow], axis=1, keepdims=0)
    positive = signature.classes.index(signature.positive)
    score = graph.add("Gather", [narrow, graph.constant(np.int64(positive))], axis=1)
    reached = graph.add("GreaterOrEqual", [score, graph.constant(np.float32(signature.threshold))])
    codes = [graph.constant(np.int64(positive)), graph.constant(np.int64(1 - positive))]
    return graph.add("Where", [reached, *codes])


def _cut(graph: GraphBuilder, narrow: str, cuts: tuple[float, ...]) -> str:
    """Return how many cuts the expected place in the order has reached, int64 [N]."""
    from onnx import TensorProto

    wide = graph.add("Cast", [narrow], to=TensorProto.DOUBLE)
    places = graph.constant(np.arange(len(cuts) + 1, dtype=np.float64).reshape(-1, 1))
    reached = graph.add("GreaterOrEqual", [graph.add("MatMul", [wide, places]), graph.constant(np.array([cuts]))])
    axis = graph.constant(np.array([1], dtype=np.int64))
    return graph.add("ReduceSum", [graph.add("Cast", [reached], to=TensorProto.INT64), axis], keepdims=0)


def _platt(calibrator: Platt, graph: GraphBuilder, score: str) -> str:
    clipped = _clip(graph, score, TINY, 1 - TINY)
    rest = graph.add("Sub", [graph.constant(np.float64(1.0)), clipped])
    logit = graph.add("Sub", [graph.add("Log", [clipped]), graph.add("Log", [rest])])
    scaled = graph.add("Mul", [logit, graph.constant(np.float64(calibrator.slope))])
    return graph.add("Sigmoid", [graph.add("Add", [scaled, graph.constant(np.float64(calibrator.intercept))])])


def _curve(calibrator: Isotonic, graph: GraphBuilder, score: str) -> str:
    return emit_piecewise(np.array(calibrator.x), np.array(calibrator.y), graph, score)


def _column(graph: GraphBuilder, probabilities: str, index: int) -> str:
    return graph.add("Gather", [probabilities, graph.constant(np.array([index], dtype=np.int64))], axis=1)


def _both(graph: GraphBuilder, first: str) -> str:
    """Return [1 - p, p], double [N, 2]."""
    return graph.add("Concat", [graph.add("Sub", [graph.constant(np.float64(1.0)), first]), first], axis=1)


def _clip(graph: GraphBuilder, value: str, low: float, high: float) -> str:
    return graph.add("Clip", [value, graph.constant(np.float64(low)), graph.constant(np.float64(high))])


def input_info(column: Column, name: str) -> Any:
    """Return the description of a column's input: double or string, [N, 1]."""
    from onnx import TensorProto, helper

    numeric = column.type in (SemanticType.NUMBER, SemanticType.DATETIME)
    return helper.make_tensor_value_info(name, TensorProto.DOUBLE if numeric else TensorProto.STRING, ["N", 1])


def _double() -> int:
    from onnx import TensorProto

    return TensorProto.DOUBLE
