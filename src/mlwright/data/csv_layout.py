"""How a CSV file is written: encoding, delimiter, column names. Standard library only."""

import codecs
import csv
import io
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from mlwright.base.errors import DataError
from mlwright.data.cells import WHITESPACE
from mlwright.data.files import open_bytes

MAX_COLUMNS = 10_000  # a model of more inputs than this is beyond what the rest of the product is tested for
MAX_CELL_CHARACTERS = 16 * 2**20
_BLOCK_BYTES = 1 << 20
_BOMS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",  # before UTF-16, whose mark is how it begins
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_BE: "utf-16",
}
_NOT_IN_CP1252 = frozenset(b"\x81\x8d\x8f\x90\x9d")
_DELIMITERS = ",;\t|"


@dataclass(frozen=True, slots=True)
class CsvLayout:
    """How a CSV file is written.

    Attributes:
        encoding: A Python codec.
        delimiter: One character.
        names: Column names; a blank one is called column_N.
        blank_names: Positions of columns whose name was blank.
    """

    encoding: str
    delimiter: str
    names: tuple[str, ...]
    blank_names: tuple[int, ...] = ()


def layout_of(path: Path) -> CsvLayout:
    """Find out how a CSV file is written; reads the file once, in bounded memory.

    Raises:
        DataError: Empty, binary, no usable header, too many columns, or a column name twice.
    """
    encoding, sample = _encoding_of(path)
    lines = _first_lines(sample)
    if not lines:
        raise DataError(f"'{path}' has no text in it.", hint="export it again, or name another file.")
    delimiter = _delimiter_of(lines, prefer="\t" if ".tsv" in path.suffixes or ".tab" in path.suffixes else ",")
    header = _rows(lines[:200], delimiter)[0]
    names, blanks = checked_names(header, str(path))
    return CsvLayout(encoding, delimiter, names, blanks)


def checked_names(header: list[str], source: str) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """Return stripped column names, blank ones called column_N, and the positions of those.

    Raises:
        DataError: Too many columns, a name twice, or a first line that holds numbers only.
    """
    if len(header) > MAX_COLUMNS:
        raise DataError(
            f"'{source}' has {len(header):,} columns; at most {MAX_COLUMNS:,} can be used.",
            hint="keep the columns that matter, or reshape measurements that lie side by side into rows.",
        )
    stripped = [name.strip(WHITESPACE) for name in header]
    names = [name or f"column_{position + 1}" for position, name in enumerate(stripped)]
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise DataError(
            f"'{source}' has {len(names)} columns but {len(set(names))} names: '{twice[0]}' is there more than once.",
            hint="rename or remove the copies: every column needs a name of its own.",
        )
    if all(_is_number(name) for name in stripped):
        raise DataError(
            f"'{source}' has no header: its first line is {', '.join(header[:4])}; column names were expected.",
            hint="add a first line with the names of the columns.",
        )
    return tuple(names), tuple(position for position, name in enumerate(stripped) if not name)


def csv_rows(lines: Iterable[str], delimiter: str) -> Iterator[list[str]]:
    """Return the standard library's reader for one of our layouts."""
    csv.field_size_limit(MAX_CELL_CHARACTERS)  # the default of 128 KiB refuses long documents
    return csv.reader(lines, delimiter=delimiter)


def _encoding_of(path: Path) -> tuple[str, str]:
    with open_bytes(path) as stream:
        head = stream.read(_BLOCK_BYTES)
        for mark, encoding in _BOMS.items():
            if head.startswith(mark):
                return encoding, codecs.getincrementaldecoder(encoding)(errors="replace").decode(head)
        wide = _wide_encoding(head)
        if wide:
            return wide, head[: len(head) // 2 * 2].decode(wide, errors="replace")
        _refuse_binary(head, path)
        encoding = _narrow_encoding(head, stream)
    return encoding, codecs.getincrementaldecoder(encoding)(errors="replace").decode(head)


def _wide_encoding(head: bytes) -> str:
    """UTF-16 without a mark: Western text has a zero in every second byte."""
    part = head[:4096]
    if len(part) < 4 or b"\x00" not in part:
        return ""
    even, odd = part[0::2].count(0), part[1::2].count(0)
    half = len(part) // 2
    if odd > 0.7 * half and even < 0.05 * half:
        return "utf-16-le"
    return "utf-16-be" if even > 0.7 * half and odd < 0.05 * half else ""


def _narrow_encoding(head: bytes, stream: IO[bytes]) -> str:
    decoder = codecs.getincrementaldecoder("utf-8")()
    seen: set[int] = set()
    utf8, block = True, head
    while block:
        if not block.isascii():
            seen.update(_NOT_IN_CP1252.intersection(block))
            utf8 = utf8 and _decodes(decoder, block)
        elif utf8 and decoder.getstate()[0]:
            utf8 = _decodes(decoder, block)
        block = stream.read(_BLOCK_BYTES)
    if utf8 and not decoder.getstate()[0]:
        return "utf-8"
    return "latin-1" if seen else "cp1252"


def _decodes(decoder: codecs.IncrementalDecoder, block: bytes) -> bool:
    try:
        decoder.decode(block)
    except UnicodeDecodeError:
        return False
    return True


def _refuse_binary(head: bytes, path: Path) -> None:
    control = sum(head.count(code) for code in range(32) if code not in (9, 10, 11, 12, 13))
    if b"\x00" in head or control > 0.01 * len(head):
        raise DataError(
            f"'{path}' is binary; a text table was expected.",
            hint="export it as CSV, or name it after its format (.parquet, .xlsx, .db ...).",
        )


def _first_lines(sample: str) -> list[str]:
    if len(sample) >= _BLOCK_BYTES // 4 and "\n" in sample:
        sample = sample[: sample.rindex("\n") + 1]  # the sample may end within a line
    return [line for line in sample.lstrip("\ufeff").splitlines(keepends=True)[:2000] if line.strip(WHITESPACE)]


def _rows(lines: list[str], delimiter: str) -> list[list[str]]:
    return list(csv_rows(io.StringIO("".join(lines), newline=""), delimiter))


def _delimiter_of(lines: list[str], prefer: str) -> str:
    """The delimiter under which most lines have as many fields as the header, more than one."""
    best, best_score = prefer, (0.0, 0)
    body = lines[:200]
    for delimiter in sorted(_DELIMITERS, key=lambda sign: sign != prefer):
        try:
            counts = [len(row) for row in _rows(body, delimiter) if row]
        except csv.Error:
            continue
        if counts[0] < 2:
            continue
        agreeing = sum(count == counts[0] for count in counts) / len(counts)
        score = (round(agreeing, 1), counts[0])
        if score > best_score:
            best, best_score = delimiter, score
    return best


def _is_number(text: str) -> bool:
    from mlwright.data.cells import text_to_number

    return text_to_number(text) is not None
