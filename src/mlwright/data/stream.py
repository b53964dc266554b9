"""Read a file in batches of raw cells, in bounded memory. CSV and JSON Lines need the standard library only.

What a cell means is decided later (`cells.parse_cells`); here words for "missing" become None and texts are stripped.
"""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from mlwright.base.errors import DataError
from mlwright.data.csv_layout import layout_of
from mlwright.data.files import format_of
from mlwright.data.rows import BadLine, OnBad, clean_cell, iterate_csv, iterate_json_lines

__all__ = ["BadLine", "OnBad", "stream_cells"]

Batch = dict[str, list[object]]


def stream_cells(path: Path | str, batch_rows: int = 10_000, *, on_bad: OnBad | None = None) -> Iterator[Batch]:
    """Yield batches {column: cells} of a file, each at most `batch_rows` long.

    Args:
        path: CSV, TSV, JSON Lines (all also compressed), SQLite with one table; with `mlwright[train]` also Parquet,
            Arrow, JSON and Excel.
        on_bad: Called with each line that is not a row, which is then left out. Without it such a line is an error,
            because the rows that go out must match the rows that came in.

    Raises:
        DataError: The file is absent, empty, broken, or a line is not a row.
        MissingExtra: The format needs a package that is not installed.
    """
    path = Path(path)
    kind = format_of(path)
    if kind == "csv":
        return _stream_csv(path, batch_rows, on_bad)
    if kind == "jsonl":
        return _stream_json_lines(path, batch_rows, on_bad)
    return _stream_other(path, kind, batch_rows)


def _stream_csv(path: Path, batch_rows: int, on_bad: OnBad | None) -> Iterator[Batch]:
    layout = layout_of(path)
    rows = iterate_csv(path, layout, on_bad)
    while block := list(islice(rows, batch_rows)):
        yield {name: [clean_cell(row[i]) for row in block] for i, name in enumerate(layout.names)}


def _stream_json_lines(path: Path, batch_rows: int, on_bad: OnBad | None) -> Iterator[Batch]:
    names: dict[str, None] = {}  # of all batches so far, in order of appearance
    rows = iterate_json_lines(path, on_bad)
    while block := list(islice(rows, batch_rows)):
        for row in block:
            names.update(dict.fromkeys(row))
        yield {name: [clean_cell(row.get(name)) for row in block] for name in names}


def _stream_other(path: Path, kind: str, batch_rows: int) -> Iterator[Batch]:
    if kind == "sqlite":
        return _stream_sqlite(path, batch_rows)
    from mlwright.data.readers.registry import READERS

    READERS.load(kind)  # says which extra is missing
    if kind == "parquet":
        return _stream_parquet(path, batch_rows)
    return _stream_whole(path, batch_rows)


def _stream_sqlite(path: Path, batch_rows: int) -> Iterator[Batch]:
    from mlwright.data.readers.sqlite_file import open_query

    with open_query(path, None) as cursor:
        names = [column[0] for column in cursor.description]
        while block := cursor.fetchmany(batch_rows):
            yield {name: [clean_cell(row[i]) for row in block] for i, name in enumerate(names)}


def _stream_parquet(path: Path, batch_rows: int) -> Iterator[Batch]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=batch_rows):
                yield {name: [clean_cell(v) for v in cells] for name, cells in batch.to_pydict().items()}
    except pa.ArrowException as exc:
        raise DataError(f"'{path}' is a broken Parquet file: {exc}.", hint="write or copy it again.") from exc


def _stream_whole(path: Path, batch_rows: int) -> Iterator[Batch]:
    from mlwright.data.readers.source import read_raw

    frame = read_raw(str(path), base=Path.cwd()).frame
    for start in range(0, frame.height, batch_rows):
        part = frame.slice(start, batch_rows)
        yield {name: [clean_cell(v) for v in part[name].to_list()] for name in part.columns}
