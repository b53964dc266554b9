"""What every trial of one search is fitted on."""

from dataclasses import dataclass

import numpy as np

from mlwright.data.columns import Array, Columns
from mlwright.data.schema import Column, SemanticType
from mlwright.models.protocol import Facts
from mlwright.models.signature import Task
from mlwright.models.tabular.shapes import target_facts

Fold = tuple[Array, Array]  # indices of the training rows and of the validation rows


@dataclass(frozen=True, slots=True)
class TrainingTable:
    """Training rows in their normal form, and how they are cross-validated.

    Attributes:
        columns: Every input column, n rows.
        y: int64 class codes 0..C-1, or float64 values, shape (n,).
        weight: Row weights, float64, shape (n,), or None.
        inputs: The columns a model may look at.
        classes: Labels in the order of the codes; empty for regression.
        folds: Made by `data/splits.py`. Rows may be in several validation sets (repeats: their predictions are
            averaged) or in none (hold-out: they are not scored).
        metric: Name in `METRICS`.
        groups: Rows of one group must stay together when training rows are parted again; None: any row may go anywhere.
        order: Time of each row; when given, training rows are parted by it, the latest set aside.
        queries: Code of each row's query, int64, shape (n,), where rows are ranked within a query; None elsewhere.
    """

    columns: Columns
    y: Array
    weight: Array | None
    inputs: tuple[Column, ...]
    task: Task
    classes: tuple[str, ...]
    folds: tuple[Fold, ...]
    metric: str
    groups: Array | None = None
    order: Array | None = None
    queries: Array | None = None

    @property
    def rows(self) -> int:
        return len(self.y)


def facts_of(table: TrainingTable) -> Facts:
    """Return what portfolios are chosen by."""
    categories = sum(column.type is SemanticType.CATEGORY for column in table.inputs)
    missing = [_missing_share(table.columns[column.name]) for column in table.inputs]
    minority = 1.0
    if table.task.is_classification:
        minority = float(np.bincount(table.y, minlength=len(table.classes)).min() / len(table.y))
    return Facts(
        task=table.task,
        rows=table.rows,
        features=len(table.inputs),
        categories=categories,
        classes=len(table.classes),
        missing_share=float(np.mean(missing)) if missing else 0.0,
        minority_share=minority,
        **target_facts(table.y, table.task, table.metric),
    )


def _missing_share(values: Array) -> float:
    return float(np.mean(values == "") if values.dtype == object else np.mean(np.isnan(values)))
