"""The check: every test of every column, corrected for their number, judged against the limits.

A test becomes a finding when its p-value, by Holm's rule over all tests of the inputs (and, apart, of the predictions),
is below alpha, and its effect reaches the limit for a warning. Datetimes move on by nature: their distribution is
shown but not judged; give them a limit of freshness instead.
"""

from collections.abc import Sequence

import numpy as np

from mlwright.base.errors import DataError
from mlwright.data.columns import Array, Columns
from mlwright.evaluation.distributions import holm
from mlwright.monitoring import features
from mlwright.monitoring.accumulate import Accumulator, ColumnCounts
from mlwright.monitoring.baseline import Baseline, ColumnBaseline
from mlwright.monitoring.config import Limits, MonitorConfig, load_config, write_default_config
from mlwright.monitoring.drift import Distance, LevelCounts, NumberCounts, level_drift, number_drift
from mlwright.monitoring.findings import (
    ORDER,
    Bar,
    ColumnSummary,
    Finding,
    MonitorReport,
    Severity,
    Suspicion,
    worst,
)
from mlwright.monitoring.performance import quality_changes, quality_drop
from mlwright.monitoring.render import report_html, report_text

__all__ = [
    "Accumulator",
    "MonitorConfig",
    "MonitorReport",
    "check",
    "judge",
    "load_config",
    "report_html",
    "report_text",
    "write_default_config",
]

_NOTHING = Distance("ks", 0.0, 0.0, 1.0, 0.0, 0.0)
# Plain facts, and what they amount to.
_FACTS = {
    "freshness": Severity.ALARM,
    "future": Severity.WARNING,
    "infinite": Severity.WARNING,
    "column": Severity.ALARM,
}


def check(
    current: Columns,
    baseline: Baseline,
    config: MonitorConfig | None = None,
    predictions: Array | None = None,
    labels: Array | None = None,
) -> MonitorReport:
    """Return what has changed in the current rows.

    Args:
        current: Inputs in normal form.
        baseline: Of the delivery.
        config: Limits; None takes the defaults.
        predictions: Of the model on these rows, for prediction drift: probabilities (n, C) or (n,), or values.
        labels: Truth where it is known, for quality.

    Raises:
        DataError: No rows, lengths differ, or a column is not in normal form.
    """
    config = config or MonitorConfig()
    counted = Accumulator(baseline, seed=config.seed)
    counted.add(current, predictions, labels)
    return judge(counted, config)


def judge(counted: Accumulator, config: MonitorConfig | None = None, *, now: float | None = None) -> MonitorReport:
    """Return the report of the rows counted so far.

    Args:
        counted: Rows of one or more batches.
        config: Limits; None takes the defaults.
        now: Seconds since 1970, UTC, against which freshness is measured; None measures none.

    Raises:
        DataError: No rows were counted.
    """
    config = config or MonitorConfig()
    baseline = counted.baseline
    if counted.rows == 0:
        raise DataError("There are no rows to check.", hint="pass a file with at least one row.")
    watched = [c for name, c in counted.columns.items() if name not in config.ignore and name not in counted.absent]
    distances = {c.column.name: _distance(c) for c in watched}
    inputs = [s for c in watched for s in _suspicions(c, distances[c.column.name], config, now)]
    inputs += _table_facts(counted, config)
    quality = counted.labelled.quality(baseline, config.seed)
    inputs += quality_drop(baseline, quality)
    seen = [c for c in counted.predictions.values() if c.rows]
    shifts = {c.column.name: _distance(c) for c in seen}
    outputs = [_drift(c.column, shifts[c.column.name], "prediction") for c in seen]
    importance = {column.name: column.importance for column in baseline.columns}
    findings = [*_judged(outputs, config, {}), *_judged(inputs, config, importance)]
    p_values = {**_corrected(inputs, "drift"), **_corrected(outputs, "prediction")}
    return MonitorReport(
        rows=counted.rows,
        baseline_rows=baseline.rows,
        tests=sum(s.p is not None for s in (*inputs, *outputs)),
        findings=tuple(sorted(findings, key=_urgency)),
        columns=tuple(_summary(c, distances[c.column.name], findings, p_values) for c in watched),
        predictions=tuple(_summary(c, shifts[c.column.name], findings, p_values) for c in seen),
        quality=quality_changes(baseline, quality),
    )


def _distance(counted: ColumnCounts) -> Distance:
    column, counts = counted.column, counted.counts
    if isinstance(counts, NumberCounts) and column.numbers is not None:
        return number_drift(column.numbers, counts)
    if isinstance(counts, LevelCounts) and column.levels is not None:
        return level_drift(column.levels, counts)
    return _NOTHING


def _drift(column: ColumnBaseline, distance: Distance, check_: str = "drift") -> Suspicion:
    what = {"prediction": f"The predictions ({column.name})", "drift": f"'{column.name}'"}[check_]
    what = f"The length of '{column.name}'" if column.kind == "text" else what
    return Suspicion(
        check=check_,
        column=column.name,
        effect=distance.effect,
        p=distance.p,
        message=f"{what} has shifted: {features.percent(distance.effect)} of the rows moved.",
        evidence={distance.statistic: distance.value, "psi": distance.psi, "jensen_shannon": distance.jensen_shannon},
    )


