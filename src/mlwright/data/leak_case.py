"""What the checks of the leak battery get."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from mlwright.data.columns import Array, Columns
from mlwright.data.dataset import Dataset
from mlwright.data.findings import Finding
from mlwright.data.splits import Split, fold_arrays
from mlwright.data.target import encode_target
from mlwright.data.task import Task

# (training columns, training y, columns to score, seed) -> probabilities (n, C) or values (n,)
FitPredict = Callable[[Columns, Array, Columns, int], Array]


@dataclass(frozen=True, slots=True)
class LeakPlan:
    """How the battery runs.

    Attributes:
        task: What is predicted.
        seed: Of samples, folds and shuffles.
        parts: (file, rows) in the order of the dataset's rows, as `Raw.parts` has them.
        max_rows: At most so many rows are looked at by the checks that fit models.
        threads: For those checks.
        fit_predict: The pipeline that the permuted-label run is to try; a quick one by default.
    """

    task: Task
    seed: int = 0
    parts: tuple[tuple[str, int], ...] = ()
    max_rows: int = 5_000
    threads: int = 1
    fit_predict: FitPredict | None = None


@dataclass(frozen=True, slots=True)
class LeakCase:
    """What every check gets: the whole table, its split, the plan; of all rows y (codes or values) and the units
    (copies and groups) that stay together.
    """

    dataset: Dataset
    split: Split
    plan: LeakPlan
    y: Array
    units: Array


Check = Callable[[LeakCase], list[Finding]]


def case_of(dataset: Dataset, split: Split, plan: LeakPlan) -> LeakCase:
    """Return what the checks get.

    Raises:
        DataError: The target cannot be used.
    """
    units = fold_arrays(dataset, "group").groups
    y = encode_target(dataset, plan.task).codes_or_values
    return LeakCase(dataset, split, plan, y, np.arange(dataset.rows) if units is None else units)
