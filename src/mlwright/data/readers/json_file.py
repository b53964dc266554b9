"""JSON (a list of objects, or columns) and JSON Lines."""

import json
from pathlib import Path
from typing import Any, ClassVar

from mlwright.base.errors import DataError
from mlwright.base.traits import Traits
from mlwright.data.files import open_bytes
from mlwright.data.readers.cell_columns import frame_of_rows
from mlwright.data.readers.raw import Raw, ReadOptions, ReadProblem
from mlwright.data.readers.typed import raw_of
from mlwright.data.rows import BadLine, iterate_json_lines


class JsonLinesReader:
    """Reads one object a line."""

    traits: ClassVar[Traits] = Traits("JSON Lines", extra="train", requires=("polars",))

    def read(self, source: str, options: ReadOptions) -> Raw:
        """Read the file `source`.

        Raises:
            DataError: Cut off, no rows, or most lines are no objects.
        """
        path = Path(source)
        bad: list[BadLine] = []
        frame = frame_of_rows(iterate_json_lines(path, bad.append))
        if bad and len(bad) > frame.height:
            raise DataError(
                f"{len(bad):,} lines of '{path}' are no objects, the first is line {bad[0].line}: {bad[0].fault}.",
                hint='write one object a line: {"column": value, ...}.',
            )
        examples = tuple(f"line {line.line}: {line.text} ({line.fault})" for line in bad[:5])
        problems = (ReadProblem("Lines that are not rows were left out", len(bad), examples),) if bad else ()
        return raw_of(frame, path, problems)


class JsonReader:
    """Reads a list of objects, an object of columns, or pandas' `split` form."""

    traits: ClassVar[Traits] = Traits("JSON", extra="train", requires=("polars",))

    def read(self, source: str, options: ReadOptions) -> Raw:
        """Read the file `source`.

        Raises:
            DataError: Not JSON, or not a table.
        """
        path = Path(source)
        with open_bytes(path) as stream:
            text = stream.read().decode("utf-8-sig", errors="replace")
        try:
            content = json.loads(text)
        except json.JSONDecodeError as exc:
            if exc.msg == "Extra data" and "\n" in text[: exc.pos + 2]:
                return JsonLinesReader().read(source, options)
            raise DataError(
                f"'{path}' is not JSON: {exc}.", hint="it may be cut off; write it again, or name it .jsonl."
            ) from exc
        return raw_of(frame_of_rows(_rows(content, path)), path)


def _rows(content: Any, path: Path) -> list[dict[str, Any]]:
    if isinstance(content, list) and all(isinstance(row, dict) for row in content):
        return content
    if isinstance(content, dict):
        if {"columns", "data"} <= content.keys() and isinstance(content["data"], list):
            return [dict(zip(content["columns"], row, strict=True)) for row in content["data"]]
        values = list(content.values())
        if values and all(isinstance(value, list) for value in values) and not _holds_objects(values):
            return _of_columns(content, path)
        if values and all(isinstance(value, dict) for value in values):
            return _of_columns({name: list(cells.values()) for name, cells in content.items()}, path)
        tables = [value for value in values if isinstance(value, list) and _holds_objects([value])]
        if len(tables) == 1:
            return _rows(tables[0], path)
    raise DataError(
        f"'{path}' is JSON but not a table; a list of objects was expected.",
        hint='write [{"column": value, ...}, ...].',
    )


def _holds_objects(lists: list[Any]) -> bool:
    return any(isinstance(item, dict) for cells in lists for item in cells)


def _of_columns(columns: dict[str, list[Any]], path: Path) -> list[dict[str, Any]]:
    lengths = {name: len(cells) for name, cells in columns.items()}
    if len(set(lengths.values())) > 1:
        raise DataError(f"The columns of '{path}' differ in length: {lengths}.", hint="give every row all its cells.")
    return [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]
