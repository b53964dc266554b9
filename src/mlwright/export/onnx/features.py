"""A preparation as nodes of an ONNX graph: the same double operations in the same order, one cast to float last."""

from collections.abc import Mapping, Sequence
from itertools import groupby

import numpy as np

from mlwright.base.errors import ExportError
from mlwright.export.onnx.dates import emit_date_parts
from mlwright.export.onnx.doubles import clip_keeping_nan, fill_missing, standardise, to_double
from mlwright.export.onnx.graph import GraphBuilder
from mlwright.export.onnx.text import emit_text_topics
from mlwright.features.encoders import DateParts, Encoder, OneHot, Ordinal, Passthrough, Scaled, TargetMean, TextTopics
from mlwright.features.levels import LevelTable
from mlwright.features.preparation import LARGEST, Preparation
from mlwright.features.standard import LIMIT

_FLOAT = 1  # TensorProto.FLOAT


def emit_preparation(preparation: Preparation, graph: GraphBuilder, inputs: Mapping[str, str]) -> str:
    """Add the nodes of a preparation and return the name of its matrix.

    Args:
        preparation: What to write.
        graph: Gets the nodes.
        inputs: For each column the name of its value in the graph: double or string, shape [N, 1].

    Returns:
        The name of a float tensor, shape [N, d], bit for bit what `preparation.transform` gives.

    Raises:
        ExportError: The graph lacks a column, or there is an encoder that has no ONNX form.
    """
    emission = _Emission(graph, inputs)
    blocks: list[str] = []
    for kind, encoders in groupby(preparation.encoders, key=type):
        blocks += emission.emit(kind, list(encoders))
    matrix = graph.add("Concat", blocks, axis=1) if len(blocks) > 1 else blocks[0]
    return graph.add("Cast", [clip_keeping_nan(graph, matrix, -LARGEST, LARGEST)], to=_FLOAT)


class _Emission:
    """One preparation on its way into a graph; remembers which strings were already looked up."""

    def __init__(self, graph: GraphBuilder, inputs: Mapping[str, str]) -> None:
        self._graph = graph
        self._inputs = inputs
        self._codes: dict[tuple[str, tuple[str, ...]], str] = {}

    def emit(self, kind: type[Encoder], encoders: Sequence[Encoder]) -> list[str]:
        """Emit neighbours of one kind and return the names of their blocks, double, shape [N, width]."""
        if kind is Scaled:
            return [self._scaled([encoder for encoder in encoders if isinstance(encoder, Scaled)])]
        return [self._single(encoder) for encoder in encoders]

    def _single(self, encoder: Encoder) -> str:
        if isinstance(encoder, Passthrough):
            return self._input(encoder.column)
        if isinstance(encoder, Ordinal | OneHot | TargetMean):
            return self._lookup(encoder.column, encoder.table)
        if isinstance(encoder, DateParts):
            return emit_date_parts(encoder, self._graph, self._input(encoder.column))
        if isinstance(encoder, TextTopics):
            return emit_text_topics(encoder, self._graph, self._input(encoder.column))
        raise ExportError(
            f"The encoder '{encoder.kind}' of column '{encoder.column}' has no ONNX form.",
            hint="Add it to export/onnx/features.py, or export the native model only.",
        )

    def _input(self, column: str) -> str:
        if column not in self._inputs:
            raise ExportError(
                f"The graph has no input for the column '{column}'; it has {', '.join(self._inputs)}.",
                hint="Give emit_preparation one input for each column of the preparation.",
            )
        return self._inputs[column]

    def _scaled(self, encoders: Sequence[Scaled]) -> str:
        """Emit many numbers at once: a handful of nodes whatever the number of columns."""
        graph = self._graph
        values = [self._input(encoder.column) for encoder in encoders]
        matrix = graph.add("Concat", values, axis=1) if len(values) > 1 else values[0]
        missing = graph.add("IsNaN", [matrix])
        filled = fill_missing(graph, matrix, missing, np.array([encoder.median for encoder in encoders]))
        centers, scales = (np.array([getattr(e, name) for e in encoders]) for name in ("mean", "scale"))
        standard = standardise(graph, filled, centers, scales, LIMIT)
        if not any(encoder.indicator for encoder in encoders):
            return standard
        both = graph.add("Concat", [standard, to_double(graph, missing)], axis=1)
        order = [
            index + offset
            for index, encoder in enumerate(encoders)
            for offset in ((0, len(encoders)) if encoder.indicator else (0,))
        ]
        return graph.add("Gather", [both, graph.constant(np.array(order, dtype=np.int64))], axis=1)

    def _lookup(self, column: str, table: LevelTable) -> str:
        """Emit string → row number → row; encoders of one column with the same levels share the first step."""
        graph, value = self._graph, self._input(column)
        codes = self._codes.get((value, table.keys))
        if codes is None:
            codes = graph.add(
                "LabelEncoder",
                [value],
                domain="ai.onnx.ml",
                keys_strings=list(table.keys),
                values_int64s=list(range(len(table.keys))),
                default_int64=len(table.keys),
            )
            self._codes[value, table.keys] = codes
        if table.rows.shape[1] == 1:  # [N, 1] codes into a vector give [N, 1]
            return graph.add("Gather", [graph.constant(table.rows[:, 0]), codes], axis=0)
        flat = graph.add("Squeeze", [codes, graph.constant(np.array([1], dtype=np.int64))])
        return graph.add("Gather", [graph.constant(table.rows), flat], axis=0)
