"""Write the whole pipeline as one ONNX graph and measure that it is the same model."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, ClassVar

from pydantic import BaseModel

from mlwright.base.errors import ExportError, Infeasible
from mlwright.base.traits import Traits
from mlwright.run.types import Context
from mlwright.tools.table import dataset_of


class ExportParams(BaseModel, extra="forbid"):
    """Nothing to choose."""


class Export:
    """Native model to ONNX, with parity on every test row."""

    traits: ClassVar[Traits] = Traits(
        summary="Write raw columns to predictions as one ONNX graph; measure parity on every test row",
        extra="train",
        requires=("onnx", "onnxruntime"),
    )
    name: ClassVar[str] = "export"
    version: ClassVar[str] = "1"
    summary: ClassVar[str] = traits.summary
    heavy: ClassVar[bool] = True
    final: ClassVar[bool] = True
    params: ClassVar[type[BaseModel]] = ExportParams
    inputs: ClassVar[Mapping[str, str]] = {
        "understanding": "json",
        "schema": "json",
        "model": "directory",
        "test": "parquet",
    }
    outputs: ClassVar[Mapping[str, str]] = {
        "onnx": "bytes",
        "signature": "json",
        "parity": "json",
        "predictions": "npz",
    }

    def run(self, params: ExportParams, inputs: Mapping[str, Any], context: Context) -> Mapping[str, Any]:
        """Export; a graph that differs from the model is refused."""
        from mlwright.export.onnx.model import export_onnx
        from mlwright.export.onnx.parity import parity
        from mlwright.models.tabular.ensemble import TabularModel

        model = TabularModel.load(inputs["model"])
        test = dataset_of(inputs["test"], inputs["schema"])
        columns = test.columns([column.name for column in model.signature.inputs])
        try:
            graph = export_onnx(model)
        except ExportError as error:
            raise Infeasible(error.message, hint="choose a model that ONNX can express.") from error
        measured = parity(model, graph, columns)
        if not measured.passed:
            raise Infeasible(
                f"The ONNX graph differs from the model by {measured.max_abs_difference:.2g} on {measured.rows} rows "
                f"({measured.label_flips} labels differ); at most {measured.gate:g} is allowed.",
                hint="choose another model.",
            )
        return {
            "onnx": graph,
            "signature": json.loads(model.signature.model_dump_json()),
            "parity": asdict(measured),
            "predictions": _predictions(model, columns),
        }


def _predictions(model: Any, columns: Any) -> dict[str, Any]:
    """Return what the native model says of the test rows; `verify` compares the graph with it."""
    import numpy as np

    native = model.predict(columns)
    if not model.signature.task.is_classification:
        return {"values": native}
    return {"probabilities": native, "labels": np.array(model.labels(native), dtype=str)}