def _suspicions(counted: ColumnCounts, distance: Distance, config: MonitorConfig, now: float | None) -> list[Suspicion]:
    column, counts = counted.column, counted.counts
    found: list[Suspicion | None] = [features.missing_cells(column, counted.missing, counted.rows)]
    if column.kind != "datetime":
        found.append(_drift(column, distance))
    if isinstance(counts, LevelCounts):
        found += [features.unseen_levels(column, counts), *features.level_facts(column, counts)]
    if isinstance(counts, NumberCounts):
        found += [features.out_of_range(column, counts), *features.number_facts(column, counts)]
        if column.kind == "datetime":
            found += features.freshness(column, counts, config, now)
    return [suspicion for suspicion in found if suspicion is not None]


def _table_facts(counted: Accumulator, config: MonitorConfig) -> list[Suspicion]:
    facts = [features.duplicate_rows(counted.baseline, counted.hashes.duplicate_share(), counted.rows)]
    facts += [
        Suspicion("column", name, 1.0, None, f"The column '{name}' is absent from some or all rows.")
        for name in sorted(counted.absent - set(config.ignore))
    ]
    if counted.rows < config.minimum_rows:
        text = f"Only {counted.rows} rows: too few to see anything but large changes."
        facts.append(Suspicion("rows", "", float(counted.rows), None, text, {"rows": counted.rows}))
    return facts


def _corrected(suspicions: Sequence[Suspicion], check_: str) -> dict[str, float]:
    tested = [s for s in suspicions if s.p is not None]
    p_values = holm(np.array([s.p for s in tested], dtype=np.float64))
    return {s.column: float(p) for s, p in zip(tested, p_values, strict=True) if s.check == check_}


def _judged(
    suspicions: Sequence[Suspicion], config: MonitorConfig, importance: dict[str, float | None]
) -> list[Finding]:
    tested = [s for s in suspicions if s.p is not None]
    p_values = iter(holm(np.array([s.p for s in tested], dtype=np.float64)).tolist())
    found: list[Finding] = []
    for s in suspicions:
        p = next(p_values) if s.p is not None else None
        if p is not None and p >= config.alpha:
            continue
        severity = _severity(s, config)
        weight = importance.get(s.column)
        if severity is Severity.ALARM and s.p is not None and weight is not None and weight < config.minor_importance:
            severity = Severity.WARNING
        # The remark about few rows is said, though nothing is wrong.
        if severity is not Severity.OK or s.check == "rows":
            found.append(
                Finding(
                    check=s.check,
                    column=s.column,
                    severity=severity,
                    message=s.message,
                    effect=s.effect,
                    p=p,
                    evidence=s.evidence,
                )
            )
    return found


def _severity(suspicion: Suspicion, config: MonitorConfig) -> Severity:
    if suspicion.check in _FACTS:
        return _FACTS[suspicion.check]
    limits: Limits | None = {
        "drift": config.drift,
        "prediction": config.prediction,
        "missing": config.missing,
        "unseen": config.unseen,
        "range": config.range,
        "duplicates": config.duplicates,
        "quality": config.quality,
        "constant": config.drift,
    }.get(suspicion.check)
    if limits is None or suspicion.effect < limits.warning:
        return Severity.OK
    return Severity.ALARM if suspicion.effect >= limits.alarm else Severity.WARNING


def _urgency(finding: Finding) -> tuple[int, int, float, str]:
    """Worst first; within that quality, then predictions, then inputs by effect."""
    rank = {"quality": 0, "prediction": 1}.get(finding.check, 2)
    return -ORDER.index(finding.severity), rank, -finding.effect, finding.column


def _summary(
    counted: ColumnCounts, distance: Distance, findings: Sequence[Finding], p_values: dict[str, float]
) -> ColumnSummary:
    column, counts = counted.column, counted.counts
    levels = column.levels if isinstance(counts, LevelCounts) else None
    return ColumnSummary(
        name=column.name,
        kind=column.kind,
        severity=worst([f.severity for f in findings if f.column == column.name]),
        rows=counted.rows,
        missing_then=column.missing / column.rows if column.rows else 0.0,
        missing_now=counted.missing / counted.rows if counted.rows else 0.0,
        statistic="total_variation" if distance.statistic == "total_variation" else "ks",
        distance=distance.value,
        effect=distance.effect,
        p=p_values.get(column.name),
        psi=distance.psi,
        jensen_shannon=distance.jensen_shannon,
        wasserstein=distance.wasserstein,
        unseen_expected=levels.unseen_mass if levels else None,
        unseen_now=counts.unseen_rows / max(counts.rows, 1) if isinstance(counts, LevelCounts) else None,
        importance=column.importance,
        bars=tuple(Bar(label=label[:40], then=then, now=now) for label, then, now in distance.bins),
    )
