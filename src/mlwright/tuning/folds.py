"""Prepared matrices of folds, fitted once per fold and flavour and shared by the trials of a search."""

from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock
from typing import Literal

import numpy as np

from mlwright.base.seeds import derive_seed
from mlwright.data.columns import Array, take
from mlwright.features.preparation import Preparation, PreparationPlan, fit_preparation
from mlwright.models.protocol import FitData
from mlwright.tuning.table import TrainingTable

Flavour = Literal["tree", "linear"]

_MAX_BYTES_KEPT = 512 * 2**20


@dataclass(frozen=True, slots=True)
class PreparedFold:
    """One fold's preparation, fitted on its training rows only, and both its matrices."""

    preparation: Preparation
    train: Array
    valid: Array


class PreparedFolds:
    """Gives `PreparedFold`s of one table, keeping the latest within a memory limit.

    Seeds depend on the fold alone, so two trials of one flavour have equal preparations, and the exported graph needs
    each once.
    """

    def __init__(self, table: TrainingTable, seed: int, max_bytes: int = _MAX_BYTES_KEPT) -> None:
        self.table = table
        self.seed = seed
        self.max_bytes = max_bytes
        self._kept: OrderedDict[tuple[str, int], PreparedFold] = OrderedDict()
        self._lock = Lock()

    def get(self, flavour: Flavour, index: int) -> PreparedFold:
        """Return fold number `index` prepared in the flavour. Several threads may ask at once."""
        key = (flavour, index)
        with self._lock:
            if key not in self._kept:
                self._kept[key] = self._fit(flavour, index, *self.table.folds[index])
                while len(self._kept) > 1 and sum(_bytes(fold) for fold in self._kept.values()) > self.max_bytes:
                    self._kept.popitem(last=False)
            self._kept.move_to_end(key)
            return self._kept[key]

    def whole(self, flavour: Flavour) -> PreparedFold:
        """Return all rows prepared as one training part; there is nothing to validate on."""
        return self._fit(flavour, "all", np.arange(self.table.rows), np.arange(0))

    def _fit(self, flavour: Flavour, name: int | str, train: Array, valid: Array) -> PreparedFold:
        plan = PreparationPlan(
            inputs=self.table.inputs,
            flavour=flavour,
            task=self.table.task,
            seed=derive_seed(self.seed, "preparation", flavour, name),
        )
        preparation, matrix = fit_preparation(take(self.table.columns, train), self.table.y[train], plan)
        return PreparedFold(preparation, matrix, preparation.transform(take(self.table.columns, valid)))


def stopping_data(table: TrainingTable, index: int, fold: PreparedFold) -> tuple[FitData, FitData]:
    """Return the rows a fold's estimator is fitted on, and those by which it may stop: see `run_trial`."""
    return whole_fold(table, index, fold), _rows(table, fold.valid, table.folds[index][1])


def whole_fold(table: TrainingTable, index: int, fold: PreparedFold) -> FitData:
    """Return the training rows of a fold, for families that don't stop early."""
    return _rows(table, fold.train, table.folds[index][0])


def whole_table(table: TrainingTable, prepared: PreparedFold) -> FitData:
    """Return all rows, for families that are refitted on them."""
    return _rows(table, prepared.train, np.arange(table.rows))


def _rows(table: TrainingTable, matrix: Array, rows: Array) -> FitData:
    weight, queries = _part(table.weight, rows), _part(table.queries, rows)
    return FitData(matrix, table.y[rows], weight, len(table.classes), queries)


def _part(values: Array | None, rows: Array) -> Array | None:
    return None if values is None else values[rows]


def _bytes(fold: PreparedFold) -> int:
    return fold.train.nbytes + fold.valid.nbytes
