"""Sound records of a CSV to columns of text, by the fast parser."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from mlwright.data.cells import MISSING_TOKENS, SHOWN_CHARACTERS, WHITESPACE
from mlwright.data.csv_layout import CsvLayout
from mlwright.data.readers.line_scan import LineScan
from mlwright.data.rows import BadLine

if TYPE_CHECKING:
    import polars as pl


def sound_rows(data: bytes, scan: LineScan, layout: CsvLayout, bad: list[BadLine], *, header: bool = True) -> bytes:
    """Return the records without the header, blank lines and bad lines; `bad` gets the latter."""
    width = len(layout.names)
    suspect = np.flatnonzero((scan.fields != width) | _blank(data, scan))
    first = _first_text(data, scan) if header else -1
    dropped: list[int] = []
    for record in suspect[suspect > first]:
        text = data[scan.starts[record] : scan.ends[record]].decode()
        if scan.fields[record] != width and text.strip(WHITESPACE):
            fault = f"{scan.fields[record]} fields where the header has {width}"
            number = data.count(b"\n", 0, int(scan.starts[record])) + 1 if len(bad) < 5 else 0
            bad.append(BadLine(number, text.strip()[:SHOWN_CHARACTERS], fault))
        elif text.strip("\r\n") and width == 1:
            continue  # one column: a line of blanks is a row with a missing cell
        dropped.append(int(record))
    return _without(data, scan, first, dropped)


def _blank(data: bytes, scan: LineScan) -> npt.NDArray[np.bool]:
    lengths = scan.ends - scan.starts
    begins = np.frombuffer(data, dtype=np.uint8)[np.minimum(scan.starts, max(len(data) - 1, 0))]
    return (lengths <= 1) & np.isin(begins, (10, 13)) | (lengths == 2) & (begins == 13)


def _first_text(data: bytes, scan: LineScan) -> int:
    """The record that is the header: the first that is not blank."""
    for record, (start, end) in enumerate(zip(scan.starts, scan.ends, strict=True)):
        if data[start:end].decode().strip(WHITESPACE):
            return record
    return 0


def _without(data: bytes, scan: LineScan, header: int, dropped: list[int]) -> bytes:
    start = int(scan.ends[header]) if header >= 0 else 0
    if not dropped:
        return data[start:]
    kept: list[bytes] = []
    for record in dropped:
        kept.append(data[start : scan.starts[record]])
        start = int(scan.ends[record])
    return b"".join([*kept, data[start:]])


def parse_fast(body: bytes, layout: CsvLayout) -> "pl.DataFrame":
    """Return sound records as columns of text."""
    import polars as pl

    schema = dict.fromkeys(layout.names, pl.String)
    if not body:
        return pl.DataFrame(schema=schema)
    return pl.read_csv(body, has_header=False, separator=layout.delimiter, schema=schema, infer_schema=False)


def text_frame(rows: Iterable[list[str]], layout: CsvLayout) -> "pl.DataFrame":
    """Return rows of texts as a frame; what the standard library's parser gives, slower but right on stray quotes."""
    import polars as pl

    cells: list[list[str]] = [[] for _ in layout.names]
    for row in rows:
        for column, cell in zip(cells, row, strict=True):
            column.append(cell)
    return pl.DataFrame(
        {name: pl.Series(column, dtype=pl.String) for name, column in zip(layout.names, cells, strict=True)}
    )


def cleaned(frame: "pl.DataFrame") -> "pl.DataFrame":
    """Return columns of text stripped, with words for "missing" as null; what `stream.clean_cell` does to one cell."""
    import polars as pl

    stripped = pl.all().str.strip_chars()
    return frame.select(pl.when(stripped.is_in(sorted(MISSING_TOKENS))).then(None).otherwise(stripped).name.keep())
