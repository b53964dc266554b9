"""One column of a request: its cells to the normal form, and what is to be said of them.

Plain cells (a number within the range of training, a level that training knew, null) take a short way. Every other cell
goes through `mlwright.data.cells.parse_cells`, the same function that reads cells everywhere else, so both ways agree.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import isfinite, isnan, nan
from sys import float_info

import numpy as np

from mlwright.data.cells import SHOWN_CHARACTERS, BadCell, category_text, parse_cells, plain_text, text_to_microseconds
from mlwright.data.columns import Array
from mlwright.data.schema import Column, SemanticType
from mlwright.serving.refusal import Fault

MAX_LEVELS = 10_000  # a signature lists no more, so that beyond it nobody can say which level is new
MAX_LISTED = 20

_EXPECTED = {
    SemanticType.NUMBER: "a finite number",
    SemanticType.DATETIME: "a date or time such as 2026-01-31T12:00:00",
    SemanticType.CATEGORY: "a text, a number, true or false",
    SemanticType.TEXT: "a text",
    SemanticType.ID: "a text",
}


@dataclass(slots=True)
class Notes:
    """What was seen while decoding: faults stop a request, the rest is told to the caller and counted."""

    max_listed: int = MAX_LISTED
    nan_is_missing: bool = False  # in tables; a JSON body has null for that
    faults: list[Fault] = field(default_factory=list)
    fault_count: int = 0
    invalid: dict[str, int] = field(default_factory=dict)
    bad_rows: set[int] = field(default_factory=set)
    warnings: list[dict[str, object]] = field(default_factory=list)
    warning_count: int = 0
    unseen: dict[str, int] = field(default_factory=dict)
    out_of_range: dict[str, int] = field(default_factory=dict)

    def fault(self, fault: Fault) -> None:
        self.fault_count += 1
        self.invalid[fault.field] = self.invalid.get(fault.field, 0) + 1
        self.bad_rows.add(fault.row)
        if len(self.faults) < MAX_LISTED:
            self.faults.append(fault)

    def warn(self, counts: dict[str, int], row: int, name: str, what: tuple[str, str]) -> None:
        counts[name] = counts.get(name, 0) + 1
        self.warning_count += 1
        if len(self.warnings) < self.max_listed:
            self.warnings.append({"row": row, "field": name, "reason": what[0], "message": what[1]})


class CellReader:
    """Reads the cells of one column."""

    def __init__(self, column: Column) -> None:
        self.column = column
        self.name = column.name
        self.numeric = column.type in (SemanticType.NUMBER, SemanticType.DATETIME)
        self.plain_text = column.type in (SemanticType.TEXT, SemanticType.ID)
        self.plain_number = column.type is SemanticType.NUMBER
        self.low = -float_info.max if column.minimum is None else column.minimum
        self.high = float_info.max if column.maximum is None else column.maximum
        # Only levels that parse to themselves may take the short way.
        known = column.levels if column.type is SemanticType.CATEGORY else ()
        self.levels = frozenset(level for level in known if level and category_text(level) == level)
        self.judges_levels = 0 < len(self.levels) < MAX_LEVELS

    def one(self, cell: object, row: int, notes: Notes) -> float | str:
        """Return one cell in the normal form; `row` counts from 1."""
        if self.plain_number:
            # NaN, infinities and whole numbers beyond double fail the comparison and take the long way.
            if (type(cell) is float or type(cell) is int) and self.low <= cell <= self.high:
                return cell
            if cell is None:
                return nan
        elif type(cell) is str:
            if cell in self.levels:
                return cell
            if self.plain_text:
                return plain_text(cell)
            if self.numeric and (moment := text_to_microseconds(cell, self.column.formats)) is not None:
                seconds = moment / 1e6
                if self.low <= seconds <= self.high:
                    return seconds
        elif cell is None:
            return nan if self.numeric else ""
        return self._parsed([cell], row, notes)[0]

    def many(self, cells: Sequence[object], first_row: int, notes: Notes) -> Array:
        """Return n cells in the normal form, shape (n,); a wrong cell is noted and left missing."""
        kinds = set(map(type, cells))
        if self.plain_number and kinds <= {float, int, type(None)}:
            values = _numbers(cells)
            if values is not None:
                self._check_range(values, first_row, notes)
                return values
        if not self.numeric and kinds <= {str, type(None)} and self.levels.issuperset(set(cells) - {None}):
            return np.array(["" if cell is None else cell for cell in cells], dtype=object)
        return self._parsed(cells, first_row, notes)

    def _parsed(self, cells: Sequence[object], first_row: int, notes: Notes) -> Array:
        bad: list[BadCell] = []
        values = parse_cells(self.column, cells, first_row=first_row, bad=bad)
        for cell in bad:
            reason = "not_finite" if cell.value in ("inf", "-inf") else "wrong_type"
            self._fault(cell.row, cell.value, reason, notes)
        if not notes.nan_is_missing:  # JSON has a null for what is missing
            for at, cell in enumerate(cells):
                if isinstance(cell, float) and isnan(cell):
                    self._fault(first_row + at, "NaN", "not_finite", notes)
        if self.numeric:
            self._check_range(values, first_row, notes)
        elif self.judges_levels:
            for at, level in enumerate(values):
                if level and level not in self.levels:
                    said = f"{_cut(repr(level))} was never seen in '{self.name}' in training."
                    notes.warn(notes.unseen, first_row + at, self.name, ("unseen_level", said))
        return values

    def _fault(self, row: int, shown: str, reason: str, notes: Notes) -> None:
        expected = _EXPECTED[self.column.type]
        example = f", such as {self.column.example!r}" if self.column.example is not None else ""
        notes.fault(
            Fault(
                row,
                self.name,
                reason,
                f"Row {row}, column '{self.name}': {shown} is not {expected}.",
                f"send {expected}{example}; null where the value is missing.",
            )
        )

    def _check_range(self, values: Array, first_row: int, notes: Notes) -> None:
        for at in np.flatnonzero((values < self.low) | (values > self.high)):
            span = f"{_number(self.low, self.column)} to {_number(self.high, self.column)}"
            said = f"{_number(values[at], self.column)} lies outside what training saw in '{self.name}': {span}."
            notes.warn(notes.out_of_range, first_row + int(at), self.name, ("out_of_range", said))


def _numbers(cells: Sequence[object]) -> Array | None:
    """Return the numbers when all of them are finite or null."""
    try:
        values = np.array(cells, dtype=np.float64)  # None becomes NaN
    except OverflowError:  # a whole number beyond double
        return None
    odd: list[int] = np.flatnonzero(~np.isfinite(values)).tolist()
    return None if any(cells[at] is not None for at in odd) else values


def _cut(text: str) -> str:
    return text if len(text) <= SHOWN_CHARACTERS else text[: SHOWN_CHARACTERS - 3] + "..."


def _number(value: float, column: Column) -> str:
    if column.type is SemanticType.DATETIME and isfinite(value):
        return str(np.datetime64(round(value), "s"))
    return f"{value:.10g}"
