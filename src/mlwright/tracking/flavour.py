"""The delivered model as an MLflow model folder: a signature from ours, an example, pinned requirements, no pickle."""

import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

from mlwright.data.schema import Column, SemanticType
from mlwright.models.signature import Signature
from mlwright.tracking import pyfunc
from mlwright.tracking.quiet import mlflow


def save_flavour(model_dir: Path, out: Path) -> None:
    """Write the folder that `mlflow.pyfunc.load_model` loads."""
    signature = Signature.model_validate_json((model_dir / "signature.json").read_bytes())
    mlflow().pyfunc.save_model(
        path=str(out),
        loader_module=pyfunc.NAME,
        data_path=str(model_dir),
        signature=mlflow_signature(signature),
        input_example=_example(signature),
        pip_requirements=[f"{name}=={version(name)}" for name in ("mlwright", "numpy", "onnxruntime")],
        metadata={"mlwright": {"name": signature.name, "version": signature.version}},
    )


def mlflow_signature(signature: Signature) -> Any:
    """Return our signature in MLflow's words.

    Whole numbers and datetimes are of any type there: MLflow takes no column of 64-bit integers for a double, no
    missing cell for an integer and no text for a datetime, while the model takes and checks all of them.
    """
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, DataType, Schema

    inputs: Any = [ColSpec(_type(column), column.name) for column in signature.inputs]
    labels = {"integer": DataType.long, "boolean": DataType.boolean, "string": DataType.string}
    outputs: Any = [ColSpec(labels[signature.label_type] if signature.classes else DataType.double, "prediction")]
    outputs += [ColSpec(DataType.double, f"probability_{name}") for name in signature.classes]
    return ModelSignature(inputs=Schema(inputs), outputs=Schema(outputs))


def _example(signature: Signature) -> Any:
    """Return one row as a caller would send it, or None where a column has no example."""
    import pandas as pd

    if any(column.example is None for column in signature.inputs):
        return None
    return pd.DataFrame({column.name: [column.example] for column in signature.inputs})


def _type(column: Column) -> Any:
    from mlflow.types import DataType
    from mlflow.types.schema import AnyType

    if column.type is SemanticType.DATETIME or (column.type is SemanticType.NUMBER and column.integer):
        return AnyType()
    return DataType.double if column.type is SemanticType.NUMBER else DataType.string


def schema_json(signature: Signature) -> str:
    """Return the input schema as MLflow's dataset inputs want it."""
    return json.dumps({"mlflow_colspec": [{"name": c.name, "type": str(c.type)} for c in signature.inputs]})
