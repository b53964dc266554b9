"""Series on one regular grid: from rows with stamps, in any order and with faults, to arrays without.

What is mended is said in findings; what cannot be mended is refused. Only numpy is needed: a service does the same to
the history in a request as training did to the file.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from mlwright.base.errors import BriefError, DataError
from mlwright.data.columns import Array, Columns
from mlwright.data.findings import Finding, Severity
from mlwright.data.grid import Grid, find_grid, grid_of, parse_frequency

ONLY = ""  # the name of a series that is the only one
_NEAR = 0.02  # of a step: what counts as on the grid
_MOST_OFF_GRID = 0.05
_MOST_MISSING = 0.5
_MOST_STEPS = 20_000_000
_FREQUENT = 1000


@dataclass(frozen=True, slots=True)
class Series:
    """One series without holes in its positions; NaN where no value was measured.

    Attributes:
        start: Position of the first value on the grid.
        values: Shape (n,), float64.
        past: Other numbers measured at the same time, each of shape (n,).
        known: Columns known ahead: shape (n + ahead,), numbers or text.
    """

    name: str
    start: int
    values: Array
    past: Columns = field(default_factory=dict[str, Array])
    known: Columns = field(default_factory=dict[str, Array])

    @property
    def end(self) -> int:
        """The position after the last value."""
        return self.start + len(self.values)

    def until(self, position: int, ahead: int = 0) -> "Series":
        """Return the part before a position; what is known ahead is kept for `ahead` steps more."""
        n = position - self.start
        past = {name: column[:n] for name, column in self.past.items()}
        known = {name: column[: n + ahead] for name, column in self.known.items()}
        return replace(self, values=self.values[:n], past=past, known=known)


@dataclass(frozen=True, slots=True)
class Panel:
    """Series on the same grid, in the order of their names."""

    grid: Grid
    series: tuple[Series, ...]

    @property
    def rows(self) -> int:
        return sum(len(one.values) for one in self.series)

    def __getitem__(self, name: str) -> Series:
        for one in self.series:
            if one.name == name:
                return one
        raise DataError(f"There is no series '{name}'.", hint="give one of the history's own.")


@dataclass(frozen=True, slots=True)
class Layout:
    """Which column is what.

    Attributes:
        time: Seconds since 1970 or step numbers.
        group: The columns whose values together name a series; none for one series.
        known: Columns known ahead.
        past: Numbers measured at the same time as the target.
        numbered: Times are step numbers and not seconds since 1970.
    """

    time: str
    target: str
    group: tuple[str, ...] = ()
    known: tuple[str, ...] = ()
    past: tuple[str, ...] = ()
    numbered: bool = False


def panel_of(
    columns: Columns, layout: Layout, grid: Grid | None = None, *, coarse: bool = False
) -> tuple[Panel, tuple[Finding, ...]]:  # fmt: skip
    """Return the series of some rows, and what was mended.

    Rows after a series' last target are what is known ahead.

    Args:
        columns: In normal form; rows in any order.
        layout: Which column is what.
        grid: None finds it.
        coarse: The grid was asked for: each stamp goes to the step that it falls into, several are averaged.

    Raises:
        DataError: A stamp or a whole target is missing, stamps lie on no grid, or stamps of one series repeat much.

    Example:
        >>> rows = {"day": np.array([86400.0, 0.0, 259200.0]), "sold": np.array([2.0, 1.0, 4.0])}
        >>> panel, findings = panel_of(rows, Layout(time="day", target="sold"), Grid(unit="second", every=86400))
        >>> panel.series[0].values.tolist(), [one.check for one in findings]
        ([1.0, 2.0, nan, 4.0], ['gaps'])
    """
    stamps = columns[layout.time]
    if np.isnan(stamps).any():
        raise DataError(
            f"{int(np.isnan(stamps).sum()):,} rows have no readable time in '{layout.time}'.",
            hint="mend or remove them; a value without a time cannot be placed.",
        )
    names = series_names(columns, layout.group)
    findings: list[Finding] = []
    if grid is None:
        grid = _found_grid(stamps, names, layout)
    if coarse:
        positions = np.floor(grid.positions(stamps) + 1e-9).astype(np.int64)
    else:
        positions = _on_grid(grid, stamps, layout, findings)
    rows = _Rows(columns, layout, positions, findings, coarse=coarse)
    order = np.lexsort((positions, names))
    starts = np.flatnonzero(np.r_[True, names[order][1:] != names[order][:-1]])
    parts = np.split(order, starts[1:])
    series = tuple(rows.series(str(names[part[0]]), part) for part in parts)
    kept = tuple(one for one in series if len(one.values))
    _note_lost(series, kept, layout, findings)
    rows.note(kept)
    return Panel(grid, kept), tuple(findings)


def series_names(columns: Columns, group: Sequence[str]) -> Array:
    """Return the name of each row's series, `str` objects, shape (n,)."""
    rows = len(next(iter(columns.values())))
    if not group:
        return np.full(rows, ONLY, dtype=object)
    texts = [_text(columns[name]) for name in group]
    return texts[0] if len(texts) == 1 else np.array([" / ".join(cells) for cells in zip(*texts, strict=True)], object)


