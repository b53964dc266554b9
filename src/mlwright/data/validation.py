"""A saved schema enforced on new rows. `check_batch` needs numpy only; `to_pandera` is for the training side."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from mlwright.base.errors import DataError
from mlwright.base.suggest import did_you_mean
from mlwright.data.cells import BadCell
from mlwright.data.columns import Array, Columns, row_count
from mlwright.data.findings import Finding
from mlwright.data.frames import names_of, parse_column
from mlwright.data.schema import Column, Role, Schema, SemanticType

if TYPE_CHECKING:
    import pandera.polars as pa

Mode = Literal["strict", "warn"]
_MISSING_STEP = 0.1  # share of missing cells above what was seen in training
_SHOWN = 5


def check_batch(frame: Any, inputs: Sequence[Column], *, mode: Mode = "warn") -> tuple[Finding, ...]:
    """Return what in a batch differs from the schema: columns, cells that don't parse, new levels, ranges, gaps.

    Args:
        frame: pandas, polars, pyarrow or a dict of lists.
        inputs: The columns that the model takes, as the schema has them.
        mode: "strict" refuses a batch with any error or warning; "warn" only reports them.

    Raises:
        DataError: The mode is strict and something differs.

    Example:
        >>> age = Column(name="age", type=SemanticType.NUMBER, minimum=0, maximum=90)
        >>> [finding.check for finding in check_batch({"age": [30, 200]}, [age])]
        ['out_of_range']
    """
    findings = [*_columns_that_differ(frame, inputs)]
    lost = {name for finding in findings if finding.severity == "error" for name in finding.columns}
    bad: list[BadCell] = []
    parsed = {column.name: parse_column(frame, column, bad) for column in inputs if column.name not in lost}
    findings += [*_bad_cells(bad), *check_columns(parsed, inputs)]
    serious = [finding for finding in findings if finding.severity != "info"]
    if mode == "strict" and serious:
        more = f" and {len(serious) - 1} more things differ." if len(serious) > 1 else ""
        raise DataError(f"The batch is not as the schema has it: {serious[0].message}{more}", hint=serious[0].hint)
    return tuple(findings)


def check_columns(columns: Columns, inputs: Sequence[Column]) -> tuple[Finding, ...]:
    """Return new levels, values out of range and gaps of a batch in normal form."""
    findings: list[Finding] = []
    for column in inputs:
        if column.name in columns and row_count(columns):
            values = columns[column.name]
            findings += [*_gaps(values, column), *_new_levels(values, column), *_out_of_range(values, column)]
    return tuple(findings)


def to_pandera(schema: Schema) -> "pa.DataFrameSchema":
    """Return pandera's form of a schema, for the frame of a `Dataset`: types, ranges and levels seen, no other column.

    A column may miss cells only if it did in training; the target may not.
    """
    import pandera.polars as pa
    import polars as pl

    kinds: dict[SemanticType, Any] = {SemanticType.NUMBER: pl.Float64, SemanticType.DATETIME: pl.Datetime("us")}
    columns: dict[str, Any] = {}
    for column in schema.columns:
        checks: list[Any] = []
        if column.type is SemanticType.NUMBER and column.minimum is not None and column.maximum is not None:
            checks.append(pa.Check.in_range(column.minimum, column.maximum))
        if column.type is SemanticType.CATEGORY and column.levels:
            checks.append(pa.Check.isin(list(column.levels)))
        nullable = column.missing_share > 0 and column.role is not Role.TARGET
        columns[column.name] = pa.Column(kinds.get(column.type, pl.String), checks=checks, nullable=nullable)
    return pa.DataFrameSchema(columns, strict=True)


def _columns_that_differ(frame: Any, inputs: Sequence[Column]) -> Iterator[Finding]:
    names = names_of(frame)
    wanted = [column.name for column in inputs]
    for name in wanted:
        if names.count(name) != 1:
            state = "is missing" if name not in names else "is there more than once"
            yield Finding(
                check="columns",
                severity="error",
                columns=(name,),
                message=f"The column '{name}' {state}.",
                hint=did_you_mean(name, names),
            )
    unknown = [name for name in names if name not in wanted]
    if unknown:
        yield Finding(
            check="columns",
            severity="info",
            columns=tuple(unknown),
            message=f"{len(unknown)} columns are not used: {', '.join(unknown[:_SHOWN])}.",
        )


def _bad_cells(bad: list[BadCell]) -> Iterator[Finding]:
    for name in dict.fromkeys(cell.column for cell in bad):
        cells = [cell for cell in bad if cell.column == name]
        shown = ", ".join(f"{cell.value} (row {cell.row})" for cell in cells[:_SHOWN])
        yield Finding(
            check="cells",
            severity="error",
            columns=(name,),
            evidence={"cells": len(cells)},
            message=f"{len(cells):,} cells of '{name}' are not {cells[0].expected}: {shown}.",
            hint="mend them, or leave them empty.",
        )


def _gaps(values: Array, column: Column) -> Iterator[Finding]:
    share = float((values == "").mean() if values.dtype == object else np.isnan(values).mean())
    if share > column.missing_share + _MISSING_STEP:
        yield Finding(
            check="missing_share",
            severity="warning",
            columns=(column.name,),
            evidence={"share": share, "training_share": column.missing_share},
            message=f"'{column.name}' is missing in {share:.1%} of the rows; in training it was "
            f"{column.missing_share:.1%}.",
            hint="find out whether its source broke.",
        )


def _new_levels(values: Array, column: Column) -> Iterator[Finding]:
    if column.type is not SemanticType.CATEGORY or not column.levels:
        return
    known = {"", *column.levels}
    new = [value for value in values.tolist() if value not in known]
    if new:
        levels = list(dict.fromkeys(new))
        yield Finding(
            check="new_levels",
            severity="warning",
            columns=(column.name,),
            evidence={"rows": len(new), "levels": levels[:_SHOWN]},
            message=f"'{column.name}' has {len(levels):,} new levels in {len(new):,} rows, such as '{levels[0]}'.",
            hint="the model has learned nothing of them; train again when they stay.",
        )


def _out_of_range(values: Array, column: Column) -> Iterator[Finding]:
    if values.dtype == object or column.minimum is None or column.maximum is None:
        return
    beyond = int(((values < column.minimum) | (values > column.maximum)).sum())
    if beyond:
        low, high = float(np.nanmin(values)), float(np.nanmax(values))
        yield Finding(
            check="out_of_range",
            severity="warning",
            columns=(column.name,),
            evidence={"rows": beyond, "minimum": low, "maximum": high},
            message=f"{beyond:,} values of '{column.name}' lie outside {column.minimum:g} to {column.maximum:g}, "
            f"which training saw; they reach from {low:g} to {high:g}.",
            hint="check their unit; a tree model treats them as the nearest value that it knows.",
        )
