"""Parity: the exported graph against the native model, row by row."""

from dataclasses import dataclass

import numpy as np

from mlwright.base.errors import ExportError
from mlwright.data.columns import Array, Columns, row_count, take
from mlwright.data.schema import SemanticType
from mlwright.models.signature import Signature, Task
from mlwright.models.tabular.ensemble import TabularModel
from mlwright.models.tabular.ordinal import expected_codes

GATE = 1e-4
_BATCH_ROWS = 10_000


@dataclass(frozen=True, slots=True)
class Parity:
    """How far the graph is from the model.

    Attributes:
        max_abs_difference: Of probabilities; of values divided by the deviation of the target.
        label_flips: Rows whose label differs although they are further than `gate` from a tie.
        ties: Rows whose label differs within `gate` of a tie.
        passed: No flip, and no difference above `gate`.
    """

    rows: int
    max_abs_difference: float
    label_flips: int
    ties: int
    passed: bool
    gate: float


@dataclass(frozen=True, slots=True)
class GraphOutput:
    """What a graph gave: labels (str, (n,)) and probabilities (float32, (n, C)), or values (float32, (n,))."""

    labels: Array | None
    scores: Array


def parity(model: TabularModel, onnx_bytes: bytes, columns: Columns, *, deviation: float | None = None) -> Parity:
    """Compare the graph with the model on the given rows.

    Args:
        deviation: Of a regression's target, by which differences are divided; None takes that of the predictions.

    Raises:
        ExportError: There is no row, or onnxruntime refuses the graph.
    """
    if row_count(columns) == 0:
        raise ExportError("Parity was asked for no row; one at least was expected.", hint="give the test rows.")
    native, graph = model.predict(columns), run_graph(onnx_bytes, model.signature, columns)
    if not model.signature.task.is_classification:
        scale = deviation if deviation is not None else float(np.std(native))
        worst = float(np.max(np.abs(native - graph.scores))) / (scale if scale > 0 else 1.0)
        return Parity(len(native), worst, 0, 0, worst <= GATE, GATE)
    worst = float(np.max(np.abs(native - graph.scores)))
    differs = model.labels(native) != graph.labels
    near = _near_tie(model.signature, native)
    flips, ties = int(np.sum(differs & ~near)), int(np.sum(differs & near))
    return Parity(len(native), worst, flips, ties, worst <= GATE and flips == 0, GATE)


def run_graph(onnx_bytes: bytes, signature: Signature, columns: Columns) -> GraphOutput:
    """Run the graph with onnxruntime on rows in their normal form, in batches.

    Raises:
        ExportError: onnxruntime refuses the graph.
    """
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    try:
        session = ort.InferenceSession(onnx_bytes, options, providers=["CPUExecutionProvider"])
    except Exception as exc:
        raise ExportError(f"onnxruntime refuses the graph: {exc}", hint="export the model again.") from exc
    rows = row_count(columns)
    parts = [
        session.run(None, feeds(signature, take(columns, slice(start, start + _BATCH_ROWS))))
        for start in range(0, rows, _BATCH_ROWS)
    ]
    merged = [np.concatenate(pieces) for pieces in zip(*parts, strict=True)]
    if not signature.task.is_classification:
        return GraphOutput(None, merged[0])
    return GraphOutput(merged[0], merged[1])


def feeds(signature: Signature, columns: Columns) -> dict[str, Array]:
    """Return the graph's inputs, [N, 1], double or object."""
    numeric = (SemanticType.NUMBER, SemanticType.DATETIME)
    return {
        signature.graph_input(column.name): columns[column.name]
        .astype(np.float64 if column.type in numeric else object)
        .reshape(-1, 1)
        for column in signature.inputs
    }


def _near_tie(signature: Signature, probabilities: Array) -> Array:
    """Return the mask of rows whose label may differ by rounding alone."""
    if signature.cuts:
        expected = expected_codes(probabilities)[:, np.newaxis]
        return np.min(np.abs(expected - np.array(signature.cuts)), axis=1) <= GATE * len(signature.classes)
    if signature.task is Task.BINARY and signature.threshold is not None and signature.positive is not None:
        positive = signature.classes.index(signature.positive)
        return np.abs(probabilities[:, positive] - signature.threshold) <= GATE
    if probabilities.shape[1] == 1:
        return np.zeros(len(probabilities), dtype=bool)  # one cluster: nothing to confuse it with
    top = np.sort(probabilities, axis=1)
    return top[:, -1] - top[:, -2] <= GATE
