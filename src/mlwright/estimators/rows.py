"""What callers hand to an estimator (arrays, lists, pandas, polars, Arrow) to the normal form of the columns."""

import json
import warnings
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np

from mlwright.base.errors import DataError
from mlwright.data.cells import category_text, is_missing, plain_text
from mlwright.data.columns import Array, Columns
from mlwright.data.schema import Column, Role, Schema, SemanticType

if TYPE_CHECKING:
    import polars as pl

_SOURCE = "X"
_FEW_ROWS = 300  # up to here plain Python is faster than setting up a frame
_PLAIN_CELLS = (str, bool, int, float, Decimal, date, np.generic, type(None))
_FRAMES = (("pandas", "DataFrame"), ("polars", "DataFrame"), ("pyarrow", "Table"))


class InvalidInput(DataError, ValueError):
    """What was given to an estimator cannot be used; a ValueError, as scikit-learn's callers expect."""


def frame_kind(X: object) -> str | None:
    """Return "pandas", "polars" or "pyarrow" for a frame of theirs, None for anything else."""
    import sys

    for kind, name in _FRAMES:
        library = sys.modules.get(kind)
        if library is not None and isinstance(X, getattr(library, name)):
            return kind
    return None


def as_array(X: Any) -> Array:
    """Return a matrix or list of rows as an array of numbers or of objects; lists may mix texts and numbers."""
    if not isinstance(X, list | tuple):
        return X
    array = np.asarray(X)
    return np.array(X, dtype=object) if array.dtype.kind in "US" else array


def schema_of(X: Any) -> Schema:
    """Return types and roles of the columns, guessed as `mlwright run` guesses them for a file.

    A numeric array has no names and nothing but numbers; there only empty and constant columns are left out. Where
    nothing would be left to learn from, every column is a feature.
    """
    if isinstance(X, np.ndarray) and X.dtype.kind in "biuf":
        schema = _schema_of_matrix(X)
    else:
        from mlwright.data.infer import infer_column

        frame = _plain(_raw_frame(X, range(X.shape[1])), _names(X))
        columns = [infer_column(series) for series in frame.iter_columns()]
        declared = [_is_declared_category(X, position) for position in range(len(columns))]
        schema = Schema(
            columns=tuple(
                _as_category(column, series) if known and column.type is not SemanticType.CATEGORY else column
                for column, series, known in zip(columns, frame.iter_columns(), declared, strict=True)
            )
        )
    if schema.inputs:
        return schema
    return Schema(columns=tuple(column.model_copy(update={"role": Role.FEATURE}) for column in schema.columns))


def columns_of(X: Any, schema: Schema) -> Columns:
    """Return the inputs of `schema` in normal form; the columns of X are the schema's, by position.

    Cells that their column can't hold become missing, with a warning that counts and shows them.

    Raises:
        InvalidInput: A number is infinite.
    """
    found: dict[str, Array] = {}
    rest: list[int] = []
    for position, column in enumerate(schema.columns):
        if column.role not in (Role.FEATURE, Role.TIME, Role.GROUP):
            continue
        numbers = _numbers(X, position) if column.type is SemanticType.NUMBER else None
        if numbers is not None:
            found[column.name] = _finite(numbers, column.name)
            continue
        cells = _few_cells(X, position)
        if cells is not None:
            found[column.name] = _parsed(cells, column)
        else:
            rest.append(position)
    if rest:
        found |= _typed(X, rest, [schema.columns[position] for position in rest])
    return found


def _typed(X: Any, positions: Sequence[int], columns: Sequence[Column]) -> Columns:
    from mlwright.data.dataset import to_dataset
    from mlwright.data.readers.raw import Raw

    frame = _plain(_raw_frame(X, positions), [column.name for column in columns])
    dataset, problems = to_dataset(Raw(frame, (), _SOURCE, "", ()), Schema(columns=tuple(columns)))
    for problem in problems:
        _warn(problem.what, problem.count, problem.examples)
    return dataset.columns()


