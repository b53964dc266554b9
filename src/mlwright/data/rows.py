"""The rows of CSV and JSON Lines files, one at a time, as they are written. Standard library only."""

import csv
import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlwright.base.errors import DataError
from mlwright.data.cells import MISSING_TOKENS, SHOWN_CHARACTERS, WHITESPACE
from mlwright.data.csv_layout import CsvLayout, csv_rows
from mlwright.data.files import open_bytes, reading

MAX_LINES_OF_ROW = 1_000  # a "row" of more lines than this is a quote that was never closed


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that is not a row: its number in the file from 1, how it begins, and what is wrong."""

    line: int
    text: str
    fault: str


OnBad = Callable[[BadLine], None]


def clean_cell(value: object) -> object:
    """Return a cell of a file: texts stripped, words for "missing" as None."""
    if isinstance(value, str):
        text = value.strip(WHITESPACE)
        return None if text in MISSING_TOKENS else text
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, sort_keys=True)
    return value


def iterate_csv(path: Path, layout: CsvLayout, on_bad: OnBad | None) -> Iterator[list[str]]:
    """Yield the rows of a CSV file after its header, as texts; blank lines are skipped."""
    width = len(layout.names)
    with open_bytes(path) as stream, io.TextIOWrapper(stream, encoding=layout.encoding, newline="") as text:
        rows: Any = csv_rows(text, layout.delimiter)
        before, header_seen = 0, False
        with reading(path):
            try:
                for row in rows:
                    line, before = before + 1, rows.line_num
                    if _is_blank(row, width):
                        continue
                    if not header_seen:
                        header_seen = True
                    elif len(row) == width:
                        yield row
                    else:
                        _refuse_open_quote(path, line, rows.line_num)
                        report_bad(_wrong_width(line, row, width, layout.delimiter), path, on_bad)
            except csv.Error as exc:
                raise _open_quote(path, before + 1) from exc


def iterate_json_lines(path: Path, on_bad: OnBad | None) -> Iterator[dict[str, object]]:
    """Yield the objects of a JSON Lines file; blank lines are skipped."""
    with open_bytes(path) as stream, reading(path):
        for number, line in enumerate(stream, start=1):
            if not line.strip():
                continue
            try:
                row = json.loads(line.decode("utf-8-sig" if number == 1 else "utf-8"))
            except ValueError as exc:
                fault = f"not JSON ({exc})"
                report_bad(BadLine(number, line[:SHOWN_CHARACTERS].decode("utf-8", "replace"), fault), path, on_bad)
                continue
            if isinstance(row, dict):
                yield row
            else:
                report_bad(BadLine(number, str(row)[:SHOWN_CHARACTERS], "not an object"), path, on_bad)


def report_bad(bad: BadLine, path: Path, on_bad: OnBad | None) -> None:
    """Hand a bad line on, or raise it where nobody asked for it."""
    if on_bad is not None:
        on_bad(bad)
        return
    raise DataError(
        f"Line {bad.line} of '{path}' is not a row: {bad.fault}; it begins {bad.text!r}.",
        hint="mend or remove the line; a delimiter inside a text needs quotes around the text.",
    )


def _is_blank(row: list[str], width: int) -> bool:
    return not row or (len(row) == 1 and width > 1 and not row[0].strip(WHITESPACE))


def _wrong_width(line: int, row: list[str], width: int, delimiter: str) -> BadLine:
    text = delimiter.join(row)[:SHOWN_CHARACTERS]
    return BadLine(line, text, f"{len(row)} fields where the header has {width}")


def _refuse_open_quote(path: Path, first: int, last: int) -> None:
    if last - first > MAX_LINES_OF_ROW:
        raise _open_quote(path, first)


def _open_quote(path: Path, line: int) -> DataError:
    return DataError(
        f"'{path}' has a quote in line {line} that is never closed.",
        hint='close it, or double it ("") where it is part of the text.',
    )
