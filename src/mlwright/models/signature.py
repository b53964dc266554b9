"""What a delivered model takes and gives. Written as `model/signature.json`; all a service needs beside the ONNX."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

from mlwright.data.schema import Column
from mlwright.data.task import Task
from mlwright.models.interval import ValueInterval


class Signature(BaseModel):
    """The border of a model. Immutable.

    The ONNX graph has one input per column of `inputs`, named as the column, shape [N, 1]: double for numbers and
    datetimes (missing is NaN), string for categories and text (missing is ""). Its outputs are, for classification,
    `label` (string [N]) and `probabilities` (float [N, classes], in the order of `classes`); for regression, `value`
    (float [N]).

    Attributes:
        name, version: Which model this is; the version is a content hash.
        classes: Labels in the order of the probabilities; empty for regression.
        label_type: How a label is written in a reply.
        positive: The class that `threshold` speaks of (binary only).
        threshold: The positive class is predicted at or above this probability (binary); a row is an anomaly at or
            above this value (anomaly).
        cuts: Classes that have an order: the class is the number of cuts that the expected place (the sum of each
            class's place times its probability) has reached; empty takes the most probable class.
        interval: The band around a predicted value; None gives none (regression only).
        group: The column whose rows are ranked against each other (ranking only); it is no input.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    version: str
    task: Task
    target: str
    inputs: tuple[Column, ...]
    classes: tuple[str, ...] = ()
    label_type: Literal["string", "integer", "boolean"] = "string"
    positive: str | None = None
    threshold: float | None = None
    interval: ValueInterval | None = None
    cuts: tuple[float, ...] = ()
    group: str | None = None

    def graph_input(self, column: str) -> str:
        """Return the name of the column's input in the ONNX graph: its own, unless the graph needs that one itself."""
        taken = column in ("label", "probabilities", "value") or column.startswith(("_", "input:"))
        return f"input:{column}" if taken else column
