"""Where predictions of a file go: CSV, JSON Lines or Parquet, batch by batch, under the final name only when whole."""

import csv
import gzip
import json
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, cast

from mlwright.base.errors import DataError, MissingExtra

Write = Callable[[Mapping[str, list[Any]]], None]
_SUFFIXES = (".csv", ".tsv", ".jsonl", ".ndjson", ".parquet")


@contextmanager
def output(path: Path) -> Generator[Write]:
    """Open an output; give batches to what is yielded. After an error nothing is left behind.

    Raises:
        DataError: The format is unknown or the folder cannot be written.
        MissingExtra: Parquet without `mlwright[train]`.
    """
    opened = _opener(path)
    part = path.with_name(f".{path.name}.part")
    try:
        with opened(part) as write:
            yield write
        part.replace(path)
    except OSError as error:
        raise DataError(
            f"{path} cannot be written: {error.strerror or error}.", hint="choose a folder with space that is writable."
        ) from error
    finally:
        part.unlink(missing_ok=True)


def _opener(path: Path) -> Any:
    kind = next((end for end in _SUFFIXES if path.name.removesuffix(".gz").endswith(end)), None)
    if kind is None or (kind == ".parquet" and path.suffix == ".gz"):
        raise DataError(
            f"'{path.name}' does not say a format that can be written.", hint="end it in .csv, .jsonl or .parquet."
        )
    if kind == ".parquet":
        return _parquet
    packed = path.suffix == ".gz"
    if kind in (".csv", ".tsv"):
        return lambda part: _csv(part, packed, "," if kind == ".csv" else "\t")
    return lambda part: _json_lines(part, packed)


def _text(part: Path, packed: bool) -> IO[str]:
    if packed:
        return cast("IO[str]", gzip.open(part, "wt", encoding="utf-8", newline=""))
    return part.open("w", encoding="utf-8", newline="")


@contextmanager
def _csv(part: Path, packed: bool, delimiter: str) -> Generator[Write]:
    with _text(part, packed) as stream:
        writer = csv.writer(stream, delimiter=delimiter, lineterminator="\n")
        names: list[str] = []

        def write(batch: Mapping[str, list[Any]]) -> None:
            if not names:
                names.extend(batch)
                writer.writerow(names)
            writer.writerows(zip(*(map(_csv_cell, batch[name]) for name in names), strict=True))

        yield write


def _csv_cell(cell: Any) -> Any:
    return ("true" if cell else "false") if isinstance(cell, bool) else cell


@contextmanager
def _json_lines(part: Path, packed: bool) -> Generator[Write]:
    with _text(part, packed) as stream:

        def write(batch: Mapping[str, list[Any]]) -> None:
            for row in zip(*batch.values(), strict=True):
                stream.write(json.dumps(dict(zip(batch, row, strict=True)), ensure_ascii=False, default=str) + "\n")

        yield write


@contextmanager
def _parquet(part: Path) -> Generator[Write]:
    from importlib.util import find_spec

    if find_spec("pyarrow") is None:
        raise MissingExtra(
            "Writing Parquet needs pyarrow, which is not installed.", hint="pip install 'mlwright[train]'"
        )
    import pyarrow as pa
    import pyarrow.parquet as pq

    writers: list[Any] = []

    def write(batch: Mapping[str, list[Any]]) -> None:
        try:
            if not writers:
                table = pa.table(dict(batch))
                # A column that is empty so far may hold texts later; nothing else can be guessed of it.
                known = [pa.field(f.name, pa.string() if pa.types.is_null(f.type) else f.type) for f in table.schema]
                writers.append(pq.ParquetWriter(part, pa.schema(known)))
            writers[0].write_table(pa.table(dict(batch), schema=writers[0].schema))
        except pa.ArrowException as error:
            hint = "write .csv or .jsonl, which take cells of mixed types."
            raise DataError(f"A column changes its type within the file: {error}.", hint=hint) from error

    try:
        yield write
    finally:
        for writer in writers:
            writer.close()
