"""Raw columns as a matrix of codes and back, so that SHAP's maskers can mix rows of strings and missing cells."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mlwright.base.errors import DataError
from mlwright.base.suggest import did_you_mean
from mlwright.data.columns import Array, Columns, row_count
from mlwright.data.schema import Column


@dataclass(frozen=True, slots=True)
class CodeTable:
    """The distinct values of every column; a cell's code is its place among them.

    Missing numbers have one code, so two missing cells are equal (NaN is not), and a column that does not differ from
    the background costs no evaluation.

    Example:
        >>> import numpy as np
        >>> from mlwright.data.schema import Column, SemanticType
        >>> columns = {"size": np.array([2.0, np.nan, 2.0])}
        >>> table = CodeTable.of([columns], [Column(name="size", type=SemanticType.NUMBER)])
        >>> table.encode(columns)[:, 0]
        array([0., 1., 0.])
    """

    names: tuple[str, ...]
    values: tuple[Array, ...]

    @classmethod
    def of(cls, tables: Sequence[Columns], inputs: Sequence[Column]) -> "CodeTable":
        """Collect the values of `inputs` in all `tables`.

        Raises:
            DataError: A table lacks a column.
        """
        names = tuple(column.name for column in inputs)
        for table in tables:
            for name in names:
                if name not in table:
                    raise DataError(f"There is no column '{name}' to explain.", hint=did_you_mean(name, table))
        # equal_nan: all missing numbers are one value, and numpy sorts it to the end
        distinct = tuple(np.unique(np.concatenate([_plain(t[name]) for t in tables]), equal_nan=True) for name in names)
        return cls(names, distinct)

    def encode(self, columns: Columns) -> Array:
        """Return codes, float64, shape (rows, columns)."""
        codes = np.empty((row_count(columns), len(self.names)))
        for j, (name, distinct) in enumerate(zip(self.names, self.values, strict=True)):
            codes[:, j] = np.searchsorted(distinct, _plain(columns[name]))
        return codes

    def decode(self, codes: Array) -> dict[str, Array]:
        """Return the raw columns of a code matrix."""
        pairs = zip(self.names, self.values, strict=True)
        return {name: _raw(distinct[codes[:, j].astype(np.intp)]) for j, (name, distinct) in enumerate(pairs)}


def _plain(values: Array) -> Array:
    # numpy sorts its own string type much faster than objects
    return values.astype(str) if values.dtype == object else values.astype(np.float64)


def _raw(values: Array) -> Array:
    return values.astype(object) if values.dtype.kind == "U" else values
