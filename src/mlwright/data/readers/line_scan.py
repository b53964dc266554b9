"""Find the lines of a CSV that are not rows, at the speed of numpy, so that the fast parser sees only sound ones."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

Positions = npt.NDArray[np.int64]
_BLOCK_BYTES = 1 << 22
_NEWLINE, _RETURN, _QUOTE = 10, 13, 34


@dataclass(frozen=True, slots=True)
class LineScan:
    """What the lines of a CSV are like; offsets in bytes.

    Attributes:
        starts, ends: Of each record; `ends` is one past its newline.
        fields: Number of fields of each record.
        irregular: Quotes or line ends are not as RFC 4180 has them; only a careful parser reads such a file right.
        complete: Records that end with a newline; the last one may not.
        unclosed: The data ends within quotes.
    """

    starts: Positions
    ends: Positions
    fields: Positions
    irregular: bool
    complete: int
    unclosed: bool


def scan_lines(data: bytes, delimiter: str) -> LineScan:
    """Return where the records of `data` (UTF-8) lie and how many fields each has.

    Example:
        >>> scan_lines(b'a,b\\n"x,y",2\\n3\\n', ",").fields.tolist()
        [2, 2, 1]
    """
    sign = ord(delimiter)
    ends: list[Positions] = []
    marks_before: list[Positions] = []
    marks, inside, irregular = 0, 0, False
    for offset, block, context in _blocks(data):
        hits = (block == _NEWLINE) | (block == sign)
        quotes = block == _QUOTE
        if quotes.any():
            parity = (np.cumsum(quotes) + inside) & 1
            irregular = irregular or _has_stray_quotes(block, quotes, parity, context, sign)
            outside = parity == 0
            inside = int(parity[-1])
        else:
            outside = np.full(len(block), not inside)
        irregular = irregular or _has_lone_returns(block, outside, context[1])
        at = np.flatnonzero(hits & outside)
        newlines = np.flatnonzero(block[at] == _NEWLINE)
        ends.append(at[newlines] + offset + 1)
        marks_before.append(newlines + marks + 1)
        marks += len(at)
    scan = _assembled(len(data), np.concatenate(ends), np.concatenate(marks_before), marks)
    return replace(scan, irregular=irregular, unclosed=bool(inside))


def _blocks(data: bytes) -> Iterator[tuple[int, npt.NDArray[np.uint8], tuple[int, int]]]:
    """Yield (offset, bytes, (byte before, byte after))."""
    array = np.frombuffer(data, dtype=np.uint8)
    for offset in range(0, len(array), _BLOCK_BYTES):
        end = min(offset + _BLOCK_BYTES, len(array))
        before = int(array[offset - 1]) if offset else _NEWLINE
        after = int(array[end]) if end < len(array) else _NEWLINE
        yield offset, array[offset:end], (before, after)


def _has_stray_quotes(
    block: npt.NDArray[np.uint8],
    quotes: npt.NDArray[np.bool],
    parity: npt.NDArray[np.int64],
    context: tuple[int, int],
    delimiter: int,
) -> bool:
    """A quote opens after a delimiter or newline and closes before one; any other is part of a text."""
    at = np.flatnonzero(quotes)
    opening = parity[at] == 1
    before = np.where(at > 0, block[at - 1], context[0])
    after = np.where(at < len(block) - 1, block[np.minimum(at + 1, len(block) - 1)], context[1])
    opened = np.isin(before[opening], (delimiter, _NEWLINE, _QUOTE))
    closed = np.isin(after[~opening], (delimiter, _NEWLINE, _RETURN, _QUOTE))
    return not (opened.all() and closed.all())


def _has_lone_returns(block: npt.NDArray[np.uint8], outside: npt.NDArray[np.bool], after: int) -> bool:
    at = np.flatnonzero((block == _RETURN) & outside)
    if not len(at):
        return False
    following = np.where(at < len(block) - 1, block[np.minimum(at + 1, len(block) - 1)], after)
    return bool((following != _NEWLINE).any())


def _assembled(size: int, ends: Positions, marks_before: Positions, marks: int) -> LineScan:
    """`marks_before` counts delimiters and newlines up to and with each newline: their differences are the fields."""
    complete = len(ends)
    if not complete or ends[-1] < size:  # the last line has no newline
        ends, marks_before = np.append(ends, size), np.append(marks_before, marks + 1)
    starts = np.concatenate([[0], ends[:-1]]).astype(np.int64)
    fields = np.diff(marks_before, prepend=0)
    return LineScan(starts, ends, fields, irregular=False, complete=complete, unclosed=False)
