"""What a check finds: findings, one summary per column, and the report that holds them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict, computed_field

Evidence = Mapping[str, float | int | str | None]


class Severity(StrEnum):
    """How bad a finding is."""

    OK = "ok"
    WARNING = "warning"
    ALARM = "alarm"


ORDER: tuple[Severity, ...] = (Severity.OK, Severity.WARNING, Severity.ALARM)
EXIT_CODES: Mapping[Severity, int] = {Severity.OK: 0, Severity.WARNING: 3, Severity.ALARM: 4}


def worst(severities: Sequence[Severity]) -> Severity:
    """Return the worst of them, OK for none."""
    return max(severities, key=ORDER.index, default=Severity.OK)


@dataclass(frozen=True, slots=True)
class Suspicion:
    """One test's outcome before it is judged against all others and its limits.

    Attributes:
        check: Which rule: "drift", "missing", "unseen", "range", ...
        column: Of the inputs or predictions; "" for the table.
        effect: Size, in the unit of the rule's limits.
        p: Its own p-value; None for a plain fact that needs no test.
        message: What a person reads if it holds.
    """

    check: str
    column: str
    effect: float
    p: float | None
    message: str
    evidence: Evidence = field(default_factory=dict[str, float | int | str | None])


class Finding(BaseModel):
    """Something that a person should know. Immutable.

    Attributes:
        p: Corrected for all tests of the check; None for a plain fact.
        effect: Its size: for drift, missing, unseen and range the share of rows; for quality the growth of the error.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    check: str
    column: str
    severity: Severity
    message: str
    effect: float
    p: float | None = None
    evidence: Evidence


class Bar(BaseModel):
    """One bar of a column's picture: shares of known cells. Immutable."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    label: str
    then: float
    now: float


class ColumnSummary(BaseModel):
    """One input or prediction, then and now. Immutable.

    Attributes:
        severity: The worst of its findings.
        statistic, distance: "ks" or "total_variation" and its value.
        effect: The share of rows that moved beyond chance.
        p: Of the distribution's test, corrected for all tests of the check; None where it isn't tested.
        wasserstein: In standard deviations of the baseline; None for categories.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    kind: str
    severity: Severity
    rows: int
    missing_then: float
    missing_now: float
    statistic: Literal["ks", "total_variation"]
    distance: float
    effect: float
    p: float | None
    psi: float
    jensen_shannon: float
    wasserstein: float | None
    unseen_expected: float | None = None
    unseen_now: float | None = None
    importance: float | None = None
    bars: tuple[Bar, ...] = ()


class QualityChange(BaseModel):
    """One metric at delivery and now, each with its interval. Immutable."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    metric: str
    then: float
    now: float
    low: float
    high: float


class MonitorReport(BaseModel):
    """The outcome of a check. Immutable.

    `exit_code` is 0 for ok, 3 when the worst finding is a warning, 4 when it is an alarm; 1 and 2 stay free for errors.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    rows: int
    baseline_rows: int
    tests: int
    findings: tuple[Finding, ...]
    columns: tuple[ColumnSummary, ...]
    predictions: tuple[ColumnSummary, ...] = ()
    quality: tuple[QualityChange, ...] = ()

    @computed_field
    @property
    def severity(self) -> Severity:
        return worst([finding.severity for finding in self.findings])

    @computed_field
    @property
    def exit_code(self) -> int:
        return EXIT_CODES[self.severity]

    def of(self, check: str, column: str | None = None) -> tuple[Finding, ...]:
        """Return the findings of one rule, of one column if given."""
        return tuple(f for f in self.findings if f.check == check and column in (None, f.column))
