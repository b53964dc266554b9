"""The MLflow flavour of a delivered model: MLflow calls `_load_pyfunc` with a copy of the delivery's model folder.

Nothing is unpickled: the folder holds ONNX and JSON, and this module is found by its name.
"""

from pathlib import Path
from typing import Any

from mlwright.data.frames import columns_of, frame_like
from mlwright.delivery.delivery import prediction_columns
from mlwright.serving.runtime import Runtime

NAME = "mlwright.tracking.pyfunc"


class DeliveredModel:
    """A delivered model that takes a pandas frame of raw columns.

    Returns a frame with `prediction` and, for a classification, `probability_<class>` for every class.
    """

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime

    def predict(self, model_input: Any, params: dict[str, Any] | None = None) -> Any:
        """Predict the rows of a frame (pandas, polars, Arrow or a dict of lists); `params` is not used."""
        signature = self.runtime.signature
        found = self.runtime.predict(columns_of(model_input, signature.inputs))
        return frame_like(model_input, prediction_columns(signature, found))


def _load_pyfunc(path: str) -> DeliveredModel:  # pyright: ignore[reportUnusedFunction]  (MLflow asks for this name)
    return DeliveredModel(Runtime.open(Path(path)))
