"""Leaks by rows: copies, near copies, entities and times on both sides of the split."""

from typing import TYPE_CHECKING

import numpy as np

from mlwright.data.columns import Array
from mlwright.data.findings import Finding
from mlwright.data.leak_case import LeakCase
from mlwright.data.schema import Role, SemanticType
from mlwright.data.splits import copies_are_natural, copies_of

if TYPE_CHECKING:
    import polars as pl

_NEAR_LEAST_COLUMNS = 5  # with fewer, rows that differ in one column are no surprise
_NEAR_MOST_COLUMNS = 60
_NEAR_MOST_ROWS = 50_000
_NEAR_WARNING_SHARE = 0.05
_DIGITS = 3


def exact_duplicates(case: LeakCase) -> list[Finding]:
    """Test rows that are equal to a training row in every column but ids."""
    copies = copies_of(case.dataset)
    shared = np.isin(copies[case.split.test], copies[case.split.train])
    count, share = int(shared.sum()), float(shared.mean())
    evidence = {"test_rows": count, "share": share}
    if not count:
        return [Finding(check="exact_duplicates", severity="info", evidence=evidence, message="No test row is a copy.")]
    natural = copies_are_natural(copies)
    why = " The table has few different rows, so a new row may well equal an old one." if natural else ""
    return [
        Finding(
            check="exact_duplicates",
            severity="warning" if natural else "error",
            evidence=evidence,
            message=f"{count:,} test rows ({share:.1%}) are copies of training rows.{why}",
            hint="split again with copies kept together, or remove the copies.",
        )
    ]


def near_duplicates(case: LeakCase) -> list[Finding]:
    """Test rows that differ from a training row in one feature only, or in a numbers' fourth digit."""
    features = [column for column in case.dataset.schema.columns if column.role is Role.FEATURE]
    if len(features) < _NEAR_LEAST_COLUMNS:
        message = f"{len(features)} features are too few to speak of near copies."
        return [Finding(check="near_duplicates", severity="info", message=message)]
    frame, side = _sides(case)
    hashes = _rounded_hashes(frame.select([column.name for column in features[:_NEAR_MOST_COLUMNS]]))
    near = np.zeros(len(side), dtype=bool)
    whole = np.bitwise_xor.reduce(hashes, axis=1)
    for left_out in range(hashes.shape[1]):
        keys = whole ^ hashes[:, left_out]
        near |= side & np.isin(keys, keys[~side])
    count, share = int(near.sum()), float(near.sum() / max(side.sum(), 1))
    evidence = {"test_rows": count, "share": share}
    if share < _NEAR_WARNING_SHARE:
        message = f"{count:,} test rows ({share:.1%}) nearly equal a training row."
        return [Finding(check="near_duplicates", severity="info", evidence=evidence, message=message)]
    return [
        Finding(
            check="near_duplicates",
            severity="warning",
            evidence=evidence,
            message=f"{count:,} test rows ({share:.1%}) equal a training row in all features but one.",
            hint="if they are the same thing measured twice, give the column that names it the role group.",
        )
    ]


def entity_overlap(case: LeakCase) -> list[Finding]:
    """Groups and repeated ids on both sides."""
    findings: list[Finding] = []
    for column in case.dataset.schema.columns:
        if column.role not in (Role.GROUP, Role.ID):
            continue
        cells = case.dataset.frame[column.name]
        train, test = cells[case.split.train].drop_nulls(), cells[case.split.test].drop_nulls()
        shared = test.is_in(train.unique().implode())
        count, share = int(shared.sum()), float(shared.sum() / max(len(cells[case.split.test]), 1))
        if not count:
            continue
        by_time = case.split.strategy == "time"
        severity = "error" if column.role is Role.GROUP and not by_time else "warning"
        message = f"{count:,} test rows ({share:.1%}) have a '{column.name}' that training rows have too."
        hint = "fine where the same ones come back later." if by_time else "give it the role group, or split by group."
        findings.append(
            Finding(
                check="entity_overlap",
                severity=severity,
                columns=(column.name,),
                evidence={"test_rows": count, "share": share},
                message=message,
                hint=hint,
            )
        )
    none = Finding(check="entity_overlap", severity="info", message="No group or id is on both sides.")
    return findings or [none]


def time_overlap(case: LeakCase) -> list[Finding]:
    """Training rows that are later than test rows."""
    schema = case.dataset.schema
    roles = schema.with_role(Role.TIME)
    dates = [c for c in schema.columns if c.type is SemanticType.DATETIME and c.role is Role.FEATURE]
    columns = roles or tuple(dates)
    if not columns:
        return [Finding(check="time_overlap", severity="info", message="No column holds times.")]
    cells = case.dataset.frame[columns[0].name]
    first, train = cells[case.split.test].drop_nulls().min(), cells[case.split.train].drop_nulls()
    later = int((train >= first).sum()) if first is not None else 0
    share = later / max(len(train), 1)
    evidence = {"training_rows": later, "share": share}
    name = (columns[0].name,)
    if not later:
        message = f"By '{name[0]}', every training row is earlier than the test."
        return [Finding(check="time_overlap", severity="info", columns=name, evidence=evidence, message=message)]
    severity = "error" if case.split.strategy == "time" else ("warning" if roles else "info")
    return [
        Finding(
            check="time_overlap",
            severity=severity,
            columns=name,
            evidence=evidence,
            message=f"By '{name[0]}', {later:,} training rows ({share:.1%}) are not earlier than the first test row.",
            hint=f"if the model will meet the future only, give '{name[0]}' the role time.",
        )
    ]


def _sides(case: LeakCase) -> "tuple[pl.DataFrame, Array]":
    """A sample of rows in their order, and whether each is a test row."""
    side = np.zeros(case.dataset.rows, dtype=bool)
    side[case.split.test] = True
    rows = np.arange(case.dataset.rows)
    step = max(1, int(np.ceil(case.dataset.rows / _NEAR_MOST_ROWS)))
    # All training rows are compared; of the test rows, every step-th: a share needs no more.
    kept = rows[~side | (np.cumsum(side) % step == 0)] if step > 1 else rows
    return case.dataset.frame[kept], side[kept]


def _rounded_hashes(frame: "pl.DataFrame") -> Array:
    """One hash a cell, numbers at three significant digits, uint64, shape (rows, columns); columns hash differently."""
    import polars as pl

    columns: list[Array] = []
    for position, series in enumerate(frame.iter_columns()):
        plain = series.round_sig_figs(_DIGITS) if series.dtype == pl.Float64 else series
        columns.append(plain.hash(seed=position + 1).to_numpy().astype(np.uint64))
    return np.column_stack(columns)
