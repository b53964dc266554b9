"""A panel as a table between steps of a run: one row a position, series one after the other."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from mlwright.data.columns import Array
from mlwright.data.grid import Grid
from mlwright.data.series import Panel, Series

if TYPE_CHECKING:
    import polars as pl

_SERIES, _POSITION, _VALUE, _MEASURED = "series", "position", "value", "measured"


def frame_of(panel: Panel) -> "pl.DataFrame":
    """Return the panel's rows; rows after a series' end hold what is known ahead, and are not `measured`."""
    import polars as pl

    parts = [_rows(one) for one in panel.series]
    names = [name for name in parts[0] if name not in (_SERIES,)]
    columns: dict[str, pl.Series] = {
        _SERIES: pl.Series([one.name for one, part in zip(panel.series, parts, strict=True) for _ in part[_POSITION]])
    }
    for name in names:
        joined = np.concatenate([part[name] for part in parts])
        columns[name] = pl.Series(joined.tolist() if joined.dtype == object else joined)
    return pl.DataFrame(columns)


def _rows(one: Series) -> dict[str, Array]:
    length = max(len(one.values), *(len(column) for column in one.known.values()), 0)
    ahead = length - len(one.values)
    rows = {
        _POSITION: np.arange(one.start, one.start + length),
        _MEASURED: np.arange(length) < len(one.values),
        _VALUE: np.concatenate([one.values, np.full(ahead, np.nan)]),
    }
    for name, column in one.past.items():
        rows[f"past {name}"] = np.concatenate([column, np.full(ahead, np.nan)])
    return rows | {f"known {name}": column for name, column in one.known.items()}


def panel_from(frame: "pl.DataFrame", grid: Grid, past: Sequence[str], known: Sequence[str]) -> Panel:
    """Return the panel of which `frame_of` gave `frame`."""
    names = np.array(frame[_SERIES].to_list(), dtype=object)
    cuts = np.flatnonzero(np.r_[True, names[1:] != names[:-1]])
    cells = {name: _array(frame[name]) for name in frame.columns if name != _SERIES}
    series: list[Series] = []
    for rows in np.split(np.arange(len(names)), cuts[1:]):
        n = int(cells[_MEASURED][rows].sum())
        series.append(
            Series(
                name=str(names[rows[0]]),
                start=int(cells[_POSITION][rows[0]]),
                values=cells[_VALUE][rows][:n],
                past={name: cells[f"past {name}"][rows][:n] for name in past},
                known={name: cells[f"known {name}"][rows] for name in known},
            )
        )
    return Panel(grid, tuple(series))


def _array(column: "pl.Series") -> Array:
    import polars as pl

    if column.dtype == pl.String:
        array = np.empty(len(column), dtype=object)
        array[:] = column.fill_null("").to_list()
        return array
    return column.to_numpy()
