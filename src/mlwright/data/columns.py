"""The normal form in which rows reach features and models: one numpy array per column.

| semantic type  | array                                                | missing |
|----------------|------------------------------------------------------|---------|
| number         | float64                                              | NaN     |
| datetime       | float64, seconds since 1970-01-01 UTC                | NaN     |
| category, text | object, each element a `str` stripped of outer space | ""      |

Booleans are categories with the levels "true" and "false".
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Columns = Mapping[str, Array]


def row_count(columns: Columns) -> int:
    """Return the number of rows, 0 for no columns."""
    return len(next(iter(columns.values()))) if columns else 0


def take(columns: Columns, rows: npt.NDArray[np.intp] | slice) -> dict[str, Array]:
    """Return the rows at `rows` of every column."""
    return {name: values[rows] for name, values in columns.items()}
