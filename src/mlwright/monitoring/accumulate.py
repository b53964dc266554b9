"""Counting current rows in batches: a file larger than memory is checked as a small one is."""

from collections.abc import Mapping

import numpy as np

from mlwright.base.errors import DataError
from mlwright.data.columns import Array, Columns, row_count
from mlwright.monitoring.baseline import (
    Baseline,
    ColumnBaseline,
    count_levels,
    encode_labels,
    known_numbers,
    prediction_columns,
)
from mlwright.monitoring.drift import LevelCounts, NumberCounts
from mlwright.monitoring.duplicates import RowHashes
from mlwright.monitoring.performance import LabelledRows

Counts = NumberCounts | LevelCounts | None


class ColumnCounts:
    """One column of the current rows; its size does not grow with them."""

    def __init__(self, column: ColumnBaseline) -> None:
        self.column = column
        self.rows = 0
        self.missing = 0
        self.counts: Counts = None
        if column.levels is not None:
            self.counts = LevelCounts()
        elif column.numbers is not None:
            self.counts = NumberCounts(np.zeros(len(column.numbers.points) + 1, dtype=np.int64))

    def add(self, values: Array) -> None:
        """Count a batch of cells in normal form."""
        self.rows += len(values)
        if self.column.kind == "category":
            levels, missing = count_levels(self.column.name, values)
            if isinstance(self.counts, LevelCounts) and self.column.levels is not None:
                self.counts.add(levels, self.column.levels)
        else:
            known, missing = known_numbers(self.column.name, self.column.kind, values)
            if isinstance(self.counts, NumberCounts) and self.column.numbers is not None:
                self.counts.add(known, self.column.numbers)
        self.missing += missing


class Accumulator:
    """The current rows, counted against a baseline in bounded memory.

    Pass it to `mlwright.monitoring.alerts.judge` when all batches are in.
    """

    def __init__(self, baseline: Baseline, *, seed: int = 0) -> None:
        self.baseline = baseline
        self.rows = 0
        self.columns = {column.name: ColumnCounts(column) for column in baseline.columns}
        self.predictions = {column.name: ColumnCounts(column) for column in baseline.predictions}
        self.absent: set[str] = set()
        self.hashes = RowHashes()
        self.labelled = LabelledRows(seed)

    def add(self, columns: Columns, predictions: Array | None = None, labels: Array | None = None) -> None:
        """Count a batch of rows.

        Args:
            columns: In normal form; columns that the baseline does not know are ignored.
            predictions: Of the model on these rows: probabilities (n, C) or (n,), or values (n,).
            labels: Truth where it is known: codes, class labels or values, shape (n,); needs predictions.

        Raises:
            DataError: Lengths differ, a column is not in normal form, or a label is no class.
        """
        rows = row_count(columns)
        for what, given in (("predictions", predictions), ("labels", labels)):
            if given is not None and len(given) != rows:
                raise DataError(f"There are {rows} rows and {len(given)} {what}.", hint="pass one of each per row.")
        if labels is not None and predictions is None:
            raise DataError("Labels came without predictions.", hint="pass the predictions of the same rows.")
        self.rows += rows
        present = [name for name in self.columns if name in columns]
        self.absent |= set(self.columns) - set(present)
        for name in present:
            self.columns[name].add(columns[name])
        self.hashes.add([columns[name] for name in present])
        if predictions is not None:
            self._add_predictions(np.asarray(predictions, dtype=np.float64), labels)

    def _add_predictions(self, predictions: Array, labels: Array | None) -> None:
        baseline = self.baseline
        named: Mapping[str, Array] = prediction_columns(predictions, baseline.task, baseline.classes)
        for name, counts in self.predictions.items():
            if name in named:
                counts.add(named[name])
        if labels is not None:
            self.labelled.add(encode_labels(labels, baseline.task, baseline.classes), predictions)
