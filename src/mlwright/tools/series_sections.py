"""The report's sections of a forecast: pictures of it, rivals on the same windows, distances, intervals."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from mlwright.tools.series_facts import SeriesFacts

if TYPE_CHECKING:
    from mlwright.data.series import Series
    from mlwright.evaluation.forecast_report import ForecastCase
    from mlwright.evaluation.metrics import Metric

_SHOWN_SERIES = 3
_SHOWN_HISTORY = 3  # horizons, or seasons where they are longer
_MOST_POINTS = 400
_RIVALS = ("naive", "seasonal_naive", "ets")


def sections_of(
    case: "ForecastCase", whole: "Sequence[Series]", facts: SeriesFacts, headline: "Metric", parts: "Sequence[Series]"
) -> list[dict[str, Any]]:
    """Return the sections, in the shape of `report/sections.py`."""
    from mlwright.evaluation.forecast_report import series_table, steps_table
    from mlwright.evaluation.metrics import METRICS

    shown = [headline, *(METRICS[name] for name in ("mase", "smape") if name != headline.name)]
    found = [_picture(case, one, facts) for one in whole[:_SHOWN_SERIES]]
    words = f"The same {len(parts)} windows of the sealed test, each forecast from what came before it."
    found.append(_table("Against simple forecasts", words, _rivals(case, parts, facts, shown)))
    found.append(_table("By distance", "", steps_table(case, headline)))
    if len(whole) > 1:
        found.append(_table("Series that are forecast worst", "", series_table(case, headline)))
    found.append(_intervals(case, facts))
    if facts.findings:
        said = tuple(f"{one.message} {one.hint}".strip() for one in facts.findings)
        found.append({"title": "What was mended in the series", "paragraphs": said})
    return found


def _table(title: str, words: str, content: tuple[list[str], list[list[str]]]) -> dict[str, Any]:
    header, rows = content
    return {"title": title, "paragraphs": [words] if words else [], "table": {"header": header, "rows": rows}}


def _rivals(
    case: "ForecastCase", parts: "Sequence[Series]", facts: SeriesFacts, shown: "Sequence[Metric]"
) -> tuple[list[str], list[list[str]]]:
    from mlwright.data.histories import batch_of
    from mlwright.evaluation.forecast_report import rivals_table
    from mlwright.models.series import SERIES_MODELS
    from mlwright.tuning.backtest import memory_of

    longest = max(len(one.values) for one in parts)
    batch = batch_of(parts, memory_of(longest, facts.seasons, facts.horizon), facts.seasons)
    found: dict[str, Any] = {}
    for name in _RIVALS:
        model = SERIES_MODELS.load(name)()
        if model.fits(batch):
            found[name.replace("_", " ")] = model.forecast(batch, facts.horizon, model.find(batch))
    return rivals_table(case, found, shown)


def _picture(case: "ForecastCase", one: "Series", facts: SeriesFacts) -> dict[str, Any]:
    """Return history and forecasts of one series, the windows of the test one after the other."""
    import numpy as np

    at = [number for number, name in enumerate(case.names) if name == one.name]
    steps = len(at) * facts.horizon
    back = max(_SHOWN_HISTORY * facts.horizon, 2 * (facts.seasons[0] if facts.seasons else 1))
    first = max(0, len(one.values) - steps - back)
    x = np.arange(first - (len(one.values) - steps), steps)
    values = one.values[first:]
    every = max(1, len(x) // _MOST_POINTS)
    ahead = np.arange(steps)[::every]
    lines = [
        {"name": "measured", "x": _numbers(x[::every]), "y": _gaps(values[::every])},
        {
            "name": "forecast",
            "x": _numbers(ahead),
            "y": _gaps(case.value[at].reshape(-1)[::every]),
            "low": _gaps(case.low[at].reshape(-1)[::every]),
            "high": _gaps(case.high[at].reshape(-1)[::every]),
        },
    ]
    name = f" of {one.name}" if one.name else ""
    words = f"{len(at)} x {facts.horizon} steps of the sealed test with {facts.interval:.0%} intervals."
    return {
        "title": f"History and forecast{name}",
        "paragraphs": [words],
        "lines": lines,
        "x_label": f"steps ({facts.grid.name}) from the start of the test",
        "y_label": facts.target.name,
    }


def _numbers(values: Any) -> list[float]:
    return [float(value) for value in values]


def _gaps(values: Any) -> list[float | None]:
    return [None if value != value else float(value) for value in values]


def _intervals(case: "ForecastCase", facts: SeriesFacts) -> dict[str, Any]:
    from mlwright.evaluation.forecast_report import interval_facts

    found = interval_facts(case, facts.interval)
    rows = [
        ["wanted inside", f"{100 * facts.interval:.0f} %"],
        ["inside on the sealed test", f"{100 * found['coverage']:.1f} %"],
        ["mean width, in units of MASE's scale", f"{found['width_in_scales']:.3g}"],
        ["CRPS, in the target's unit", f"{found['crps']:.4g}"],
        ["CRPS, in units of MASE's scale", f"{found['scaled_crps']:.4g}"],
        ["interval score, in the target's unit", f"{found['interval_score']:.4g}"],
    ]
    words = "Intervals come from errors of the backtests, for each step ahead, and are measured on the sealed test."
    return _table("Intervals", words, (["measure", "value"], rows))
