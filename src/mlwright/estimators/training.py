"""The table of the search from encoded rows: what weighs nothing goes, and copies of a row become one row."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from mlwright.data.columns import Array, Columns, take
from mlwright.data.schema import Schema
from mlwright.data.splits import FoldArrays, copies_are_natural
from mlwright.data.task import Task
from mlwright.estimators.rows import InvalidInput
from mlwright.tuning.fit import table_folds
from mlwright.tuning.table import TrainingTable

if TYPE_CHECKING:
    import polars as pl

_LEAST_UNITS = 2
_MANY_ROWS = 1_000


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows to learn from.

    Attributes:
        y: Class codes, int64, or values, float64, shape (n,).
        weight: float64, shape (n,), or None.
        groups: int64, shape (n,): rows of one number stay together; or None.
    """

    columns: Columns
    y: Array
    weight: Array | None = None
    groups: Array | None = None

    def take(self, rows: Array) -> "Rows":
        """Return the rows at these positions."""
        return Rows(
            columns=take(self.columns, rows),
            y=self.y[rows],
            weight=None if self.weight is None else self.weight[rows],
            groups=None if self.groups is None else self.groups[rows],
        )


@dataclass(frozen=True, slots=True)
class Problem:
    """What the rows are for."""

    schema: Schema
    task: Task
    classes: tuple[str, ...]
    metric: str
    seed: int


def training_table(rows: Rows, problem: Problem) -> TrainingTable:
    """Return the table of the search, with its folds.

    A row of weight 2 is the same as the row given twice, and one of weight 0 the same as none: the same model comes of
    both. For that, copies are put together and the rows brought into one order; it also keeps copies in one fold.
    """
    rows = without_copies(rows)
    units = len(rows.y) if rows.groups is None else len(np.unique(rows.groups))
    if units < _LEAST_UNITS:
        raise InvalidInput(
            f"There is {'1 sample' if rows.groups is None else '1 group of samples'} (n_samples = {len(rows.y)}) that "
            "counts and differs from the others; two were expected: one to learn from, one to check with.",
            hint="give at least some dozens of rows.",
        )
    return TrainingTable(
        columns={column.name: rows.columns[column.name] for column in problem.schema.inputs},
        y=rows.y,
        weight=rows.weight,
        inputs=problem.schema.inputs,
        task=problem.task,
        classes=problem.classes,
        folds=table_folds(FoldArrays(rows.y, rows.groups), problem.seed),
        metric=problem.metric,
        groups=rows.groups,
    )


def without_copies(rows: Rows) -> Rows:
    """Return each different row once, with the sum of its copies' weights, whose mean is 1.

    Rows without a copy or a weight stay as and where they are. So do those of a table so coarse that the same row comes
    again and again: there a copy can't be told from a new row. And so do those of a table with many rows: that some
    come twice is how its rows come, those to be predicted too, and models that remember them must not be judged
    without.
    """
    if rows.weight is not None:
        rows = rows.take(np.flatnonzero(rows.weight > 0))
    elif len(rows.y) > _MANY_ROWS:
        return rows
    frame = _frame(rows)
    if rows.weight is None and not frame.is_duplicated().any():
        return rows
    first, order = _copies(frame)
    weight = np.ones(len(rows.y)) if rows.weight is None else rows.weight
    if not copies_are_natural(first):
        position = np.empty(len(first), dtype=np.int64)
        position[order] = np.arange(len(order))
        weight = np.bincount(position[first], weights=weight, minlength=len(order))
        rows = rows.take(order)
    even = bool((weight == weight[0]).all())
    return replace(rows, weight=None if even else weight / weight.mean())


def _frame(rows: Rows) -> "pl.DataFrame":
    import polars as pl

    series = [
        pl.Series(f"c{number}", values.tolist() if values.dtype == object else values + 0.0)  # -0.0 is 0.0
        for number, values in enumerate(rows.columns.values())
    ]
    series.append(pl.Series("y", rows.y))
    if rows.groups is not None:
        series.append(pl.Series("groups", rows.groups))
    return pl.DataFrame(series)


def _copies(frame: "pl.DataFrame") -> tuple[Array, Array]:
    """Return for each row the first that is equal to it, and those first rows in the order of their cells."""
    import polars as pl

    names = frame.columns
    counted = frame.with_row_index("row").with_columns(pl.col("row").cast(pl.Int64))
    first = counted.select(pl.col("row").min().over(names)).to_series().to_numpy()
    unique = counted.filter(pl.Series(first) == pl.col("row")).sort(names)
    return first, unique["row"].to_numpy()
