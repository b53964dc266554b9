"""Prepared matrices of folds, fitted once per fold and flavour and shared by the trials of a search."""

from collections import OrderedDict
from dataclasses import dataclass
from typing import Literal

import numpy as np

from mlwright.base.seeds import derive_seed, generator
from mlwright.data.columns import Array, take
from mlwright.features.preparation import Preparation, PreparationPlan, fit_preparation
from mlwright.models.protocol import FitData
from mlwright.models.signature import Task
from mlwright.tuning.table import TrainingTable

Flavour = Literal["tree", "linear"]

_MIN_ROWS_APART = 1_000  # fewer training rows: a part of them would be too small to stop by, and would be missed
_SHARE_APART = 0.1
_MAX_ROWS_APART = 5_000
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

    def get(self, flavour: Flavour, index: int) -> PreparedFold:
        """Return fold number `index` prepared in the flavour."""
        key = (flavour, index)
        if key not in self._kept:
            self._kept[key] = self._fit(flavour, index)
            while len(self._kept) > 1 and sum(_bytes(fold) for fold in self._kept.values()) > self.max_bytes:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        return self._kept[key]

    def _fit(self, flavour: Flavour, index: int) -> PreparedFold:
        train, valid = self.table.folds[index]
        plan = PreparationPlan(
            inputs=self.table.inputs,
            flavour=flavour,
            task=self.table.task,
            seed=derive_seed(self.seed, "preparation", flavour, index),
        )
        preparation, matrix = fit_preparation(take(self.table.columns, train), self.table.y[train], plan)
        return PreparedFold(preparation, matrix, preparation.transform(take(self.table.columns, valid)))


def early_stopping_data(table: TrainingTable, index: int, fold: PreparedFold, seed: int) -> tuple[FitData, FitData]:
    """Return the rows a fold's estimator is fitted on, and those by which it stops.

    Stopping by the fold's own validation rows would choose the number of rounds on the rows that are then scored: the
    out-of-fold score would come out too good, and boosting would look better than the families that don't stop. So a
    tenth of the training rows (5,000 at most) is set aside for it: whole groups, or the latest rows, where the table
    says so. Under 1,000 training rows such a part is too small to stop by and too dear to miss; there the validation
    rows are used, and the bias, well under one standard error of the score, is accepted.
    """
    train, valid = table.folds[index]
    apart = _apart(table, train, derive_seed(seed, "early_stopping", index))
    # A class may be in none of these rows, and still wants its column.
    weight, classes = table.weight, len(table.classes)
    if apart is None:
        return (
            FitData(fold.train, table.y[train], _part(weight, train), classes, _part(table.queries, train)),
            FitData(fold.valid, table.y[valid], _part(weight, valid), classes, _part(table.queries, valid)),
        )
    parts = (~apart, apart)
    fit, stop = (
        FitData(
            fold.train[part],
            table.y[train][part],
            _part(weight, train[part]),
            classes,
            _part(table.queries, train[part]),
        )
        for part in parts
    )
    return fit, stop


def whole_fold(table: TrainingTable, index: int, fold: PreparedFold) -> FitData:
    """Return all training rows of a fold, for families that don't stop early."""
    train, _ = table.folds[index]
    weight, queries = _part(table.weight, train), _part(table.queries, train)
    return FitData(fold.train, table.y[train], weight, len(table.classes), queries)


def _part(values: Array | None, rows: Array) -> Array | None:
    return None if values is None else values[rows]


def _apart(table: TrainingTable, train: Array, seed: int) -> Array | None:
    """Return the mask of the training rows set aside, or None when there are too few."""
    rows = len(train)
    if rows < _MIN_ROWS_APART:
        return None
    wanted = min(int(rows * _SHARE_APART), _MAX_ROWS_APART)
    if table.order is not None:
        rank = np.empty(rows, dtype=np.int64)
        rank[np.argsort(table.order[train], kind="stable")] = np.arange(rows)
        mask = rank >= rows - wanted
    elif table.groups is not None:
        mask = _whole_groups(table.groups[train], wanted, seed)
    else:
        mask = _spread(table.y[train], table.task, wanted, seed)
    return mask if _usable(table, train, mask) else None


def _whole_groups(groups: Array, wanted: int, seed: int) -> Array:
    names, codes, counts = np.unique(groups, return_inverse=True, return_counts=True)
    order = generator(seed, "groups").permutation(len(names))
    before = np.concatenate([[0], np.cumsum(counts[order])[:-1]])
    return np.isin(codes, order[before < wanted])


def _spread(y: Array, task: Task, wanted: int, seed: int) -> Array:
    """Take every k-th row in the order of the target (ties shuffled): stratified for classes and for values."""
    shuffled = generator(seed, "rows").permutation(len(y))
    order = shuffled[np.argsort(y[shuffled], kind="stable")]
    mask = np.zeros(len(y), dtype=bool)
    mask[order[np.linspace(0, len(y) - 1, wanted).round().astype(np.int64)]] = True
    if task.is_classification:  # a class must never leave the training rows
        for code in np.unique(y):
            if not np.any(~mask & (y == code)):
                mask[np.flatnonzero(y == code)[0]] = False
    return mask


def _usable(table: TrainingTable, train: Array, mask: Array) -> bool:
    """Return whether both parts have rows enough, and the part to train on every class."""
    if not table.task.is_classification:
        return bool(mask.sum() >= 2 and (~mask).sum() >= 2)
    y = table.y[train]
    return bool(mask.any() and len(np.unique(y[~mask])) == len(np.unique(y)))


def _bytes(fold: PreparedFold) -> int:
    return fold.train.nbytes + fold.valid.nbytes
