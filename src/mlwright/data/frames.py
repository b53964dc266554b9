"""Frames of pandas, polars, pyarrow or plain lists, to the normal form and back. Imports none of the three."""

import sys
from collections.abc import Mapping, Sequence
from typing import Any, Literal, cast

import numpy as np

from mlwright.base.errors import DataError
from mlwright.base.suggest import did_you_mean
from mlwright.data.cells import BadCell, parse_cells
from mlwright.data.columns import Array, Columns
from mlwright.data.schema import Column, SemanticType

Kind = Literal["pandas", "polars", "pyarrow", "dict"]
_ARROW_NUMBERS = frozenset(
    ["double", "float", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"]
)


def kind_of(frame: object) -> Kind:
    """Return which library a frame is of.

    Raises:
        DataError: It is no frame.
    """
    if isinstance(frame, Mapping):
        return "dict"
    known: tuple[tuple[Kind, str], ...] = (("pandas", "DataFrame"), ("polars", "DataFrame"), ("pyarrow", "Table"))
    for kind, name in known:
        library = sys.modules.get(kind)
        if library is not None and isinstance(frame, getattr(library, name)):
            return kind
    raise DataError(
        f"A {type(frame).__name__} is not a table; pandas, polars, pyarrow or a dict of lists was expected.",
        hint="collect a lazy frame first; wrap one row as {'column': [value]}.",
    )


def names_of(frame: Any) -> list[str]:
    """Return the names of a frame's columns."""
    kind = kind_of(frame)
    if kind == "pyarrow":
        return list(frame.column_names)
    return [str(name) for name in (frame if kind == "dict" else frame.columns)]


def columns_of(frame: Any, inputs: Sequence[Column]) -> Columns:
    """Return the columns of `inputs` in normal form; other columns of the frame are left alone.

    Raises:
        DataError: A column is missing or there twice, or a cell does not parse.

    Example:
        >>> columns_of({"age": [22, None]}, [Column(name="age", type=SemanticType.NUMBER)])["age"].tolist()
        [22.0, nan]
    """
    names = names_of(frame)
    for column in inputs:
        if names.count(column.name) != 1:
            raise _not_there(column.name, names)
    found = {column.name: parse_column(frame, column) for column in inputs}
    lengths = {name: len(values) for name, values in found.items()}
    if len(set(lengths.values())) > 1:
        raise DataError(f"The columns differ in length: {lengths}.", hint="give each column as many values as rows.")
    return found


def frame_like(frame: Any, columns: Mapping[str, Array], *, indexed: bool = True) -> Any:
    """Return `columns` as a frame of the same library; with pandas, on the same index unless it has other rows."""
    kind = kind_of(frame)
    if kind == "dict":
        return {name: values.tolist() for name, values in columns.items()}
    library = cast("Any", sys.modules[kind])
    if kind == "pandas":
        return library.DataFrame(dict(columns), index=frame.index if indexed else None)
    lists = {name: values.tolist() if values.dtype == object else values for name, values in columns.items()}
    return library.table(lists) if kind == "pyarrow" else library.DataFrame(lists)


def parse_column(frame: Any, column: Column, bad: list[BadCell] | None = None) -> Array:
    """Return one column that the frame has, in normal form; cells that don't parse go to `bad`, where given."""
    kind = kind_of(frame)
    if column.type is SemanticType.NUMBER:
        numbers = _numbers(frame[column.name], kind)
        if numbers is not None:
            return _finite(numbers, column, bad)
    return parse_cells(column, _cells(frame[column.name], kind), error=DataError, bad=bad)


def _numbers(series: Any, kind: Kind) -> Array | None:
    """The fast road: a column that holds numbers already."""
    if kind == "polars":
        fits = series.dtype.is_integer() or series.dtype.is_float()
        return np.asarray(series.to_numpy(), dtype=np.float64) if fits else None
    if kind == "pyarrow":
        fits = str(series.type) in _ARROW_NUMBERS
        return np.asarray(series.to_numpy(), dtype=np.float64) if fits else None
    dtype = getattr(series, "dtype", None)
    if isinstance(dtype, np.dtype) and dtype.kind in "iuf":
        return np.asarray(series, dtype=np.float64)
    return None


def _cells(series: Any, kind: Kind) -> list[object]:
    if kind == "pandas":
        plain = series.astype(object)
        return list(plain.where(series.notna(), None))
    if kind == "polars":
        return series.to_list()
    if kind == "pyarrow":
        return series.to_pylist()
    if isinstance(series, str) or not hasattr(series, "__len__"):
        raise DataError(f"A column is {series!r:.40}; a list of values was expected.", hint="wrap one value: [value].")
    return list(series)


def _finite(numbers: Array, column: Column, bad: list[BadCell] | None) -> Array:
    infinite = np.flatnonzero(np.isinf(numbers)).tolist()
    result = numbers.copy() if infinite else numbers  # the caller's own array is never written to
    for row in infinite:
        result[row] = parse_cells(column, [float(numbers[row])], first_row=row + 1, error=DataError, bad=bad)[0]
    return result


def _not_there(name: str, names: list[str]) -> DataError:
    if name in names:
        return DataError(f"The table has the column '{name}' more than once.", hint="rename or remove the copies.")
    shown = ", ".join(f"'{known}'" for known in names[:10])
    return DataError(f"The table has no column '{name}'; it has {shown}.", hint=did_you_mean(name, names))
