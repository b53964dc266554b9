"""The column to predict: which task it makes, and its codes or values. Every bad target is refused with its reason."""

from collections import Counter
from dataclasses import dataclass
from typing import Literal

import numpy as np

from mlwright.base.errors import DataError
from mlwright.data.cells import category_text
from mlwright.data.columns import Array
from mlwright.data.dataset import Dataset
from mlwright.data.schema import Column, SemanticType
from mlwright.data.task import Task

LabelType = Literal["string", "integer", "boolean"]
_MOST_CLASSES = 200
_FEW_WHOLE_NUMBERS = 12  # grades, stars, counts of doors


@dataclass(frozen=True, slots=True)
class Target:
    """An encoded target.

    Attributes:
        codes_or_values: int64 class codes 0..C-1, or float64 values, shape (rows,).
        classes: Labels in the order of the codes; empty for regression.
        label_type: How a label is written in a reply.
    """

    codes_or_values: Array
    classes: tuple[str, ...]
    label_type: LabelType


def infer_task(dataset: Dataset) -> tuple[Task, str]:
    """Return the task that the target makes, and why.

    Raises:
        DataError: There is no target, or nothing to learn in it.
    """
    column = _target_column(dataset)
    values = dataset.frame[column.name].drop_nulls()
    different = values.n_unique() if len(values) else 0
    if different < 2:
        _refuse_constant(dataset, column)
    if column.type is SemanticType.DATETIME:
        raise DataError(
            f"The target '{column.name}' is a date; a number or classes were expected.",
            hint="predict a span instead, such as the days until that date.",
        )
    if different == 2:
        return Task.BINARY, f"'{column.name}' has two different values"
    if column.type is not SemanticType.NUMBER:
        return Task.MULTICLASS, f"'{column.name}' has {different} different labels"
    if column.integer and different <= _FEW_WHOLE_NUMBERS and different <= 0.2 * len(values):
        return Task.MULTICLASS, f"'{column.name}' has {different} different whole numbers, few enough to be classes"
    return Task.REGRESSION, f"'{column.name}' is a number with {different:,} different values"


def encode_target(dataset: Dataset, task: Task) -> Target:
    """Return codes or values of the target.

    Raises:
        DataError: No target; missing, constant or unusable values.
    """
    column = _target_column(dataset)
    _refuse_missing(dataset, column)
    if task.is_classification:
        return _classes(dataset, column, task)
    return _values(dataset, column)


def _target_column(dataset: Dataset) -> Column:
    column = dataset.schema.target
    if column is None:
        raise DataError(
            f"No column is the target; the table has {', '.join(dataset.schema.names[:12])}.",
            hint="set data.target in the brief to the column that is to be predicted.",
        )
    if not dataset.frame[column.name].drop_nulls().len():
        raise DataError(
            f"All {dataset.rows:,} values of the target '{column.name}' are missing.",
            hint="choose another target, or give rows whose outcome is known.",
        )
    return column


def _refuse_missing(dataset: Dataset, column: Column) -> None:
    missing = dataset.frame[column.name].is_null()
    count = int(missing.sum())
    if count:
        rows = ", ".join(str(int(row) + 1) for row in missing.arg_true().head(5).to_list())
        raise DataError(
            f"The target '{column.name}' is missing (empty, NaN or unreadable) in {count:,} of {dataset.rows:,} rows: "
            f"rows {rows}{', ...' if count > 5 else ''}.",
            hint="remove the rows whose outcome is unknown; they can be predicted later.",
        )


def _refuse_constant(dataset: Dataset, column: Column) -> None:
    value = dataset.frame[column.name].drop_nulls()[0]
    shown = category_text(value) if isinstance(value, str | float) else value
    raise DataError(
        f"The target '{column.name}' is always {shown!r}; at least two different values were expected.",
        hint="choose another target, or give rows with the other outcomes too.",
    )


def _classes(dataset: Dataset, column: Column, task: Task) -> Target:
    labels = [category_text(value) for value in dataset.frame[column.name].to_list()]
    counts = Counter(labels)
    if len(counts) < 2:
        _refuse_constant(dataset, column)
    _refuse_too_many(dataset, column, counts)
    if task is Task.BINARY and len(counts) != 2:
        raise DataError(
            f"The target '{column.name}' has {len(counts)} classes; two were expected.",
            hint="set kind to classification, or choose a target of two values.",
        )
    classes = _ordered(counts)
    code = {label: position for position, label in enumerate(classes)}
    return Target(np.array([code[label] for label in labels], dtype=np.int64), classes, _label_type(classes))


def _refuse_too_many(dataset: Dataset, column: Column, counts: Counter[str]) -> None:
    if len(counts) <= _MOST_CLASSES and len(counts) <= 0.5 * dataset.rows:
        return
    numeric = column.type is SemanticType.NUMBER
    raise DataError(
        f"The target '{column.name}' has {len(counts):,} different values in {dataset.rows:,} rows; "
        f"at most {_MOST_CLASSES} classes of several rows each were expected.",
        hint="set kind to regression." if numeric else "choose a column with fewer classes; this one reads as an id.",
    )


def _ordered(counts: Counter[str]) -> tuple[str, ...]:
    """Numbers by size, false before true, the rest by name; so that class 1 is the one usually meant."""
    try:
        return tuple(sorted(counts, key=float))
    except ValueError:
        return tuple(sorted(counts))


def _label_type(classes: tuple[str, ...]) -> LabelType:
    if set(classes) <= {"true", "false"}:
        return "boolean"
    whole = all(label.lstrip("-").isdecimal() and str(int(label)) == label for label in classes)
    return "integer" if whole else "string"


def _values(dataset: Dataset, column: Column) -> Target:
    if column.type is not SemanticType.NUMBER:
        examples = ", ".join(repr(value) for value in dataset.frame[column.name].unique().sort().head(3).to_list())
        raise DataError(
            f"The target '{column.name}' holds {column.type} such as {examples}; numbers were expected for regression.",
            hint="set kind to classification, or choose a column of numbers.",
        )
    values = np.array(dataset.frame[column.name].to_numpy(), dtype=np.float64)
    if np.ptp(values) == 0:
        _refuse_constant(dataset, column)
    return Target(values, (), "string")
