"""What is odd in a table, in findings with a hint each. Nothing is changed here."""

from collections.abc import Iterator
from datetime import UTC, datetime

from mlwright.data.dataset import Dataset
from mlwright.data.findings import Finding
from mlwright.data.profile import ColumnProfile, Profile, profile
from mlwright.data.schema import Role, SemanticType

_MOSTLY_MISSING = 0.5
_OUTLIER_SHARE = 0.01
_HIGH_SKEW = 5.0
_SAME = 0.98  # correlation at which two columns say the same
_MANY_LEVELS = 1_000
_RARE_CLASS_SHARE = 0.02
_FEW_ROWS = 200
_SENTINELS = (-999.0, -9999.0, 999.0, 9999.0, 99999.0, -99.0)
_SENTINEL_SHARE = 0.005
_USED = (Role.FEATURE, Role.TIME, Role.TARGET, Role.SENSITIVE)


def check_quality(
    dataset: Dataset, *, known: Profile | None = None, now: datetime | None = None
) -> tuple[Finding, ...]:
    """Return what is odd: missing cells, copies, constants, outliers, future dates, near-equal levels, imbalance.

    Args:
        dataset: The rows.
        known: Their profile, where it was made before.
        now: Dates after this are in the future; the clock by default.
    """
    table = known or profile(dataset)
    moment = now or datetime.now(UTC)
    findings = [*_rows(table), *_pairs(table)]
    for column in table.columns:
        if column.role in (*_USED, Role.IGNORED):
            findings += [*_missing(column), *_constant(column)]
        if column.role in _USED:
            findings += [*_numbers(column), *_sentinels(dataset, column), *_levels(dataset, column)]
            findings += [*_future(column, moment)]
        if column.role is Role.TARGET:
            findings += _balance(column)
    return tuple(findings)


def _rows(table: Profile) -> Iterator[Finding]:
    features = sum(column.role is Role.FEATURE for column in table.columns)
    if table.rows < _FEW_ROWS:
        yield Finding(
            check="few_rows", severity="warning", evidence={"rows": table.rows},
            message=f"There are {table.rows} rows; every measured number will have a wide interval.",
            hint="collect more rows if you can.",
        )  # fmt: skip
    if features > table.rows:
        yield Finding(
            check="wide", severity="warning", evidence={"features": features, "rows": table.rows},
            message=f"There are more features ({features:,}) than rows ({table.rows:,}).",
            hint="choose fewer features; chance agreements with the target are likely.",
        )  # fmt: skip
    if table.duplicate_rows:
        share = table.duplicate_rows / table.rows
        yield Finding(
            check="duplicate_rows", severity="warning" if share > 0.01 else "info",
            evidence={"rows": table.duplicate_rows, "share": share},
            message=f"{table.duplicate_rows:,} rows ({share:.1%}) are copies of earlier ones.",
            hint="they are kept on one side of every split; remove them if they are an accident.",
        )  # fmt: skip


def _pairs(table: Profile) -> Iterator[Finding]:
    names = table.correlations.columns
    target = {column.name for column in table.columns if column.role is Role.TARGET}
    for i, row in enumerate(table.correlations.values):
        for j in range(i):
            if abs(row[j]) >= _SAME and not target & {names[i], names[j]}:
                yield Finding(
                    check="near_equal_columns", severity="info", columns=(names[j], names[i]),
                    evidence={"correlation": row[j]},
                    message=f"'{names[j]}' and '{names[i]}' say nearly the same (correlation {row[j]:.3f}).",
                    hint="one of them is enough; importances are shared between them.",
                )  # fmt: skip


def _missing(column: ColumnProfile) -> Iterator[Finding]:
    if column.missing_share >= _MOSTLY_MISSING:
        yield Finding(
            check="missing", severity="warning", columns=(column.name,), evidence={"share": column.missing_share},
            message=f"'{column.name}' is missing in {column.missing_share:.1%} of the rows.",
            hint="find out why; where it says something of the row that it is missing, keep the column.",
        )  # fmt: skip


def _constant(column: ColumnProfile) -> Iterator[Finding]:
    if column.distinct == 1 and not column.missing:
        yield Finding(
            check="constant", severity="info", columns=(column.name,), message=f"'{column.name}' is always the same.",
            hint="it tells rows not apart and is left out.",
        )  # fmt: skip


