"""Forecasts from histories: rows made by the front, values by the graph, intervals put around them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Self, cast

import numpy as np
from pydantic import ValidationError

from mlwright.base.errors import DataError, RequestError, VerifyError
from mlwright.base.suggest import did_you_mean
from mlwright.base.traits import Traits
from mlwright.data.cells import parse_cells
from mlwright.data.columns import Array, Columns
from mlwright.data.grid import DAY
from mlwright.data.histories import batch_of
from mlwright.data.schema import SemanticType
from mlwright.data.series import Panel, panel_of
from mlwright.models.series.front import SeriesFront
from mlwright.serving.runtime import Runtime

Cells = Mapping[str, Sequence[object]]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIELDS = ("rows", "columns", "horizon")


@dataclass(frozen=True, slots=True)
class Forecasts:
    """What comes next: columns of equal length, `horizon` rows a series, and what was mended in the history.

    Attributes:
        columns: The columns that name a series, the time, `step`, `forecast`, `low` and `high`.
    """

    columns: dict[str, list[Any]]
    findings: tuple[str, ...]

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The same, one mapping a step ahead."""
        return [dict(zip(self.columns, cells, strict=True)) for cells in zip(*self.columns.values(), strict=True)]


class Forecaster:
    """A delivered forecast model. Several threads may call it at once."""

    traits: ClassVar[Traits] = Traits(summary="Histories in, forecasts with intervals out")
    route: ClassVar[str] = "/forecast"

    def __init__(self, front: SeriesFront, runtime: Runtime) -> None:
        self.front = front
        self._runtime = runtime

    @classmethod
    def of(cls, content: Mapping[str, Any], runtime: Runtime, files: Callable[[str], bytes]) -> Self:
        """Return the forecaster of a `front.json`.

        Raises:
            VerifyError: It does not fit this version.
        """
        del files  # everything is in front.json
        try:
            return cls(SeriesFront.model_validate(content), runtime)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"]))
            raise VerifyError(
                f"front.json is not of this version: {where}: {first['msg']}.",
                hint="use the version of mlwright that wrote it.",
            ) from error

    def answer(self, asked: object) -> dict[str, Any]:
        """Return forecasts for `{"rows": [...]}` or `{"columns": {...}}`, with `horizon` steps if it is given.

        Raises:
            RequestError: The body has no history that can be continued.
        """
        if isinstance(asked, list):
            asked = {"rows": asked}
        if not isinstance(asked, Mapping):
            raise RequestError(
                "The body is no object.", hint='send {"rows": [{...}, ...]}: the rows of one or more histories.'
            )
        body = cast("Mapping[str, object]", asked)
        for name in body:
            if name not in _FIELDS:
                raise RequestError(f"'{name}' is not a field of a request.", hint=did_you_mean(name, _FIELDS))
        found = self.forecast(_cells_of(body), _horizon_of(body))
        return {"forecasts": found.rows, "interval": self.front.spread.interval, "findings": list(found.findings)}

    def forecast(self, cells: Cells, horizon: int | None = None) -> Forecasts:
        """Continue the histories in some raw rows; see `continued`.

        Raises:
            RequestError: A column is missing, a cell is not what its column holds, or the history cannot be continued.
        """
        return self.continued(self._parsed(cells), horizon)

    def continued(self, columns: Columns, horizon: int | None = None) -> Forecasts:
        """Continue the histories in some rows.

        Args:
            columns: In normal form; rows in any order. Rows after a series' last value hold what is known ahead.
            horizon: Steps, at most those that the model was made for; None takes all.

        Raises:
            RequestError: The history cannot be continued.
        """
        if horizon is not None and not 1 <= horizon <= self.front.horizon:
            raise RequestError(
                f"The horizon is {horizon}; the model was made for up to {self.front.horizon} steps.",
                hint="ask for fewer steps, or make a model with a longer forecast.horizon.",
            )
        try:
            panel, findings = panel_of(columns, self.front.layout, self.front.grid, coarse=self.front.coarse)
            self.front.check_known(panel.series)
        except DataError as error:
            raise RequestError(error.message, hint=error.hint) from error
        batch = batch_of(panel.series, self.front.memory, self.front.plan.seasons)
        rows = self.front.rows_of(batch, panel.series)
        shape = (len(panel.series), self.front.horizon)
        values = self._values(rows).reshape(shape)
        low, high = self.front.spread.bounds(values, rows[self.front.spread.unit].reshape(shape))
        steps = horizon or self.front.horizon
        return Forecasts(
            self._written(panel, values[:, :steps], low[:, :steps], high[:, :steps]),
            tuple(one.message for one in findings),
        )

    def _values(self, rows: Mapping[str, Array]) -> Array:
        found = self._runtime.predict({name: rows[name] for name in self.front.inputs}).values
        if found is None:
            raise VerifyError("The graph gives no values.", hint="deliver again.")
        return found

    def _parsed(self, cells: Cells) -> dict[str, Array]:
        wanted = self.front.columns
        absent = [column.name for column in wanted if column.name not in cells]
        if absent:
            raise RequestError(
                f"The history lacks the column '{absent[0]}'.",
                hint=f"give {', '.join(column.name for column in wanted)}. {did_you_mean(absent[0], list(cells))}",
            )
        if not len(cells[self.front.time.name]):
            raise RequestError("The history has no row.", hint="give the rows of at least one series.")
        return {column.name: parse_cells(column, cells[column.name]) for column in wanted}

    def _written(self, panel: Panel, values: Array, low: Array, high: Array) -> dict[str, list[Any]]:
        steps = values.shape[1]
        columns: dict[str, list[Any]] = {}
        for at, column in enumerate(self.front.group):
            names = [one.name.split(" / ")[at] if len(self.front.group) > 1 else one.name for one in panel.series]
            columns[column.name] = [name for name in names for _ in range(steps)]
        ends = np.array([one.end for one in panel.series])
        stamps = panel.grid.stamps((ends[:, np.newaxis] + np.arange(steps)).reshape(-1))
        columns[self.front.time.name] = self._times(stamps)
        columns["step"] = [step for _ in panel.series for step in range(1, steps + 1)]
        for name, part in (("forecast", values), ("low", low), ("high", high)):
            columns[name] = part.reshape(-1).tolist()
        return columns

    def _times(self, stamps: Array) -> list[Any]:
        if self.front.time.type is SemanticType.NUMBER:
            return [int(stamp) if stamp == int(stamp) else float(stamp) for stamp in stamps.tolist()]
        moments = [_EPOCH + timedelta(seconds=stamp) for stamp in stamps.tolist()]
        if self.front.time.formats:
            return [moment.strftime(self.front.time.formats[0]) for moment in moments]
        whole = bool(np.all(np.mod(stamps, DAY) == 0)) and self.front.grid.name not in ("hour", "minute")
        return [moment.strftime("%Y-%m-%d" if whole else "%Y-%m-%dT%H:%M:%S") for moment in moments]

    def describe(self) -> dict[str, Any]:
        """Return the OpenAPI operation of `POST /forecast`."""
        names = [column.name for column in self.front.columns]
        row = {"type": "object", "required": names, "properties": {name: {} for name in names}}
        fields = {
            "rows": {"type": "array", "items": row, "description": "The history, one row a step and series."},
            "columns": {"type": "object", "description": "The same as columns, in place of rows."},
            "horizon": {"type": "integer", "minimum": 1, "maximum": self.front.horizon},
        }
        body = {"type": "object", "properties": fields}
        return {
            "post": {
                "summary": f"Forecast the next {self.front.horizon} steps ({self.front.grid.name}) of a history",
                "requestBody": {"required": True, "content": {"application/json": {"schema": body}}},
                "responses": {
                    "200": {"description": "One object a step ahead with forecast, low and high"},
                    "422": {"description": "The history cannot be continued"},
                },
            }
        }


