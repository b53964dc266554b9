"""SVMlight (LIBSVM) text: `grade qid:7 1:0.5 3:1.2 # comment`, one row a line; what is absent is 0."""

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import numpy as np

from mlwright.base.errors import DataError
from mlwright.base.traits import Traits
from mlwright.data.columns import Array
from mlwright.data.files import open_bytes
from mlwright.data.readers.csv_file import sha256_of
from mlwright.data.readers.raw import Raw, ReadOptions, ReadProblem
from mlwright.data.rows import BadLine

_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_LINE = re.compile(rf"\s*({_NUMBER})((?:\s+qid:\S+)?)((?:\s+\d+:{_NUMBER})*)\s*(?:#.*)?")
_MOST_CELLS = 400_000_000  # 3 GB of numbers
_SHOWN = 80


@dataclass(slots=True)
class _Cells:
    """What was read so far: one entry a row, and one a written cell."""

    labels: list[float] = field(default_factory=list[float])
    queries: list[str] = field(default_factory=list[str])
    rows: list[int] = field(default_factory=list[int])
    columns: list[int] = field(default_factory=list[int])
    values: list[float] = field(default_factory=list[float])


class SvmlightReader:
    """Reads sparse rows into columns `f1`, `f2` ... with `relevance` and `qid`; without queries with `label`."""

    traits: ClassVar[Traits] = Traits("SVMlight and LIBSVM text", extra="train", requires=("polars",))

    def read(self, source: str, options: ReadOptions) -> Raw:
        """Read the file `source`.

        Raises:
            DataError: No line is a row, some rows have a query and others none, or the table would not fit.
        """
        import polars as pl

        path = Path(source)
        bad: list[BadLine] = []
        cells = _read(path, bad, options.max_bytes)
        if not cells.labels or len(bad) > len(cells.labels):
            fault = f"line {bad[0].line} begins {bad[0].text!r}" if bad else "it has no line"
            raise DataError(
                f"'{path}' is no SVMlight file: {fault}.", hint="a row is written `grade qid:7 1:0.5 3:1.2`."
            )
        ranked = bool(cells.queries)
        if ranked and len(cells.queries) != len(cells.labels):
            raise DataError(
                f"{len(cells.labels) - len(cells.queries):,} of {len(cells.labels):,} rows of '{path}' have no qid.",
                hint="give every row its query, or none.",
            )
        matrix = _matrix(cells, path)
        head = {"relevance": cells.labels, "qid": cells.queries} if ranked else {"label": cells.labels}
        frame = pl.DataFrame(head | {f"f{at + 1}": matrix[:, at] for at in range(matrix.shape[1])})
        problems = (_problem(bad),) if bad else ()
        return Raw(frame, problems, source, sha256_of(path), ((path.name, frame.height),))


def is_svmlight(path: Path) -> bool:
    """Return whether the first line of a text that is no comment reads as a sparse row with one cell or more."""
    with open_bytes(path) as stream, io.TextIOWrapper(stream, encoding="utf-8", errors="replace") as text:
        for line in text:
            if line.strip() and not line.lstrip().startswith("#"):
                found = _LINE.fullmatch(line[:1_000_000].rstrip("\n"))
                return found is not None and bool(found[3])
    return False


def _read(path: Path, bad: list[BadLine], limit: int) -> _Cells:
    cells, size = _Cells(), 0
    for number, line in _lines(path):
        size += len(line)
        if size > limit:
            raise DataError(f"'{path}' is longer than {limit:,} bytes when decompressed.", hint="take a sample.")
        found = _LINE.fullmatch(line)
        if found is None:
            bad.append(BadLine(number, line[:_SHOWN], "not `grade qid:7 1:0.5`"))
            continue
        row = len(cells.labels)
        cells.labels.append(float(found[1]))
        if found[2]:
            cells.queries.append(found[2].strip().removeprefix("qid:"))
        for pair in found[3].split():
            column, _, value = pair.partition(":")
            cells.rows.append(row)
            cells.columns.append(int(column))
            cells.values.append(float(value))
    return cells


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    with open_bytes(path) as stream, io.TextIOWrapper(stream, encoding="utf-8", errors="replace") as text:
        for number, line in enumerate(text, start=1):
            if line.strip() and not line.lstrip().startswith("#"):
                yield number, line.rstrip("\n")


def _matrix(cells: _Cells, path: Path) -> Array:
    columns = np.array(cells.columns, dtype=np.int64)
    # Features are numbered from 1; some writers begin at 0.
    first = 0 if len(columns) and columns.min() == 0 else 1
    width = int(columns.max()) - first + 1 if len(columns) else 0
    if not width or len(cells.labels) * width > _MOST_CELLS:
        raise DataError(
            f"'{path}' has {len(cells.labels):,} rows and {width:,} features; 1 to {_MOST_CELLS:,} cells in all were "
            "expected.",
            hint="leave out rare features, or take a sample of the rows.",
        )
    matrix = np.zeros((len(cells.labels), width))
    matrix[np.array(cells.rows), columns - first] = cells.values
    return matrix


def _problem(bad: list[BadLine]) -> ReadProblem:
    examples = tuple(f"line {line.line}: {line.text}" for line in bad[:5])
    return ReadProblem("Lines that are not rows were left out", len(bad), examples)
