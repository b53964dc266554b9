"""A file as a sequence of frames, in bounded memory: for tables larger than it."""

import codecs
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from mlwright.data.csv_layout import CsvLayout, layout_of
from mlwright.data.files import format_of, open_bytes
from mlwright.data.readers.csv_records import cleaned, parse_fast, sound_rows, text_frame
from mlwright.data.readers.line_scan import scan_lines
from mlwright.data.readers.source import read_raw
from mlwright.data.readers.typed import plain_frame
from mlwright.data.rows import BadLine, iterate_csv

if TYPE_CHECKING:
    import polars as pl

BLOCK_BYTES = 32 * 2**20
_BLOCK_ROWS = 100_000


class Blocks:
    """Frames of a file, the same at every iteration; CSV and Parquet in bounded memory, other formats as one frame.

    Attributes:
        bad_lines: How many lines were left out in the last full iteration.
        bad_examples: The first five of them.
    """

    def __init__(self, path: Path, block_bytes: int = BLOCK_BYTES) -> None:
        self.path = path
        self.block_bytes = block_bytes
        self.bad_lines = 0
        self.bad_examples: list[BadLine] = []

    def __iter__(self) -> "Iterator[pl.DataFrame]":
        self.bad_lines, self.bad_examples = 0, []
        kind = format_of(self.path)
        if kind == "csv":
            return self._csv(layout_of(self.path))
        return self._parquet() if kind == "parquet" else iter([read_raw(str(self.path), base=Path()).frame])

    def _csv(self, layout: CsvLayout) -> "Iterator[pl.DataFrame]":
        if _is_irregular(self.path, layout, self.block_bytes):
            rows = iterate_csv(self.path, layout, lambda line: self._note([line]))
            while block := list(islice(rows, _BLOCK_ROWS)):
                yield cleaned(text_frame(block, layout))
            return
        line = 1
        for position, data in enumerate(_whole_records(self.path, layout, self.block_bytes)):
            bad: list[BadLine] = []
            body = sound_rows(data, scan_lines(data, layout.delimiter), layout, bad, header=position == 0)
            self._note([BadLine(line + fault.line - 1, fault.text, fault.fault) for fault in bad])
            line += data.count(b"\n")
            frame = parse_fast(body, layout)
            if frame.height:
                yield cleaned(frame)

    def _note(self, bad: list[BadLine]) -> None:
        self.bad_lines += len(bad)
        self.bad_examples += bad[: 5 - len(self.bad_examples)]

    def _parquet(self) -> "Iterator[pl.DataFrame]":
        import polars as pl
        import pyarrow.parquet as pq

        with pq.ParquetFile(self.path) as file:
            for batch in file.iter_batches(batch_size=_BLOCK_ROWS):
                frame = pl.from_arrow(batch)
                if isinstance(frame, pl.DataFrame) and frame.height:
                    yield plain_frame(frame, str(self.path))[0]


def _is_irregular(path: Path, layout: CsvLayout, block_bytes: int) -> bool:
    return any(data is None for data in _records(path, layout, block_bytes))


def _whole_records(path: Path, layout: CsvLayout, block_bytes: int) -> Iterator[bytes]:
    return (data for data in _records(path, layout, block_bytes) if data is not None)


def _records(path: Path, layout: CsvLayout, block_bytes: int) -> Iterator[bytes | None]:
    """Yield whole records as UTF-8, and None once where the fast parser would misread the file."""
    carry = b""
    with open_bytes(path) as stream:
        decoder = codecs.getincrementaldecoder(layout.encoding)()
        while block := stream.read(block_bytes):
            data = carry + decoder.decode(block).encode()
            scan = scan_lines(data, layout.delimiter)
            if scan.irregular or len(carry) > 4 * block_bytes:
                yield None
                return
            cut = int(scan.ends[scan.complete - 1]) if scan.complete else 0
            carry = data[cut:]
            if cut:
                yield data[:cut]
    if carry:
        yield None if scan_lines(carry, layout.delimiter).unclosed else carry
