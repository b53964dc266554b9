"""Forecast the histories of a whole file."""

from pathlib import Path

from mlwright.base.errors import DataError
from mlwright.data.stream import stream_cells
from mlwright.delivery.outputs import output
from mlwright.serving.forecaster import Forecaster


def forecast_file(forecaster: Forecaster, source: Path, out: Path) -> tuple[int, tuple[str, ...]]:
    """Write what comes after the histories in `source`; return the rows written and what was mended.

    Args:
        forecaster: Of a delivery.
        source: CSV, TSV or JSON Lines, also compressed; other formats with `mlwright[train]`.
        out: Ends in .csv, .tsv, .jsonl (each also .gz) or .parquet. It appears when all is written.

    Raises:
        DataError: The file cannot be read or written.
        RequestError: The history cannot be continued.
    """
    cells: dict[str, list[object]] = {}
    rows = 0
    for batch in stream_cells(source):
        count = len(next(iter(batch.values()), []))
        for name in batch:
            cells.setdefault(name, [None] * rows)
        for name, column in cells.items():
            column.extend(batch.get(name, [None] * count))
        rows += count
    if not rows:
        raise DataError(f"'{source}' has no row.", hint="give the rows of at least one history.")
    found = forecaster.forecast(cells)
    with output(out) as write:
        write(found.columns)
    return len(found.columns["step"]), found.findings
