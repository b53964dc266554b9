"""A request's body to columns in the normal form: every field known, present, of its type, finite; or a `Refusal`.

Four envelopes: one object (one row), a list of objects, `{"rows": [...]}`, and `{"columns": {name: [...]}}`. A null is
a missing value. An absent key is an error, because a misspelt column must not become a missing one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

import numpy as np
from pydantic_core import from_json

from mlwright.base.suggest import did_you_mean
from mlwright.data.columns import Columns
from mlwright.models.signature import Signature
from mlwright.serving.cells import CellReader, Notes
from mlwright.serving.refusal import Fault, Refusal

Envelope = Literal["one", "rows", "columns"]


@dataclass(frozen=True, slots=True)
class Decoded:
    """Rows ready for the model, and what is to be said of them."""

    columns: Columns
    rows: int
    envelope: Envelope
    notes: Notes


class RowDecoder:
    """Decodes rows by a signature. Stateless after its construction: threads may share it."""

    def __init__(self, signature: Signature, *, max_rows: int = 10_000, max_warnings: int = 20) -> None:
        self._readers = tuple(CellReader(column) for column in signature.inputs)
        self._numeric = tuple(reader for reader in self._readers if reader.numeric)
        self._strings = tuple(reader for reader in self._readers if not reader.numeric)
        self._names = frozenset(reader.name for reader in self._readers)
        self._ordered = tuple(reader.name for reader in self._readers)
        self._max_rows = max_rows
        self._max_warnings = max_warnings

    def decode(self, body: bytes) -> Decoded:
        """Decode the bytes of a JSON body.

        Raises:
            Refusal: 400 for what is no JSON, 413 for too many rows, 422 for what the model cannot take.
        """
        return self.decode_value(parse_json(body))

    def decode_value(self, value: object) -> Decoded:
        """Decode a parsed JSON value."""
        if isinstance(value, list):
            return self._rows(cast("list[object]", value))
        if not isinstance(value, dict):
            raise Refusal(
                f"The body is {_kind(value)}; an object with the model's columns was expected.",
                hint=f"send {{{_some(self._ordered)}}}, or a list of such objects.",
                code="wrong_shape",
            )
        row = cast("dict[str, object]", value)
        if len(row) == 1:
            if isinstance(rows := row.get("rows"), list):
                return self._rows(cast("list[object]", rows))
            if isinstance(columns := row.get("columns"), dict):
                return self._columns(cast("dict[str, object]", columns))
        return self._one(row)

    def read(self, cells: Mapping[str, Sequence[object]], first_row: int = 1) -> tuple[dict[str, Any], Notes]:
        """Return the columns of a table of cells and the notes; wrong cells are noted, not raised.

        Columns beyond the signature's are left out.

        Raises:
            Refusal: A column of the signature is absent.
        """
        if absent := [name for name in self._ordered if name not in cells]:
            fault = self._missing(absent[0], first_row, list(cells))
            raise Refusal(fault.message, hint=fault.hint, code=fault.reason)
        notes = Notes(self._max_warnings, nan_is_missing=True)
        return {reader.name: reader.many(cells[reader.name], first_row, notes) for reader in self._readers}, notes

    def _one(self, row: dict[str, object]) -> Decoded:
        notes = Notes(self._max_warnings)
        if row.keys() != self._names:
            self._check_keys(row, 1, notes)
            raise Refusal.of(notes.faults, notes.fault_count)
        # One array for all numbers and one for all strings; their rows are views of shape (1,).
        numbers = np.array([[reader.one(row[reader.name], 1, notes)] for reader in self._numeric], dtype=np.float64)
        strings = np.array([[reader.one(row[reader.name], 1, notes)] for reader in self._strings], dtype=object)
        if notes.faults:
            raise Refusal.of(notes.faults, notes.fault_count)
        columns = dict(zip((reader.name for reader in self._numeric), numbers, strict=True))
        columns.update(zip((reader.name for reader in self._strings), strings, strict=True))
        return Decoded(columns, 1, "one", notes)

    def _rows(self, rows: list[object]) -> Decoded:
        self._check_count(len(rows))
        notes = Notes(self._max_warnings)
        for number, row in enumerate(rows, 1):
            if not isinstance(row, dict):
                hint = f"each row is an object such as {{{_some(self._ordered)}}}."
                notes.fault(Fault(number, "", "wrong_shape", f"Row {number} is {_kind(row)}, not an object.", hint))
            elif row.keys() != self._names:
                self._check_keys(cast("dict[str, object]", row), number, notes)
        if notes.faults:
            raise Refusal.of(notes.faults, notes.fault_count)
        table = cast("list[dict[str, object]]", rows)
        return self._decoded({name: [row[name] for row in table] for name in self._ordered}, len(rows), "rows", notes)

    def _columns(self, table: dict[str, object]) -> Decoded:
        notes = Notes(self._max_warnings)
        if table.keys() != self._names:
            self._check_keys(table, 1, notes)
            raise Refusal.of(notes.faults, notes.fault_count)
        lengths: dict[str, int] = {}
        for name, cells in table.items():
            if not isinstance(cells, list):
                message = f"The column '{name}' is {_kind(cells)}, not a list."
                raise Refusal(message, hint='send {"columns": {"name": [value, ...]}}.', code="wrong_shape")
            lengths[name] = len(cast("list[object]", cells))
        rows = lengths[self._ordered[0]]
        if wrong := [name for name, length in lengths.items() if length != rows]:
            raise Refusal(
                f"The column '{wrong[0]}' has {lengths[wrong[0]]} cells and '{self._ordered[0]}' has {rows}.",
                hint="give every column the same number of cells; null where a value is missing.",
                code="wrong_shape",
            )
        self._check_count(rows)
        return self._decoded(cast("dict[str, list[object]]", table), rows, "columns", notes)

    def _decoded(self, table: dict[str, list[object]], rows: int, envelope: Envelope, notes: Notes) -> Decoded:
        columns = {reader.name: reader.many(table[reader.name], 1, notes) for reader in self._readers}
        if notes.faults:
            raise Refusal.of(notes.faults, notes.fault_count)
        return Decoded(columns, rows, envelope, notes)

    def _check_count(self, rows: int) -> None:
        if rows == 0:
            raise Refusal("The body has no rows.", hint="send at least one row.", code="wrong_shape")
        if rows > self._max_rows:
            raise Refusal(
                f"The body has {rows:,} rows; at most {self._max_rows:,} are allowed in one request.",
                hint=f"send them in requests of {self._max_rows:,} rows or fewer, or use `mlwright predict` on a file.",
                status=413,
                code="too_many_rows",
            )

    def _check_keys(self, row: Mapping[str, object], number: int, notes: Notes) -> None:
        for name in row:
            if name not in self._names:
                short = name if len(name) <= 60 else name[:57] + "..."
                absent = [known for known in self._ordered if known not in row]
                message = f"Row {number}: the model has no column '{short}'."
                hint = did_you_mean(name[:200], absent or self._ordered)
                notes.fault(Fault(number, short, "unknown_column", message, hint))
        for name in self._ordered:
            if name not in row:
                notes.fault(self._missing(name, number, list(row)))

    def _missing(self, name: str, number: int, given: list[str]) -> Fault:
        unknown = [key[:200] for key in given if key not in self._names]
        near = did_you_mean(name, unknown)
        hint = f"'{name}' must be there, with null where its value is missing."
        hint += f" D{near[1:]}" if near.startswith("did you mean") else ""
        return Fault(number, name, "missing_column", f"Row {number}: the column '{name}' is missing.", hint)


def parse_json(body: bytes) -> object:
    """Parse JSON; NaN and infinities pass here and are refused where their column is known.

    Raises:
        Refusal: 400, it is no JSON.
    """
    try:
        return from_json(body, allow_inf_nan=True)
    except ValueError as error:
        raise Refusal(
            f"The body is not JSON: {error}." if body.strip() else "The body is empty; a JSON object was expected.",
            hint='send one row as {"column": value, ...} in UTF-8; /docs shows an example.',
            status=400,
            code="invalid_json",
        ) from None


def _kind(value: object) -> str:
    names: dict[type, str] = {
        dict: "an object",
        list: "a list",
        str: "a text",
        bool: "true or false",
        type(None): "null",
    }
    return names.get(type(value), "a number")


def _some(names: Sequence[str]) -> str:
    return ", ".join(f'"{name}": ...' for name in names[:3]) + (", ..." if len(names) > 3 else "")
