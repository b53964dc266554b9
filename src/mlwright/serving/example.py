"""One real row and the answer that the trained model gave to it: shown to callers, and asked at every start."""

from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError

from mlwright.base.errors import VerifyError
from mlwright.models.signature import Signature
from mlwright.serving.runtime import Prediction

TOLERANCE = 1e-4  # the gate of ONNX parity


class Example(BaseModel):
    """`service/example.json`. Immutable.

    Attributes:
        row: Raw cells, as a caller sends them.
        label, probabilities: What the trained model (not the ONNX graph) answered; classification.
        value: The same for regression.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    row: dict[str, Any]
    label: str | None = None
    probabilities: tuple[float, ...] | None = None
    value: float | None = None

    def differs(self, prediction: Prediction) -> str:
        """Return how the answer to the row differs from the stored one, "" when it does not."""
        if self.value is not None:
            got = float(prediction.values[0]) if prediction.values is not None else float("nan")
            near = abs(got - self.value) <= TOLERANCE * max(1.0, abs(self.value))
            return "" if near else f"value {got:.9g} instead of {self.value:.9g}"
        if prediction.labels is None or prediction.probabilities is None or self.probabilities is None:
            return "an answer of another kind than the stored one"
        got_shares = prediction.probabilities[0]
        if len(got_shares) != len(self.probabilities):
            return f"{len(got_shares)} probabilities instead of {len(self.probabilities)}"
        gap = float(np.abs(got_shares - np.array(self.probabilities)).max())
        if not gap <= TOLERANCE:
            return f"probabilities that differ by {gap:.3g}"
        label = str(prediction.labels[0])
        return "" if label == self.label else f"label '{label}' instead of '{self.label}'"


def parse_example(content: bytes) -> Example:
    """Read a `service/example.json`.

    Raises:
        VerifyError: It is none.
    """
    try:
        return Example.model_validate_json(content)
    except ValidationError as error:
        raise VerifyError(
            f"service/example.json is not an example row: {error.errors()[0]['msg']}.",
            hint="copy the delivery again, or deliver it again with this version.",
        ) from error


def example_from_signature(signature: Signature) -> dict[str, Any]:
    """Return a row made of each column's own example, for models that were delivered without a stored answer."""
    return {column.name: column.example for column in signature.inputs}