def _text(cells: Array) -> Array:
    if cells.dtype == object:
        return cells
    return np.array([f"{cell:g}" if cell == int(cell) else repr(cell) for cell in cells.tolist()], dtype=object)


def _found_grid(stamps: Array, names: Array, layout: Layout) -> Grid:
    longest = max(np.unique(names.astype(str), return_counts=True)[1].tolist(), default=0)
    gaps: list[Array] = []
    for name in list(dict.fromkeys(names.tolist()))[:_FREQUENT]:
        own = np.unique(stamps[names == name])
        gaps.append(own)
    own = max(gaps, key=len)
    if longest < 2 or len(own) < 2:
        raise DataError(
            f"No series has two rows with different times in '{layout.time}'; nothing can be forecast from one value.",
            hint="give longer histories, or name the column that tells series apart with the role group.",
        )
    return find_grid(own, dated=not layout.numbered)


def _on_grid(grid: Grid, stamps: Array, layout: Layout, findings: list[Finding]) -> Array:
    exact = grid.positions(stamps)
    positions = np.rint(exact).astype(np.int64)
    off = np.abs(exact - positions) > _NEAR
    if off.mean() > _MOST_OFF_GRID:
        raise DataError(
            f"The times in '{layout.time}' are irregular: {off.mean():.0%} of them do not lie {grid.name} by "
            f"{grid.name}.",
            hint="set forecast.frequency in the brief, such as 'hour' or 'day'; values of one step are then averaged.",
        )
    if off.any():
        findings.append(
            _finding(
                "irregular times", "warning", (layout.time,), f"{int(off.sum()):,} times were moved to the {grid.name}."
            )
        )
    return positions


def asked_grid(columns: Columns, layout: Layout, frequency: str) -> Grid:
    """Return the grid of a frequency that was asked for, placed where most stamps lie.

    Raises:
        BriefError: It is no frequency, or one of step numbers where there are dates.
    """
    unit, every = parse_frequency(frequency)
    stamps = columns[layout.time]
    stamps = stamps[~np.isnan(stamps)]
    if (unit == "step") != layout.numbered:
        raise BriefError(
            f"forecast.frequency is '{frequency}', but '{layout.time}' holds "
            f"{'step numbers' if layout.numbered else 'dates'}.",
            hint="write 'step' for step numbers, and hour, day, month ... for dates.",
        )
    grid = grid_of(unit, every, stamps)
    # Coarser than the rows: a step begins at its own beginning, not where most rows happen to lie.
    day_start = {
        "second": grid.model_copy(update={"offset": 0.0}),
        "month": grid.model_copy(update={"day": 1, "seconds": 0.0}),
    }
    return day_start.get(unit, grid) if _several(grid, stamps) else grid


def _several(grid: Grid, stamps: Array) -> bool:
    exact = grid.positions(np.unique(stamps))
    return bool(np.mean(np.abs(exact - np.rint(exact)) > _NEAR) > _MOST_OFF_GRID)


def _finding(check: str, severity: Severity, columns: Sequence[str], message: str, hint: str = "") -> Finding:
    return Finding(check=check, severity=severity, columns=tuple(columns), message=message, hint=hint)


def _note_lost(series: Sequence[Series], kept: Sequence[Series], layout: Layout, findings: list[Finding]) -> None:
    if not kept:
        raise DataError(
            f"Every value of the target '{layout.target}' is missing.", hint="name the column that is to be forecast."
        )
    lost = [one.name for one in series if not len(one.values)]
    if lost:
        shown = ", ".join(lost[:5])
        findings.append(
            _finding("empty series", "warning", layout.group, f"{len(lost):,} series have no value at all: {shown}.")
        )