def _cells_of(body: Mapping[str, object]) -> Cells:
    rows, columns = body.get("rows"), body.get("columns")
    if (rows is None) == (columns is None):
        raise RequestError("The body needs either 'rows' or 'columns'.", hint='send {"rows": [{...}, ...]}.')
    if isinstance(columns, Mapping):
        found = cast("Mapping[str, object]", columns)
        lengths = {name: len(cells) if isinstance(cells, list) else -1 for name, cells in found.items()}  # pyright: ignore[reportUnknownArgumentType]
        if -1 in lengths.values() or len(set(lengths.values())) != 1:
            raise RequestError("'columns' are not lists of one length.", hint="give each column as a list.")
        return cast("Cells", found)
    if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):  # pyright: ignore[reportUnknownVariableType]
        raise RequestError("'rows' is no list of objects.", hint='send {"rows": [{...}, ...]}.')
    listed = cast("list[Mapping[str, object]]", rows)
    names = dict.fromkeys(name for row in listed for name in row)
    return {name: [row.get(name) for row in listed] for name in names}


def _horizon_of(body: Mapping[str, object]) -> int | None:
    wanted = body.get("horizon")
    if wanted is None:
        return None
    if isinstance(wanted, bool) or not isinstance(wanted, int):
        raise RequestError(f"The horizon is {wanted!r}.", hint="give a whole number, or leave it out.")
    return wanted
