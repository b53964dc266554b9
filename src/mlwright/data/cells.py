"""Cells of one column, as a person, a file or a caller writes them, to the normal form of `columns.py`.

Two roads lead to the normal form: `parse_cells` here (plain Python, for the service and for files that are predicted)
and `dataset.py` (polars, for training). Both use the patterns of this file, so that they agree cell by cell.
"""

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import cast

import numpy as np

from mlwright.base.errors import InputError, RequestError
from mlwright.data.columns import Array
from mlwright.data.schema import Column, SemanticType

# Cells of *files* that stand for a missing value. A caller of the service writes null instead.
_NA_WORDS = ("NA", "N/A", "n/a", "#N/A", "#N/A N/A", "#NA", "<NA>", "1.#IND", "-1.#IND", "1.#QNAN", "-1.#QNAN")
MISSING_TOKENS = frozenset([*_NA_WORDS, "", "?", "NaN", "-NaN", "nan", "-nan", "NULL", "null", "None"])
# Unicode's White_Space, which Rust strips; Python's own idea of it has a few characters more.
WHITESPACE = (
    " \t\n\r\v\f\x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)

# Groups: year, month, day, hour, minute, second, fraction, zone. Written for both Python's re and Rust's regex.
ISO_PATTERN = (
    r"^([0-9]{4})-([0-9]{2})-([0-9]{2})"
    r"(?:[Tt ]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:[.,]([0-9]{1,9}))?)?(?: ?(Z|z|UTC|[+-][0-9]{2}(?::?[0-9]{2})?))?)?$"
)
_ISO = re.compile(ISO_PATTERN)
WHOLE_PATTERN = r"^(-?[0-9]+)\.0+$"  # "1.0", which another program writes for the level "1"
_WHOLE = re.compile(WHOLE_PATTERN)
# Of these signs alone, float() takes what `number_pattern` takes: no "_", no word, no digit of another script.
_NUMBER_SIGNS = re.compile(r"[0-9.eE+-]*")
_EPOCH_DAYS = date(1970, 1, 1).toordinal()
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
SHOWN_CHARACTERS = 40


@dataclass(frozen=True, slots=True)
class BadCell:
    """A cell that its column cannot hold.

    Attributes:
        row: Counted from 1.
        value: As it was written, cut at 40 characters.
        expected: What the column holds.
    """

    row: int
    column: str
    value: str
    expected: str


class _UnreadableError(ValueError):
    """A cell does not parse; never leaves this file."""


def parse_cells(
    column: Column,
    values: Sequence[object],
    *,
    first_row: int = 1,
    error: type[InputError] = RequestError,
    bad: list[BadCell] | None = None,
) -> Array:
    """Return the cells of one column in normal form, shape (len(values),).

    None and a float NaN are missing in every column. Words such as "NA" are missing only in files: whoever reads a
    file turns them into None first (`MISSING_TOKENS`).

    Args:
        column: Its type, formats, decimal and thousands signs are obeyed.
        values: str, int, float, bool, Decimal, date, datetime, numpy scalars or None.
        first_row: The number of the first row, for messages.
        error: The class raised.
        bad: Where given, cells that don't parse are listed here and become missing; nothing is raised.

    Raises:
        InputError: Of the class `error`: a cell does not parse.

    Example:
        >>> parse_cells(Column(name="age", type=SemanticType.NUMBER), ["22", 1, None]).tolist()
        [22.0, 1.0, nan]
    """
    plain = _plain_numbers(column, values)
    if plain is not None:
        return plain
    convert, expected = _converter(column)
    missing: object = "" if _is_text(column.type) else math.nan
    cells: list[object] = []
    for position, value in enumerate(values):
        try:
            cells.append(missing if is_missing(value) else convert(value))
        except _UnreadableError:
            fault = BadCell(first_row + position, column.name, repr(value)[:SHOWN_CHARACTERS], expected)
            if bad is None:
                raise _error_of(fault, column, error) from None
            bad.append(fault)
            cells.append(missing)
    array = np.empty(len(cells), dtype=object if _is_text(column.type) else np.float64)
    array[:] = cells
    return array


def _plain_numbers(column: Column, values: Sequence[object]) -> Array | None:
    """Return a column of plain number texts and None, read as a whole; None where a cell wants a closer look."""
    if column.type is not SemanticType.NUMBER or column.decimal != "." or column.thousands:
        return None
    if not set(map(type, values)) <= {str, type(None)}:
        return None
    cells = cast("Sequence[str | None]", values)
    if not _NUMBER_SIGNS.fullmatch("".join(cell for cell in cells if cell is not None)):
        return None
    try:
        numbers = [math.nan if cell is None else float(cell) for cell in cells]
    except ValueError:
        return None
    array = np.array(numbers, dtype=np.float64)
    return None if np.isinf(array).any() else array


def is_missing(value: object) -> bool:
    """Return whether a cell is None, NaN or not-a-time."""
    if value is None:
        return True
    if isinstance(value, str | int):
        return False
    if isinstance(value, np.datetime64):
        return bool(np.isnat(value))
    return (
        isinstance(value, float | np.floating | Decimal | datetime) and value != value
    )  # only NaN and NaT differ from themselves


def category_text(value: object) -> str:
    """Return the level that a cell of a category stands for.

    Numbers that are whole lose their ".0" and truth values are written small, because the same level reaches us as 1,
    1.0, "1.0" or True from one program or another.

    Example:
        >>> [category_text(v) for v in (1, 1.0, "1.0", True, "TRUE", " red ")]
        ['1', '1', '1', 'true', 'true', 'red']
    """
    text = plain_text(value)
    lowered = text.lower()
    if lowered in ("true", "false"):
        return lowered
    whole = _WHOLE.match(text)
    return whole[1] if whole else text


def plain_text(value: object) -> str:
    """Return the stripped text of a cell; numbers and dates as Python writes them."""
    if isinstance(value, str):
        return value.strip(WHITESPACE)
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | Decimal):
        return str(value)
    if isinstance(value, float):
        whole = _WHOLE.match(repr(value))
        return whole[1] if whole else repr(value)
    if isinstance(value, date):
        return value.isoformat()
    raise _UnreadableError