class _Rows:
    """The rows of a table on their way to series; counts what it mends."""

    def __init__(
        self, columns: Columns, layout: Layout, positions: Array, findings: list[Finding], *, coarse: bool
    ) -> None:  # fmt: skip
        self._coarse = coarse
        self._columns = columns
        self._layout = layout
        self._positions = positions
        self._findings = findings
        self._repeated = self._different = self._missing = self._steps = 0

    def series(self, name: str, rows: Array) -> Series:
        """Return one series of rows in the order of their positions; without a target it has no values."""
        at = self._positions[rows]
        target = self._columns[self._layout.target][rows]
        measured = np.flatnonzero(~np.isnan(target))
        if not len(measured):
            return Series(name, int(at[0]), np.zeros(0))
        first, last = int(at[measured[0]]), int(at[measured[-1]])
        length = last - first + 1
        self._steps += length
        if self._steps > _MOST_STEPS or length > max(1000, 50 * len(rows)):
            raise DataError(
                f"Series '{name}' has {len(rows):,} rows over {length:,} steps of time.",
                hint="mend wrong dates, or set forecast.frequency in the brief to a coarser step.",
            )
        values = self._filled(target, at, first, length, count=True)
        past = {c: self._filled(self._columns[c][rows], at, first, length) for c in self._layout.past}
        ahead = int(at[-1]) - first + 1
        known = {c: self._filled(self._columns[c][rows], at, first, max(ahead, length)) for c in self._layout.known}
        self._missing += length - int((~np.isnan(values)).sum())
        return Series(name, first, values, past, known)

    def _filled(self, cells: Array, at: Array, first: int, length: int, *, count: bool = False) -> Array:
        """Return cells by position: the mean of several numbers, the last of several texts."""
        inside = (at >= first) & (at < first + length)
        where, cells = at[inside] - first, cells[inside]
        if cells.dtype == object:
            texts = np.full(length, "", dtype=object)
            texts[where] = cells
            return texts
        present = ~np.isnan(cells)
        where, cells = where[present], cells[present]
        counts = np.bincount(where, minlength=length)
        sums = np.bincount(where, weights=cells, minlength=length)
        found = np.divide(sums, counts, out=np.full(length, np.nan), where=counts > 0)
        if count:
            self._repeated += int((counts > 1).sum())
            self._different += int((np.abs(cells - found[where]) > 1e-9 * np.maximum(1.0, np.abs(cells))).sum())
        return found

    def note(self, series: Sequence[Series]) -> None:
        """Say what was mended.

        Raises:
            DataError: Most stamps of a series repeat, or most values are missing.
        """
        layout, total = self._layout, max(self._steps, 1)
        if self._different > 0.2 * total and not self._coarse:
            hint = "name the column that tells series apart: data.columns {NAME: group}."
            raise DataError(
                f"{self._repeated:,} of {total:,} times in '{layout.time}' occur several times with different values.",
                hint=hint if not layout.group else "add the further column that tells series apart as a group.",
            )
        if self._missing > _MOST_MISSING * total:
            raise DataError(
                f"{self._missing / total:.0%} of the steps have no value of '{layout.target}'.",
                hint="set forecast.frequency in the brief to a coarser step, such as 'day' or 'week'.",
            )
        if self._repeated and self._coarse:
            text = f"{self._repeated:,} steps hold several rows; their mean was taken."
            self._findings.append(_finding("averaged", "info", (layout.time,), text))
        elif self._repeated:
            how = "their mean was taken" if self._different else "they were equal"
            text = f"{self._repeated:,} times occur more than once; {how}."
            self._findings.append(
                _finding("duplicate times", "warning" if self._different else "info", (layout.time,), text)
            )
        if self._missing:
            text = f"{self._missing:,} of {total:,} steps have no value ({self._missing / total:.2%})."
            self._findings.append(
                _finding("gaps", "warning", (layout.target,), text, "They were filled in between for the models alone.")
            )
        _note_values(series, layout, self._findings)


def _note_values(series: Sequence[Series], layout: Layout, findings: list[Finding]) -> None:
    constant = [one.name for one in series if len(one.values) > 1 and np.nanmax(one.values) == np.nanmin(one.values)]
    if constant:
        text = f"{len(constant):,} of {len(series):,} series never change."
        findings.append(_finding("constant series", "warning", (layout.target,), text))
    single = [one.name for one in series if len(one.values) == 1]
    if single:
        text = f"{len(single):,} series have one value only: {', '.join(single[:5])}."
        findings.append(_finding("short series", "warning", (layout.target,), text, "Their forecast is that value."))
