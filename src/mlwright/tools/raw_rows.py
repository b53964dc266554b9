"""Rows as a caller of the service would send them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from mlwright.data.schema import Column, SemanticType

if TYPE_CHECKING:
    from mlwright.data.dataset import Dataset


def raw_rows(dataset: "Dataset", inputs: Sequence[Column]) -> list[dict[str, Any]]:
    """Return one JSON-able mapping a row: numbers, text, ISO dates; missing is None."""
    cells = {column.name: _cells(dataset.frame[column.name], column) for column in inputs}
    return [{name: values[row] for name, values in cells.items()} for row in range(dataset.rows)]


def _cells(series: Any, column: Column) -> list[Any]:
    if column.type is SemanticType.DATETIME:
        return [None if value is None else value.isoformat() for value in series.to_list()]
    if column.type is SemanticType.NUMBER:
        return series.fill_nan(None).to_list()
    return series.to_list()