def number_pattern(decimal: str, thousands: str) -> str:
    """Return the regular expression of numbers so written, for Python's re and Rust's regex alike."""
    point = re.escape(decimal)
    whole = "[0-9]+"
    if thousands:
        whole = f"(?:[1-9][0-9]{{0,2}}(?:{re.escape(thousands)}[0-9]{{3}})+|[0-9]+)"
    return rf"^[+-]?(?:{whole}(?:{point}[0-9]*)?|{point}[0-9]+)(?:[eE][+-]?[0-9]+)?$"


@lru_cache(maxsize=16)
def _number_regex(decimal: str, thousands: str) -> re.Pattern[str]:
    return re.compile(number_pattern(decimal, thousands))


def text_to_number(text: str, decimal: str = ".", thousands: str = "") -> float | None:
    """Return the number written in `text`, None if it is none or not finite."""
    text = text.strip(WHITESPACE)
    if not _number_regex(decimal, thousands).match(text):
        return None
    if thousands:
        text = text.replace(thousands, "")
    number = float(text.replace(decimal, ".") if decimal != "." else text)
    return number if math.isfinite(number) else None


def text_to_microseconds(text: str, formats: Sequence[str] = ()) -> int | None:
    """Return microseconds since 1970 UTC of a date in ISO 8601 or one of `formats`; None if it is none.

    A date without a zone is taken as UTC.
    """
    text = text.strip(WHITESPACE)
    iso = _ISO.match(text)
    if iso:
        return _iso_to_microseconds(iso)
    for layout in formats:
        try:
            return _microseconds(datetime.strptime(text, layout))  # noqa: DTZ007 - zoned below
        except ValueError:
            continue
    return None


def _iso_to_microseconds(iso: re.Match[str]) -> int | None:
    year, month, day, hour, minute, second, fraction, zone = iso.groups()
    try:
        days = date(int(year), int(month), int(day)).toordinal() - _EPOCH_DAYS
    except ValueError:
        return None
    hours, minutes, seconds = int(hour or 0), int(minute or 0), int(second or 0)
    if hours > 23 or minutes > 59 or seconds > 59:
        return None
    offset = 0
    if zone and zone[0] in "+-":
        digits = zone[1:].replace(":", "").ljust(4, "0")
        if int(digits[:2]) > 23 or int(digits[2:]) > 59:
            return None
        offset = int(zone[0] + "1") * (int(digits[:2]) * 60 + int(digits[2:]))
    total = ((days * 24 + hours) * 60 + minutes - offset) * 60 + seconds
    return total * 1_000_000 + int((fraction or "").ljust(6, "0")[:6])


def _microseconds(moment: datetime) -> int:
    zoned = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return (zoned - _EPOCH) // _MICROSECOND


def _converter(column: Column) -> tuple[Callable[[object], object], str]:
    if column.type is SemanticType.NUMBER:
        return lambda value: _to_number(value, column), "a number"
    if column.type is SemanticType.DATETIME:
        written = "ISO 8601" + "".join(f" or {layout}" for layout in column.formats)
        return lambda value: _to_seconds(value, column), f"a date ({written})"
    if column.type is SemanticType.CATEGORY:
        return category_text, "a text, a whole number or a truth value"
    return plain_text, "a text"


def _to_number(value: object, column: Column) -> float:
    if isinstance(value, str):
        number = text_to_number(value, column.decimal, column.thousands)
        if number is None:
            raise _UnreadableError
        return number
    if isinstance(value, bool | np.bool) or not isinstance(value, int | float | Decimal | np.number):
        raise _UnreadableError
    try:
        number = float(value)
    except OverflowError:
        raise _UnreadableError from None
    if not math.isfinite(number):
        raise _UnreadableError
    return number


def _to_seconds(value: object, column: Column) -> float:
    if isinstance(value, np.datetime64):
        return int(value.astype("datetime64[us]").astype(np.int64)) / 1e6
    if isinstance(value, datetime):
        return _microseconds(value) / 1e6
    if isinstance(value, date):
        return float((value.toordinal() - _EPOCH_DAYS) * 86_400)
    found = text_to_microseconds(value, column.formats) if isinstance(value, str) else None
    if found is None:
        raise _UnreadableError
    return found / 1e6


def _is_text(kind: SemanticType) -> bool:
    return kind not in (SemanticType.NUMBER, SemanticType.DATETIME)


def _error_of(fault: BadCell, column: Column, error: type[InputError]) -> InputError:
    example = f" such as {column.example!r}" if column.example is not None else ""
    return error(
        f"Row {fault.row}, column '{fault.column}': {fault.value} is not {fault.expected}.",
        hint=f"send {fault.expected}{example}, or leave the cell empty (null) where the value is missing.",
    )
