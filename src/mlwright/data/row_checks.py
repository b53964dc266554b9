"""What of the leak battery makes sense without a target: whether rows of the test were seen in training."""

import numpy as np

from mlwright.data import leak_rows
from mlwright.data.dataset import Dataset
from mlwright.data.findings import Finding
from mlwright.data.leak_case import LeakCase, LeakPlan
from mlwright.data.splits import Split, fold_arrays


def check_rows(dataset: Dataset, split: Split, plan: LeakPlan) -> tuple[Finding, ...]:
    """Look for copies, near copies, entities and times on both sides of the split."""
    units = fold_arrays(dataset, "group").groups
    none = np.zeros(dataset.rows)  # the checks of rows never look at a target
    case = LeakCase(dataset, split, plan, none, np.arange(dataset.rows) if units is None else units)
    checks = (leak_rows.exact_duplicates, leak_rows.near_duplicates, leak_rows.entity_overlap, leak_rows.time_overlap)
    return tuple(finding for check in checks for finding in check(case))
