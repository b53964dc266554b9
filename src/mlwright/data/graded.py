"""Graded rows of queries: what a ranking is learned from. Every bad table is refused with its reason."""

from typing import TYPE_CHECKING

import numpy as np

from mlwright.base.errors import BriefError, DataError
from mlwright.data.columns import Array
from mlwright.data.dataset import Dataset
from mlwright.data.findings import Finding
from mlwright.data.schema import Column, Role

if TYPE_CHECKING:
    import polars as pl

_MOST_GRADE = 30  # the libraries count 2^grade
_LEAST_QUERIES = 10


def query_column(dataset: Dataset) -> Column:
    """Return the column that says which rows are ranked against each other.

    Raises:
        BriefError: None or several have the role group.
    """
    found = dataset.schema.with_role(Role.GROUP)
    if len(found) == 1:
        return found[0]
    what = f"{len(found)} columns have the role group" if found else "No column has the role group"
    raise BriefError(
        f"{what}; a ranking needs the one that says which rows are ranked against each other.",
        hint="set data.columns in the brief, such as columns: {query_id: group}.",
    )


def query_codes(dataset: Dataset) -> Array:
    """Return the query of each row as a code 0..Q-1 in the order of first appearance, int64, shape (n,)."""
    import polars as pl

    cells = dataset.frame[query_column(dataset).name].cast(pl.String)
    order = {name: code for code, name in enumerate(cells.unique(maintain_order=True).to_list())}
    return np.array([order[name] for name in cells.to_list()], dtype=np.int64)


def check_graded(dataset: Dataset) -> None:
    """Check that an order can be learned from the rows.

    Raises:
        BriefError: No column, or several, say which rows belong together.
        DataError: A row without a query; grades that are no whole numbers from 0 to 30; too few queries, or none with
            two different grades.
    """
    column, target = query_column(dataset), dataset.schema.target
    missing = dataset.frame[column.name].is_null()
    if missing.any():
        rows = ", ".join(str(int(row) + 1) for row in missing.arg_true().head(5).to_list())
        raise DataError(
            f"'{column.name}' is missing in {missing.sum():,} rows (rows {rows}); every row's query was expected.",
            hint="fill in the query of these rows, or remove them.",
        )
    if target is not None:
        _check_grades(dataset.frame[target.name])
        _check_queries(dataset, target.name)


def _check_grades(grades: "pl.Series") -> None:
    if not grades.dtype.is_numeric():
        examples = ", ".join(repr(value) for value in grades.unique().sort().head(3).to_list())
        raise DataError(
            f"The grades '{grades.name}' are texts such as {examples}; whole numbers were expected.",
            hint="code them as numbers, 0 for irrelevant and more for better.",
        )
    known = grades.drop_nulls()
    low, high = float(known.min() or 0), float(known.max() or 0)  # pyright: ignore[reportArgumentType]
    if low < 0:
        raise DataError(
            f"The grades '{grades.name}' go down to {low:g}; 0 for irrelevant and more for better was expected.",
            hint="shift the grades so that the worst is 0.",
        )
    if high > _MOST_GRADE or not bool((known == known.floor()).all()):
        raise DataError(
            f"The grades '{grades.name}' go up to {high:g} or are not whole; whole numbers from 0 to {_MOST_GRADE} "
            "were expected.",
            hint="bin them into a few grades, such as 0 to 4, or set kind: regression to predict the number itself.",
        )


def _check_queries(dataset: Dataset, target: str) -> None:
    queries, y = query_codes(dataset), dataset.frame[target].fill_null(0).to_numpy()
    count, useful = int(queries.max()) + 1, int(_differing(queries, y).sum())
    if count < _LEAST_QUERIES or useful < 2:
        raise DataError(
            f"There are {count} queries, of which {useful} have two different grades; at least {_LEAST_QUERIES} and 2 "
            "were expected.",
            hint="give more queries; is the column with the role group the query, and not the row's own id?",
        )


def graded_findings(dataset: Dataset) -> list[Finding]:
    """Return what is worth knowing of the queries: those that teach nothing, and very long ones."""
    column, target = query_column(dataset), dataset.schema.target
    if target is None:
        return []
    queries = query_codes(dataset)
    sizes, y = np.bincount(queries), dataset.frame[target.name].fill_null(0).to_numpy()
    lone, flat = int((sizes == 1).sum()), int((~_differing(queries, y) & (sizes > 1)).sum())
    found: list[Finding] = []
    if lone:
        found.append(_finding(column.name, f"{lone:,} of {len(sizes):,} queries have a single row", "has no order"))
    if flat:
        found.append(_finding(column.name, f"In {flat:,} queries all grades are equal", "teaches and tests nothing"))
    return found


def _finding(column: str, what: str, why: str) -> Finding:
    return Finding(
        check="queries",
        severity="warning",
        columns=(column,),
        message=f"{what}: such a query {why}.",
        hint="leave such queries out, or find out why their rows are missing.",
    )


def _differing(queries: Array, y: Array) -> Array:
    """Return for each query whether two of its grades differ, bool, (Q,)."""
    high, low = np.full(int(queries.max()) + 1, -np.inf), np.full(int(queries.max()) + 1, np.inf)
    np.maximum.at(high, queries, y)
    np.minimum.at(low, queries, y)
    return high > low
