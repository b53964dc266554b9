"""The leak battery: always on, deterministic, and failing closed. A check that cannot run counts as failed.

Each check gives at least one finding; "info" says that it ran and found nothing to act on, with its numbers.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from mlwright.data.columns import Array, Columns
from mlwright.data.dataset import Dataset
from mlwright.data.findings import Finding
from mlwright.data.splits import Split, fold_arrays
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


def check_leaks(dataset: Dataset, split: Split, plan: LeakPlan) -> tuple[Finding, ...]:
    """Run the whole battery on a split table that has its target.

    An "error" says that a score on this split would not be honest.

    Raises:
        DataError: The target cannot be used.
    """
    case = case_of(dataset, split, plan)
    findings: list[Finding] = []
    for name, check in battery().items():
        findings += _closed(name, check, case)
    return tuple(findings)


def case_of(dataset: Dataset, split: Split, plan: LeakPlan) -> LeakCase:
    """Return what the checks get.

    Raises:
        DataError: The target cannot be used.
    """
    from mlwright.data.target import encode_target

    units = fold_arrays(dataset, "group").groups
    y = encode_target(dataset, plan.task).codes_or_values
    return LeakCase(dataset, split, plan, y, np.arange(dataset.rows) if units is None else units)


def battery() -> dict[str, Check]:
    """Return the checks by name, in the order in which they run."""
    from mlwright.data import leak_columns, leak_models, leak_rows

    return {
        "exact_duplicates": leak_rows.exact_duplicates,
        "near_duplicates": leak_rows.near_duplicates,
        "entity_overlap": leak_rows.entity_overlap,
        "time_overlap": leak_rows.time_overlap,
        "target_copies": leak_columns.target_copies,
        "target_proxies": leak_columns.target_proxies,
        "row_order": leak_columns.row_order,
        "file_names": leak_columns.file_names,
        "adversarial_validation": leak_models.adversarial_validation,
        "permuted_labels": leak_models.permuted_labels,
    }


def _closed(name: str, check: Check, case: LeakCase) -> list[Finding]:
    try:
        return check(case)
    except Exception as exc:
        return [
            Finding(
                check=name,
                severity="error",
                message=f"The check '{name}' could not run ({type(exc).__name__}: {exc}); a leak cannot be ruled out.",
                hint="mend the cause, or report it; the run stops rather than trust an unchecked split.",
            )
        ]