def _few_cells(X: Any, position: int) -> list[object] | None:
    """The short road: the cells of few rows as Python has them; None where there are many, or of rarer types."""
    if len(X) > _FEW_ROWS:
        return None
    kind = frame_kind(X)
    if kind == "pandas":
        import pandas as pd

        cells: list[object] = [None if cell is pd.NA else cell for cell in X.iloc[:, position].tolist()]
    else:
        cells = (X.to_series(position).to_list()) if kind else X[:, position].tolist()
    return cells if all(isinstance(cell, _PLAIN_CELLS) for cell in cells) else None


def _parsed(cells: list[object], column: Column) -> Array:
    from mlwright.data.cells import BadCell, parse_cells
    from mlwright.data.rows import clean_cell

    if column.type in (SemanticType.NUMBER, SemanticType.DATETIME):
        _finite(np.array([cell for cell in cells if isinstance(cell, float)]), column.name)
    bad: list[BadCell] = []
    values = parse_cells(column, [clean_cell(cell) for cell in cells], error=InvalidInput, bad=bad)
    if bad:
        what = f"Cells of '{column.name}' that are not a {column.type} were taken as missing"
        _warn(what, len(bad), tuple(cell.value for cell in bad[:5]))
    return values


def _warn(what: str, count: int, examples: Sequence[str]) -> None:
    warnings.warn(f"{what}: {count}, such as {', '.join(examples)}.", stacklevel=5)


def _schema_of_matrix(X: Array) -> Schema:
    columns: list[Column] = []
    for position in range(X.shape[1]):
        values = X[:, position].astype(np.float64)
        present = values[~np.isnan(values)]
        facts: dict[str, Any] = {"missing_share": 1.0 - len(present) / len(values)}
        role, reason = Role.FEATURE, "the array holds numbers"
        if len(present):
            low, high = float(present.min()), float(present.max())
            facts |= {"minimum": low, "maximum": high, "example": float(present[0])}
            facts["integer"] = bool(np.isfinite([low, high]).all() and (present % 1 == 0).all())
            if low == high and len(present) == len(values):
                role, reason = Role.IGNORED, "every cell is the same, so it is left out"
        else:
            role, reason = Role.IGNORED, "every cell is missing, so it is left out"
        columns.append(Column(name=f"x{position}", type=SemanticType.NUMBER, role=role, reason=reason, **facts))
    return Schema(columns=tuple(columns))


def _is_declared_category(X: Any, position: int) -> bool:
    kind = frame_kind(X)
    if kind == "pandas":
        return X.dtypes.iloc[position].name == "category"
    if kind == "polars":
        import polars as pl

        return X.dtypes[position] in (pl.Categorical, pl.Enum)
    return False


def _as_category(column: Column, series: "pl.Series") -> Column:
    """Return the column as the caller declared it, whatever its levels look like."""
    from mlwright.data.dataset import typed_series
    from mlwright.data.infer import levels_of

    plain = Column(name=column.name, type=SemanticType.CATEGORY)
    present = typed_series(series, plain).drop_nulls()
    facts = {"missing_share": column.missing_share, "levels": levels_of(present), "reason": "the frame says category"}
    role = Role.IGNORED if column.role is Role.IGNORED else Role.FEATURE
    return plain.model_copy(update={**facts, "role": role, "example": present[0] if len(present) else None})


def _numbers(X: Any, position: int) -> Array | None:
    """The fast road: a column that holds numbers already, float64, (n,)."""
    kind = frame_kind(X)
    if kind is None:
        return X[:, position].astype(np.float64) if X.dtype.kind in "biuf" else None
    if kind == "pandas":
        series = X.iloc[:, position]
        plain = isinstance(series.dtype, np.dtype) and series.dtype.kind in "iuf"
        return series.to_numpy(dtype=np.float64) if plain else None
    if kind == "polars":
        series = X.to_series(position)
        plain = series.dtype.is_float() or series.dtype.is_integer()
        return np.asarray(series.to_numpy(), dtype=np.float64) if plain else None
    return None


