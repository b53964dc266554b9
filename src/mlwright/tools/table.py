"""The training part as the search takes it: built in one place, so that every tool has the same rows and folds."""

from typing import TYPE_CHECKING, Any

from mlwright.data.columns import Array
from mlwright.data.schema import Role, Schema
from mlwright.data.task import Task
from mlwright.tools.understanding import Understanding

if TYPE_CHECKING:
    from mlwright.data.dataset import Dataset
    from mlwright.tuning.table import Fold, TrainingTable


def dataset_of(frame: Any, schema: Any) -> "Dataset":
    """Return the dataset of a stored frame and a stored schema; columns that the frame lacks are left out."""
    from mlwright.data.dataset import Dataset

    known = Schema.model_validate(schema)
    kept = tuple(column for column in known.columns if column.name in frame.columns)
    return Dataset(frame=frame, schema=Schema(columns=kept))


def encoded_target(frame: Any, understanding: Understanding) -> Array:
    """Return the target as class codes, int64, or values, float64, shape (rows,)."""
    import numpy as np

    from mlwright.data.cells import category_text

    cells = frame[understanding.target]
    if not understanding.classes:
        return np.array(cells.to_numpy(), dtype=np.float64)
    code = {label: position for position, label in enumerate(understanding.classes)}
    return np.array([code[category_text(value)] for value in cells.to_list()], dtype=np.int64)


def training_table(frame: Any, schema: Any, understanding: Understanding, seed: int) -> "TrainingTable":
    """Return columns, target, weights and folds of the training part."""
    from mlwright.data.graded import query_codes
    from mlwright.data.splits import fold_arrays
    from mlwright.tuning.table import TrainingTable

    dataset = dataset_of(frame, schema)
    weights = dataset.schema.with_role(Role.WEIGHT)
    arrays = fold_arrays(dataset)
    y = encoded_target(frame, understanding)
    return TrainingTable(
        columns=dataset.columns([column.name for column in dataset.schema.inputs]),
        y=y,
        weight=dataset.columns([weights[0].name])[weights[0].name] if weights else None,
        inputs=dataset.schema.inputs,
        task=understanding.task.learned_as,
        classes=understanding.classes,
        folds=training_folds(dataset, seed, y),
        metric=understanding.metric,
        groups=arrays.groups,
        order=arrays.time,
        queries=query_codes(dataset) if understanding.task is Task.RANKING else None,
    )


def training_folds(dataset: "Dataset", seed: int, y: Array) -> "tuple[Fold, ...]":
    """Return the folds of a training part; another seed gives other folds by the same rules.

    Args:
        y: Class codes of the rows, int64, or values, float64.
    """
    from dataclasses import replace

    from mlwright.data.rare_classes import lone_rows_to_training
    from mlwright.data.splits import FoldPlan, fold_arrays, folds
    from mlwright.tuning.fit import fold_count

    arrays = fold_arrays(dataset)
    units = dataset.rows if arrays.groups is None else len(set(arrays.groups.tolist()))
    plan = FoldPlan(k=min(fold_count(dataset.rows), max(2, units)), seed=seed)
    if y.dtype.kind != "i":
        return folds(dataset, plan)
    arrays = replace(arrays, y=y)
    return lone_rows_to_training(folds(arrays, plan), arrays)
