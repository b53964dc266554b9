"""What the run knows of the problem once the data has been read; every later tool takes it."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

from mlwright.brief.schema import Assumption
from mlwright.data.schema import Schema
from mlwright.models.signature import Task


class Understanding(BaseModel):
    """The problem in typed form.

    Attributes:
        classes: Labels in the order of the codes 0..C-1; empty for regression.
        metric: The headline metric, by which candidates are compared.
        rows, features: Of the whole table.
        table: The columns as read; leaks may drop some later.
        assumptions: What the brief left open.
        labelled: Whether the target is a column of the table; without, it is the name of what is found (clusters,
            anomalies) and nobody knows the truth.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    task: Task
    target: str
    classes: tuple[str, ...]
    label_type: Literal["string", "integer", "boolean"]
    metric: str
    rows: int
    features: int
    table: Schema
    assumptions: tuple[Assumption, ...] = ()
    labelled: bool = True