def _finite(numbers: Array, name: str) -> Array:
    infinite = np.isinf(numbers)
    if infinite.any():
        raise InvalidInput(
            f"The column '{name}' contains infinity in {int(infinite.sum())} of {len(numbers)} rows, first in row "
            f"{int(np.argmax(infinite)) + 1}; finite numbers or NaN were expected.",
            hint="replace infinities by NaN (missing) or by a bound.",
        )
    return numbers


def _names(X: Any) -> list[str]:
    """Return the names of the columns; x0, x1 ... where they have none or some are no text."""
    names = list(X.columns) if frame_kind(X) else []
    if not names or not all(isinstance(name, str) for name in names):
        return [f"x{position}" for position in range(X.shape[1])]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise InvalidInput(f"X has the column '{twice}' more than once.", hint="rename or remove the copies.")
    return names


def _raw_frame(X: Any, positions: Sequence[int]) -> "pl.DataFrame":
    """Return the columns at `positions` as a polars frame, named c0, c1 ..."""
    import polars as pl

    kind = frame_kind(X)
    series: list[pl.Series] = []
    for number, position in enumerate(positions):
        name = f"c{number}"
        if kind == "polars":
            series.append(X.to_series(position).alias(name))
        elif kind == "pandas":
            series.append(_of_pandas(X.iloc[:, position], name))
        else:
            series.append(_of_cells(name, X[:, position].tolist()))
    return pl.DataFrame(series)


def _plain(frame: "pl.DataFrame", names: Sequence[str]) -> "pl.DataFrame":
    """Plain column types, stripped texts, words for "missing" as null: what a reader does to a typed file."""
    from mlwright.data.readers.typed import plain_frame

    for series, name in zip(frame.iter_columns(), names, strict=True):
        if series.dtype.is_float():
            _finite(series.drop_nulls().to_numpy(), name)
    plain = plain_frame(frame, _SOURCE)[0]
    return plain.rename(dict(zip(plain.columns, names, strict=True)))


def _of_pandas(series: Any, name: str) -> "pl.Series":
    import polars as pl

    dtype = series.dtype
    if isinstance(dtype, np.dtype) and dtype.kind in "biuf":
        return pl.Series(name, series.to_numpy())
    if dtype.name in ("object", "category"):
        cells = series.astype(object)
        cells = list(cells.where(series.notna(), None))
        if dtype.name == "category":
            return pl.Series(name, [None if cell is None else category_text(cell) for cell in cells], dtype=pl.String)
        return _of_cells(name, cells)
    return pl.Series(name, pl.from_pandas(series))


def _of_cells(name: str, cells: Sequence[object]) -> "pl.Series":
    """Return Python objects as the narrowest of Boolean, Float64 and String that holds them all."""
    import polars as pl

    present = [None if is_missing(cell) else cell for cell in cells]
    kinds = {type(cell) for cell in present if cell is not None}
    if not kinds:
        return pl.Series(name, [None] * len(present), dtype=pl.Float64)
    if kinds <= {bool, np.bool_}:
        return pl.Series(name, [None if cell is None else bool(cell) for cell in present], dtype=pl.Boolean)
    if all(issubclass(kind, bool | int | float | np.number | np.bool_ | Decimal) for kind in kinds):
        numbers: list[Any] = [None if cell is None else cell for cell in present]
        return pl.Series(name, [None if cell is None else float(cell) for cell in numbers], dtype=pl.Float64)
    return pl.Series(name, [None if cell is None else _text(cell) for cell in present], dtype=pl.String)


def _text(cell: object) -> str:
    if isinstance(cell, str | bool | int | float | Decimal | date | np.generic):
        return plain_text(cell)
    return json.dumps(cell, default=str, sort_keys=True)