def _numbers(column: ColumnProfile) -> Iterator[Finding]:
    if column.type is not SemanticType.NUMBER or not column.distinct:
        return
    present = sum(column.histogram.counts) if column.histogram else 0
    share = (column.outliers or 0) / max(present, 1)
    if share > _OUTLIER_SHARE:
        yield Finding(
            check="outliers", severity="info", columns=(column.name,), evidence={"share": share},
            message=f"{share:.1%} of the values of '{column.name}' lie far outside the rest "
            f"({column.minimum:g} to {column.maximum:g}, half of them {column.quantiles['0.25']:g} to "
            f"{column.quantiles['0.75']:g}).",
            hint="check their unit and their source; trees bear them, linear models less.",
        )  # fmt: skip
    if abs(column.skew or 0) > _HIGH_SKEW:
        yield Finding(
            check="skew", severity="info", columns=(column.name,), evidence={"skew": column.skew},
            message=f"'{column.name}' is strongly skewed ({column.skew:.1f}).",
            hint="its mean is misleading; look at quantiles.",
        )  # fmt: skip


def _sentinels(dataset: Dataset, column: ColumnProfile) -> Iterator[Finding]:
    if column.type is not SemanticType.NUMBER or (
        column.minimum not in _SENTINELS and column.maximum not in _SENTINELS
    ):
        return
    value = column.minimum if column.minimum in _SENTINELS else column.maximum
    share = float((dataset.frame[column.name] == value).sum()) / max(dataset.rows, 1)
    if share > _SENTINEL_SHARE:
        yield Finding(
            check="sentinel", severity="warning", columns=(column.name,),
            evidence={"value": value, "share": share},
            message=f"'{column.name}' is {value:g} in {share:.1%} of the rows; it reads like a code for missing.",
            hint="if so, leave the cell empty instead.",
        )  # fmt: skip


def _levels(dataset: Dataset, column: ColumnProfile) -> Iterator[Finding]:
    if column.type is not SemanticType.CATEGORY:
        return
    if column.distinct > _MANY_LEVELS:
        yield Finding(
            check="many_levels", severity="info", columns=(column.name,), evidence={"levels": column.distinct},
            message=f"'{column.name}' has {column.distinct:,} levels.",
            hint="most are rare and say little; a coarser grouping may say more.",
        )  # fmt: skip
    spellings: dict[str, list[str]] = {}
    for level in dataset.schema[column.name].levels:
        spellings.setdefault(" ".join(level.lower().split()), []).append(level)
    alike = [names for names in spellings.values() if len(names) > 1]
    if alike:
        yield Finding(
            check="near_equal_levels", severity="warning", columns=(column.name,),
            evidence={"examples": [" / ".join(names) for names in alike[:5]]},
            message=f"'{column.name}' has {len(alike)} levels in several spellings, such as {' / '.join(alike[0])}.",
            hint="write them one way.",
        )  # fmt: skip


def _future(column: ColumnProfile, now: datetime) -> Iterator[Finding]:
    if column.type is SemanticType.DATETIME and (column.maximum or 0) > now.timestamp():
        yield Finding(
            check="future_dates", severity="warning", columns=(column.name,), evidence={"last": column.last},
            message=f"'{column.name}' reaches into the future, to {column.last}.",
            hint="planned dates are fine; otherwise check how day, month and century are written.",
        )  # fmt: skip


def _balance(column: ColumnProfile) -> Iterator[Finding]:
    if column.type is SemanticType.NUMBER and column.distinct > 2:
        return
    present = column.other_rows + sum(level.rows for level in column.levels)
    rarest = min((level.rows for level in column.levels), default=0)
    if column.type is SemanticType.NUMBER and column.histogram:
        present = sum(column.histogram.counts)
        rarest = min(count for count in column.histogram.counts if count)
    if present and rarest / present < _RARE_CLASS_SHARE:
        yield Finding(
            check="imbalance", severity="warning", columns=(column.name,),
            evidence={"rows": rarest, "share": rarest / present},
            message=f"The rarest class of '{column.name}' has {rarest:,} rows ({rarest / present:.2%}).",
            hint="judge by a metric that sees rare classes, such as average precision, not by accuracy.",
        )  # fmt: skip
