"""The leak battery: always on, deterministic, and failing closed. A check that cannot run counts as failed.

Each check gives at least one finding; "info" says that it ran and found nothing to act on, with its numbers.
"""

from mlwright.data import leak_columns, leak_models, leak_rows
from mlwright.data.dataset import Dataset
from mlwright.data.findings import Finding
from mlwright.data.leak_case import Check, FitPredict, LeakCase, LeakPlan, case_of
from mlwright.data.splits import Split

__all__ = ["FitPredict", "LeakPlan", "battery", "check_leaks"]


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


def battery() -> dict[str, Check]:
    """Return the checks by name, in the order in which they run."""
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
