"""The monitor's own test, part of every delivery: injected drift raises an alarm, fresh rows of the same kind don't."""

from collections.abc import Callable, Sequence

import numpy as np
from pydantic import BaseModel, ConfigDict

from mlwright.base.errors import DataError
from mlwright.base.seeds import generator
from mlwright.data.columns import Array, Columns, row_count, take
from mlwright.data.schema import Column
from mlwright.models.signature import Task
from mlwright.monitoring.alerts import check
from mlwright.monitoring.baseline import Baseline, ColumnBaseline, make_baseline
from mlwright.monitoring.config import MonitorConfig
from mlwright.monitoring.findings import MonitorReport, Severity

_SHIFTS = (0.25, 0.5, 1.0, 2.0, 4.0)  # standard deviations of a number; a category moves the share below
_SHARES = (0.02, 0.05, 0.1, 0.25, 0.5)


class Injection(BaseModel):
    """One shift that was tried. Immutable.

    Attributes:
        size: Standard deviations added to a number, or the share of rows of a category set to a new level.
        detected: The severity rose to an alarm and the shifted column is among its reasons.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    size: float
    severity: Severity
    detected: bool
    findings: tuple[str, ...]


class DriftSelfTest(BaseModel):
    """The evidence. Immutable.

    Attributes:
        passed: Some injected shift raised an alarm, and the fresh rows raised nothing above `ok`.
        column, unit: What was shifted, and the unit of the sizes.
        smallest_detected: The smallest shift that raised an alarm, None for none.
        fresh: Severity of the untouched fresh rows, and their findings.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    passed: bool
    column: str
    unit: str
    smallest_detected: float | None
    injections: tuple[Injection, ...]
    fresh: Severity
    fresh_findings: tuple[str, ...]
    reference_rows: int
    fresh_rows: int


def drift_self_test(
    reference: Columns,
    fresh: Columns | None,
    inputs: Sequence[Column],
    config: MonitorConfig | None = None,
    *,
    predict: Callable[[Columns], Array] | None = None,
    task: Task = Task.REGRESSION,
    seed: int = 0,
) -> DriftSelfTest:
    """Inject a shift into one column of fresh rows and see whether the monitor notices, and only then.

    Args:
        reference: Rows that the baseline is made of.
        fresh: Other rows of the same distribution, drawn without return; None takes a random third of the reference.
            Rows of a later time are not of the same distribution: pass None where the split is by time.
        inputs: What the columns are.
        config: Limits.
        predict: The model, so that prediction drift is watched too.
        task: What the model predicts.
        seed: Of the random third and of the rows that a category's shift touches.

    Raises:
        DataError: Nothing can be shifted, or there are no rows.
    """
    if fresh is None:
        order = generator(seed, "self test split").permutation(row_count(reference))
        cut = max(1, len(order) // 3)
        reference, fresh = take(reference, np.sort(order[cut:])), take(reference, np.sort(order[:cut]))
    baseline = make_baseline(reference, inputs, predict(reference) if predict else None, task)
    return self_test_against(baseline, fresh, config, predict=predict, seed=seed)


def self_test_against(
    baseline: Baseline,
    fresh: Columns,
    config: MonitorConfig | None = None,
    *,
    predict: Callable[[Columns], Array] | None = None,
    seed: int = 0,
) -> DriftSelfTest:
    """Run the self-test against a baseline that was made before; see `drift_self_test`.

    Raises:
        DataError: Nothing can be shifted, or there are no rows.
    """
    config = config or MonitorConfig()
    column = _to_shift(baseline, config)
    watched = predict if baseline.predictions else None
    plain = check(fresh, baseline, config, watched(fresh) if watched else None)
    tried: list[Injection] = []
    for step in range(len(_SHIFTS)):
        shifted = {**fresh, column.name: _shifted(fresh[column.name], column, step, seed)}
        size = _SHARES[step] if column.kind == "category" else _SHIFTS[step]
        tried.append(
            _outcome(size, check(shifted, baseline, config, watched(shifted) if watched else None), column.name)
        )
    detected = [item.size for item in tried if item.detected]
    return DriftSelfTest(
        passed=bool(detected) and plain.severity is Severity.OK,
        column=column.name,
        unit="share of rows" if column.kind == "category" else "standard deviations",
        smallest_detected=min(detected, default=None),
        injections=tuple(tried),
        fresh=plain.severity,
        fresh_findings=tuple(finding.message for finding in plain.findings),
        reference_rows=baseline.rows,
        fresh_rows=row_count(fresh),
    )


def _to_shift(baseline: Baseline, config: MonitorConfig) -> ColumnBaseline:
    """The number with the most different values, then the category with the most rows known."""
    usable = [column for column in baseline.columns if column.name not in config.ignore]
    major = [c for c in usable if c.importance is None or c.importance >= config.minor_importance] or usable
    numbers = [c for c in major if c.kind == "number" and c.numbers is not None and c.numbers.sd > 0]
    if numbers:
        return max(numbers, key=lambda c: (c.numbers.distinct if c.numbers else 0, c.rows - c.missing))
    levels = [c for c in major if c.kind == "category" and c.levels is not None and c.levels.rows > 0]
    if not levels:
        raise DataError(
            "No number that varies and no category is among the inputs, so no drift can be injected.",
            hint="watch such a model by its predictions.",
        )
    return max(levels, key=lambda c: c.rows - c.missing)


def _shifted(values: Array, column: ColumnBaseline, step: int, seed: int) -> Array:
    if column.kind == "number" and column.numbers is not None:
        return values + _SHIFTS[step] * column.numbers.sd
    changed = values.copy()
    picked = generator(seed, "self test rows").permutation(len(values))[: int(np.ceil(_SHARES[step] * len(values)))]
    changed[picked] = "a level injected by the self-test"
    return changed


def _outcome(size: float, report: MonitorReport, column: str) -> Injection:
    alarms = [finding for finding in report.findings if finding.severity is Severity.ALARM]
    return Injection(
        size=size,
        severity=report.severity,
        detected=any(finding.column == column for finding in alarms),
        findings=tuple(finding.message for finding in alarms[:3]),
    )
