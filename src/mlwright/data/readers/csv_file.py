"""CSV and TSV: any encoding, delimiter and compression; lines that are not rows are counted and shown."""

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from mlwright.base.errors import DataError
from mlwright.base.traits import Traits
from mlwright.data.csv_layout import CsvLayout, layout_of
from mlwright.data.files import open_bytes
from mlwright.data.readers.csv_records import cleaned, parse_fast, sound_rows, text_frame
from mlwright.data.readers.line_scan import scan_lines
from mlwright.data.readers.raw import Raw, ReadOptions, ReadProblem
from mlwright.data.rows import BadLine, iterate_csv

if TYPE_CHECKING:
    import polars as pl

_BLOCK_BYTES = 1 << 22
_MOST_BAD_SHARE = 0.5  # a file most of whose lines are not rows was misread, and must not be used


class CsvReader:
    """Reads a CSV into columns of text."""

    traits: ClassVar[Traits] = Traits("CSV, TSV and other delimited text", extra="train", requires=("polars",))

    def read(self, source: str, options: ReadOptions) -> Raw:
        """Read the file `source`.

        Raises:
            DataError: Empty, header only, binary, cut off, no usable header, or most lines are not rows.
        """
        path = Path(source)
        layout = layout_of(path)
        data = _utf8_bytes(path, layout, options.max_bytes)
        bad: list[BadLine] = []
        frame = _parse(path, layout, data, bad)
        _refuse_useless(path, frame.height, bad, layout)
        frame, blank = _without_blank_columns(cleaned(frame), layout, source)
        problems = [*_layout_problems(layout), *blank, *_line_problems(bad)]
        return Raw(frame, tuple(problems), source, sha256_of(path), ((path.name, frame.height),))


def sha256_of(path: Path) -> str:
    """Return the hash of a file's bytes as they lie on the disk."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _utf8_bytes(path: Path, layout: CsvLayout, limit: int) -> bytes:
    """The whole text as UTF-8 without a mark."""
    blocks: list[bytes] = []
    size = 0
    with open_bytes(path) as stream:
        while block := stream.read(_BLOCK_BYTES):
            size += len(block)
            if size > limit:
                raise DataError(
                    f"'{path}' is longer than {limit:,} bytes when decompressed.",
                    hint="take a sample of its rows, or write it as Parquet.",
                )
            blocks.append(block)
    data = b"".join(blocks)
    return data if layout.encoding == "utf-8" else data.decode(layout.encoding).encode()


def _parse(path: Path, layout: CsvLayout, data: bytes, bad: list[BadLine]) -> "pl.DataFrame":
    scan = scan_lines(data, layout.delimiter)
    if scan.irregular or scan.unclosed:
        rows = iterate_csv(path, layout, bad.append)
        return text_frame(rows, layout)
    return parse_fast(sound_rows(data, scan, layout, bad), layout)


def _refuse_useless(path: Path, rows: int, bad: list[BadLine], layout: CsvLayout) -> None:
    if bad and len(bad) > _MOST_BAD_SHARE * (rows + len(bad)):
        share = f"{len(bad):,} of {rows + len(bad):,} lines"
        raise DataError(
            f"{share} of '{path}' are not rows: line {bad[0].line} has {bad[0].fault}.",
            hint=f"the delimiter was taken to be {layout.delimiter!r}; has every column a name in the first line?",
        )
    if not rows:
        raise DataError(
            f"'{path}' has a header ({', '.join(layout.names[:5])}) and no rows.",
            hint="export it again with its rows, or name another file.",
        )


def _without_blank_columns(
    frame: "pl.DataFrame", layout: CsvLayout, source: str
) -> "tuple[pl.DataFrame, list[ReadProblem]]":
    problems: list[ReadProblem] = []
    for position in layout.blank_names:
        name = layout.names[position]
        if frame[name].null_count() == frame.height:
            frame = frame.drop(name)
            problems.append(ReadProblem(f"Column {position + 1} has neither a name nor a value; it is left out", 1))
        elif position == 0:  # what pandas writes for its index
            problems.append(ReadProblem(f"The first column has no name; it is called '{name}'", 1))
        else:
            raise DataError(
                f"Column {position + 1} of '{source}' has values but no name.",
                hint="give every column a name in the first line.",
            )
    return frame, problems


def _layout_problems(layout: CsvLayout) -> list[ReadProblem]:
    if layout.encoding in ("utf-8", "utf-8-sig"):
        return []
    return [ReadProblem(f"The text is not UTF-8; it was read as {layout.encoding}")]


def _line_problems(bad: list[BadLine]) -> list[ReadProblem]:
    if not bad:
        return []
    examples = tuple(f"line {line.line}: {line.text} ({line.fault})" for line in bad[:5])
    return [ReadProblem("Lines that are not rows were left out", len(bad), examples)]
