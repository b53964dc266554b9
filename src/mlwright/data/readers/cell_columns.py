"""Columns of Python cells (JSON, SQLite) to typed polars columns, batch by batch."""

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

from mlwright.data.cells import plain_text
from mlwright.data.rows import clean_cell

if TYPE_CHECKING:
    import polars as pl

_BATCH_ROWS = 50_000


def frame_of_rows(rows: Iterable[dict[str, Any]]) -> "pl.DataFrame":
    """Return a frame of objects; a column is the union of what the objects have, absent is null.

    A column of numbers only is Float64, of truth values only is Boolean; anything mixed is String.
    """
    import polars as pl

    iterator = iter(rows)
    parts: dict[str, list[pl.Series]] = {}
    height = 0
    while block := list(islice(iterator, _BATCH_ROWS)):
        names = dict.fromkeys(name for row in block for name in row)
        for name in names:
            parts.setdefault(name, [_nulls(height)] if height else []).append(
                _series([clean_cell(row.get(name)) for row in block])
            )
        for name in parts.keys() - names.keys():
            parts[name].append(_nulls(len(block)))
        height += len(block)
    return pl.DataFrame({name: _concatenated(series) for name, series in parts.items()})


def _nulls(rows: int) -> "pl.Series":
    import polars as pl

    return pl.Series([None] * rows, dtype=pl.Null)


def _series(cells: Sequence[object]) -> "pl.Series":
    import polars as pl

    kinds = {type(cell) for cell in cells} - {type(None)}
    if not kinds:
        return _nulls(len(cells))
    if kinds == {bool}:
        return pl.Series(cells, dtype=pl.Boolean)
    if kinds <= {int, float} and not _has_wide_integers(cells):
        return pl.Series(cells, dtype=pl.Float64, strict=False)
    return pl.Series([_text(cell) for cell in cells], dtype=pl.String)


def _has_wide_integers(cells: Sequence[object]) -> bool:
    """Long identifiers would lose digits as float64."""
    return any(isinstance(cell, int) and abs(cell) > 2**53 for cell in cells)


def _text(cell: object) -> str | None:
    if cell is None:
        return None
    return f"<{len(cell)} bytes>" if isinstance(cell, bytes) else plain_text(cell)


def _concatenated(parts: "list[pl.Series]") -> "pl.Series":
    import polars as pl

    kinds = {part.dtype for part in parts} - {pl.Null()}
    if not kinds:
        return pl.concat(parts)
    if len(kinds) == 1:
        wanted = next(iter(kinds))
        return pl.concat([part.cast(wanted) for part in parts])
    return pl.concat([pl.Series([_text(cell) for cell in part.to_list()], dtype=pl.String) for part in parts])
