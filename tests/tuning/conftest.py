"""Small real tables, cross-validated."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from mlwright.base.seeds import generator
from mlwright.data.columns import Array
from mlwright.data.schema import Column, SemanticType
from mlwright.models.signature import Task
from mlwright.tuning.table import Fold, TrainingTable


def folds_of(rows: int, parts: int = 3, seed: int = 0) -> tuple[Fold, ...]:
    part = generator(seed, "folds").permutation(rows) % parts
    return tuple((np.flatnonzero(part != k), np.flatnonzero(part == k)) for k in range(parts))


def table_of(X: Array, y: Array, task: Task, metric: str) -> TrainingTable:
    columns = {f"x{index}": np.ascontiguousarray(X[:, index], dtype=np.float64) for index in range(X.shape[1])}
    inputs = tuple(Column(name=name, type=SemanticType.NUMBER) for name in columns)
    classes = () if task is Task.REGRESSION else tuple(f"class {code}" for code in range(int(y.max()) + 1))
    y = y.astype(np.float64 if task is Task.REGRESSION else np.int64)
    return TrainingTable(columns, y, None, inputs, task, classes, folds_of(len(y)), metric)


@pytest.fixture(scope="session")
def tumours() -> TrainingTable:
    from sklearn.datasets import load_breast_cancer

    bunch = load_breast_cancer()
    return table_of(bunch.data[:, :10], bunch.target, Task.BINARY, "log_loss")


@pytest.fixture(scope="session")
def wines() -> TrainingTable:
    from sklearn.datasets import load_wine

    bunch = load_wine()
    return table_of(bunch.data, bunch.target, Task.MULTICLASS, "log_loss")


@pytest.fixture(scope="session")
def diabetes() -> TrainingTable:
    from sklearn.datasets import load_diabetes

    bunch = load_diabetes()
    return table_of(bunch.data, bunch.target, Task.REGRESSION, "rmse")


@pytest.fixture(scope="session")
def noise() -> Callable[[int], TrainingTable]:
    """Make a table whose labels have nothing to do with its columns; x0 is the row's number."""

    def make(rows: int) -> TrainingTable:
        random = generator(0, "noise")
        X = np.column_stack([np.arange(rows), random.normal(size=(rows, 5))])
        return table_of(X, random.permutation(np.arange(rows) % 2), Task.BINARY, "roc_auc")

    return make


@pytest.fixture(scope="session")
def contents() -> Callable[[Path], dict[str, bytes]]:
    """Return the files of a folder by relative path, times left out."""

    def read(folder: Path) -> dict[str, bytes]:
        files = (path for path in sorted(folder.rglob("*")) if path.is_file() and path.name != "times.json")
        return {str(path.relative_to(folder)): path.read_bytes() for path in files}

    return read
