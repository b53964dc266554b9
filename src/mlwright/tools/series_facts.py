"""What a run knows of its series once they have been read; every later tool of a forecast takes it."""

from typing import Any

from pydantic import BaseModel, ConfigDict

from mlwright.data.findings import Finding
from mlwright.data.grid import Grid
from mlwright.data.schema import Column
from mlwright.data.series import Panel
from mlwright.features.lags import KnownColumn, RowPlan, row_plan


class SeriesFacts(BaseModel):
    """Grid, seasons, horizon and columns. Immutable.

    Attributes:
        windows: Horizons of the sealed test; None lets the split decide.
        coarse: The frequency was asked for; rows of one step are averaged.
        findings: What was mended while the series were put on the grid.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    grid: Grid
    seasons: tuple[int, ...]
    horizon: int
    interval: float
    windows: int | None = None
    coarse: bool = False
    time: Column
    target: Column
    group: tuple[Column, ...] = ()
    known: tuple[Column, ...] = ()
    past: tuple[Column, ...] = ()
    findings: tuple[Finding, ...] = ()

    def panel(self, frame: Any) -> Panel:
        """Return the panel of a stored frame."""
        from mlwright.data.series_frame import panel_from

        return panel_from(frame, self.grid, [one.name for one in self.past], [one.name for one in self.known])

    def rows(self, panel: Panel) -> RowPlan:
        """Return what the rows of models of all series hold."""
        from mlwright.data.schema import SemanticType

        longest = max(len(one.values) for one in panel.series)
        known = [KnownColumn(name=one.name, text=one.type is not SemanticType.NUMBER) for one in self.known]
        past = [one.name for one in self.past]
        return row_plan(longest, self.grid, self.seasons, self.horizon, known=known, past=past)
