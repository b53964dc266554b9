"""Read series: which column is what, on which grid they lie, which seasons they have, how far to look ahead."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import BaseModel, Field

from mlwright.base.traits import Traits
from mlwright.brief.schema import Assumption, ForecastSpec
from mlwright.data.schema import Column, Role, SemanticType
from mlwright.models.signature import Task
from mlwright.run.types import Context
from mlwright.tools.guess import guess_target
from mlwright.tools.read import ReadParams
from mlwright.tools.series_facts import SeriesFacts
from mlwright.tools.sources import read_source, reading_facts
from mlwright.tools.understanding import Understanding

if TYPE_CHECKING:
    from mlwright.data.series import Layout, Panel

_MOST_HORIZON = 1_000


class ReadSeriesParams(ReadParams):
    """What the brief says of the data and of the forecast."""

    forecast: dict[str, Any] = Field(default_factory=dict[str, Any])


class ReadSeries:
    """Source to series on a regular grid."""

    traits: ClassVar[Traits] = Traits(
        summary="Read series: grid, seasons, horizon; mend gaps and say so", extra="train"
    )
    name: ClassVar[str] = "read_series"
    version: ClassVar[str] = "1"
    summary: ClassVar[str] = traits.summary
    heavy: ClassVar[bool] = False
    params: ClassVar[type[BaseModel]] = ReadSeriesParams
    inputs: ClassVar[Mapping[str, str]] = {}
    outputs: ClassVar[Mapping[str, str]] = {
        "dataset": "parquet",
        "panel": "parquet",
        "schema": "json",
        "understanding": "json",
        "reading": "json",
        "series": "json",
    }

    def run(self, params: ReadSeriesParams, inputs: Mapping[str, Any], context: Context) -> Mapping[str, Any]:
        """Read, type, place on the grid; every assumption is said."""
        from mlwright.data.dataset import to_dataset
        from mlwright.data.series import Layout
        from mlwright.data.series_columns import series_columns
        from mlwright.data.series_frame import frame_of

        raw = read_source(params.source, params.query, context)
        wanted = ForecastSpec.model_validate(params.forecast)
        assumptions: list[Assumption] = []
        target = params.target
        if target is None:
            target, why = guess_target(raw.frame.columns, params.objective)
            assumptions.append(Assumption(field="data.target", value=target, why=why))
        roles = {name: Role(word) for name, word in params.roles.items()}
        found = series_columns(raw, target, roles, wanted.known)
        assumptions += [Assumption(field=field, value=value, why=why) for field, value, why in found.assumed]
        dataset, problems = to_dataset(raw, found.schema)
        parts = [tuple(column.name for column in part) for part in (found.group, found.known, found.past)]
        layout = Layout(found.time.name, target, *parts, numbered=found.time.type is SemanticType.NUMBER)
        facts, panel = _placed(dataset.columns(), layout, wanted, assumptions)
        facts = facts.model_copy(
            update={"time": found.time, "target": found.target, "group": found.group, "known": found.known}
            | {"past": found.past}
        )
        metric = _metric(params.metric, assumptions)
        for assumption in assumptions:
            context.emit("assumption", assumption.model_dump(mode="json"))
        understanding = Understanding(
            task=Task.FORECAST,
            target=target,
            classes=(),
            label_type="string",
            metric=metric,
            rows=dataset.rows,
            features=len(found.known) + len(found.past),
            table=dataset.schema,
            assumptions=tuple(assumptions),
        )
        reading = reading_facts(params.source, raw, dataset.rows, problems)
        return {
            "dataset": dataset.frame,
            "panel": frame_of(panel),
            "schema": dataset.schema.model_dump(mode="json"),
            "understanding": understanding.model_dump(mode="json"),
            "reading": reading,
            "series": facts.model_dump(mode="json"),
        }


def _metric(wanted: str | None, assumptions: list[Assumption]) -> str:
    from mlwright.evaluation.metrics import checked_metric

    if wanted is not None:
        return checked_metric(wanted, Task.FORECAST).name
    why = "it compares errors with those of repeating the last season, over series of any size"
    assumptions.append(Assumption(field="metric", value="mase", why=why))
    return "mase"


def _placed(
    columns: Any, layout: "Layout", wanted: ForecastSpec, assumptions: list[Assumption]
) -> tuple[SeriesFacts, "Panel"]:
    """Return the facts of the series (their columns are put in later) and the series."""
    from mlwright.data.seasons import find_seasons
    from mlwright.data.series import asked_grid, panel_of

    grid = None if wanted.frequency is None else asked_grid(columns, layout, wanted.frequency)
    panel, findings = panel_of(columns, layout, grid, coarse=wanted.frequency is not None)
    if wanted.frequency is None:
        why = "most neighbouring times lie so far apart"
        assumptions.append(Assumption(field="forecast.frequency", value=panel.grid.name, why=why))
    seasons = wanted.season
    if seasons is None:
        seasons = find_seasons(panel)
        shown = ", ".join(map(str, seasons)) or "none"
        why = "the changes of the series repeat after so many steps" if seasons else "nothing repeats in the series"
        assumptions.append(Assumption(field="season", value=shown, why=why))
    horizon = wanted.horizon
    if horizon is None:
        horizon, why = _horizon(panel, seasons)
        assumptions.append(Assumption(field="forecast.horizon", value=horizon, why=why))
    blank = Column(name="", type=SemanticType.NUMBER)
    facts = SeriesFacts(
        grid=panel.grid,
        seasons=seasons,
        horizon=horizon,
        interval=wanted.interval,
        windows=wanted.windows,
        coarse=wanted.frequency is not None,
        time=blank,
        target=blank,
        findings=findings,
    )
    return facts, panel


def _horizon(panel: "Panel", seasons: tuple[int, ...]) -> tuple[int, str]:
    longest = max(len(one.values) for one in panel.series)
    if seasons and 4 * seasons[0] <= longest and seasons[0] <= _MOST_HORIZON:
        return seasons[0], "one season"
    return max(1, min(longest // 10, _MOST_HORIZON)), "a tenth of the history"
