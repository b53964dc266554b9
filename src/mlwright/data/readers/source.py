"""From what a brief calls its source (files, patterns, databases, samples) to one raw table."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mlwright.base.errors import DataError
from mlwright.data.files import format_of
from mlwright.data.readers.raw import Raw, ReadOptions, ReadProblem
from mlwright.data.readers.registry import READERS
from mlwright.data.readers.svmlight_file import is_svmlight

if TYPE_CHECKING:
    import polars as pl

_WILDCARDS = ("*", "?", "[")
_SAMPLE = "sample://"
_SQLITE = "sqlite:///"


def read_raw(source: str | Sequence[str], *, query: str | None = None, base: Path) -> Raw:
    """Read a source; several files of the same columns become one table, in the order given.

    Args:
        source: A path, a pattern such as `data/*.csv`, `sqlite:///shop.db`, `sample://wine`, or a list of these.
        query: SQL for a database; the name of a sheet for a workbook.
        base: Relative paths start here.

    Raises:
        DataError: A file is absent, empty, broken, no table, or the files' columns differ.
        MissingExtra: The format needs a package that is not installed.

    Example:
        >>> read_raw("sample://wine", base=Path()).frame.height
        178
    """
    options = ReadOptions(base=base, query=query)
    raws = [_read_one(item, options) for item in _items(source, base)]
    return raws[0] if len(raws) == 1 else _put_together(raws)


def local_paths(source: str | Sequence[str], base: Path) -> list[Path]:
    """Return the files that `read_raw` would open, so that they can be checked before.

    Raises:
        DataError: A pattern matches nothing.
    """
    return [_path_of(item, base) for item in _items(source, base) if not item.startswith(_SAMPLE)]


def _items(source: str | Sequence[str], base: Path) -> list[str]:
    given = [source] if isinstance(source, str) else list(source)
    if not given:
        raise DataError("The source names no file; at least one was expected.", hint="set data.source in the brief.")
    items: list[str] = []
    for item in given:
        pattern = not item.startswith(_SAMPLE) and any(sign in item for sign in _WILDCARDS)
        items.extend(_matches(item, base) if pattern and not (base / item).exists() else [item])
    return items


def _matches(pattern: str, base: Path) -> list[str]:
    root, relative = (Path(Path(pattern).anchor), pattern.lstrip("/")) if pattern.startswith("/") else (base, pattern)
    found = sorted(str(path) for path in root.glob(relative) if path.is_file())
    if not found:
        raise DataError(f"No file matches '{pattern}'.", hint=f"the pattern starts in '{base}'; see what lies there.")
    return found


def _path_of(item: str, base: Path) -> Path:
    return base / item.removeprefix(_SQLITE)


def _read_one(item: str, options: ReadOptions) -> Raw:
    if item.startswith(_SAMPLE):
        return READERS.load("sample")().read(item, options)
    if "://" in item and not item.startswith(_SQLITE):
        raise DataError(
            f"'{item}' is not a local file; files, sqlite:/// and sample:// can be read.",
            hint="download it first, then name the file.",
        )
    path = _path_of(item, options.base)
    name = format_of(path)
    # Sparse rows often have no name of their own: `train.txt`.
    if name == "csv" and ".csv" not in path.suffixes and is_svmlight(path):
        name = "svmlight"
    return READERS.load(name)().read(str(path), options)


def _put_together(raws: list[Raw]) -> Raw:
    import polars as pl

    first = raws[0]
    for raw in raws[1:]:
        differing = sorted(set(raw.frame.columns) ^ set(first.frame.columns))
        if differing:
            raise DataError(
                f"'{raw.source}' and '{first.source}' differ in the columns {', '.join(differing[:5])}.",
                hint="give all files the same columns.",
            )
    frames = [raw.frame.select(first.frame.columns) for raw in raws]
    for name in first.frame.columns:
        if len({frame[name].dtype for frame in frames}) > 1:
            frames = [_as_text(frame, name) for frame in frames]
    digest = hashlib.sha256("".join(raw.sha256 for raw in raws).encode()).hexdigest()
    problems = tuple(_within(raw, problem) for raw in raws for problem in raw.problems)
    parts = tuple(part for raw in raws for part in raw.parts)
    return Raw(pl.concat(frames), problems, ", ".join(raw.source for raw in raws), digest, parts)


def _as_text(frame: "pl.DataFrame", name: str) -> "pl.DataFrame":
    """One file has a column as numbers, another as text: all become text, as one CSV of both would be."""
    import polars as pl

    from mlwright.data.cells import plain_text

    texts = [None if cell is None else plain_text(cell) for cell in frame[name].to_list()]
    return frame.with_columns(pl.Series(name, texts, dtype=pl.String))


def _within(raw: Raw, problem: ReadProblem) -> ReadProblem:
    return ReadProblem(f"{raw.parts[0][0]}: {problem.what}", problem.count, problem.examples)
