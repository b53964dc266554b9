"""Everything that is measured on the sealed end of the series, as one JSON-able value."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mlwright.base.seeds import generator
from mlwright.data.columns import Array
from mlwright.evaluation.forecast import coverage, crps, interval_score
from mlwright.evaluation.metrics import Metric, metrics_for

_RESAMPLES = 300
_FEWEST_CASES = 5
_BUCKETS = 6


@dataclass(frozen=True, slots=True)
class ForecastCase:
    """Forecasts of C windows, each of one series.

    Attributes:
        truth, value: Shape (C, horizon); truth is NaN where nothing was measured.
        scale: What MASE divides by, shape (C,).
        quantiles: Shape (C, horizon, levels).
        levels: Of the quantiles.
        low, high: The interval, shape (C, horizon).
        names: The series of each window.
    """

    truth: Array
    value: Array
    scale: Array
    quantiles: Array
    levels: Array
    low: Array
    high: Array
    names: tuple[str, ...]

    @property
    def measured(self) -> Array:
        return ~np.isnan(self.truth)

    def metric(self, metric: Metric, value: Array, keep: Array | None = None) -> float:
        """Return a metric of forecasts (C, horizon) on the measured steps, or on some of them."""
        inside = self.measured if keep is None else self.measured & keep
        if not inside.any():
            return float("nan")
        scale = np.broadcast_to(self.scale[:, np.newaxis], self.truth.shape)[inside]
        return metric.compute(self.truth[inside], value[inside], scale=scale)


def evaluate_forecast(case: ForecastCase, level: float, seed: int) -> dict[str, Any]:
    """Return metrics with intervals over windows, and what the forecast intervals hold.

    Args:
        case: Forecasts and what came.
        level: Of the intervals.
        seed: Of the resamples.
    """
    return {
        "task": "forecast",
        "rows": int(case.measured.sum()),
        "metrics": {one.name: _estimate(case, one, seed) for one in metrics_for("forecast")},
        "intervals": interval_facts(case, level),
    }


def _estimate(case: ForecastCase, metric: Metric, seed: int) -> dict[str, Any]:
    value = case.metric(metric, case.value)
    low, high = _resampled(case, metric, seed) if np.isfinite(value) else (None, None)
    number = value if np.isfinite(value) else None
    return {"value": number, "low": low, "high": high, "direction": metric.direction}


def _resampled(case: ForecastCase, metric: Metric, seed: int) -> tuple[float | None, float | None]:
    """Return a 95 % interval by drawing whole windows; few windows say nothing of their like."""
    count = len(case.truth)
    if count < _FEWEST_CASES:
        return None, None
    rng = generator(seed, "forecast", metric.name)
    found: list[float] = []
    for _ in range(_RESAMPLES):
        at = rng.integers(0, count, count)
        drawn = ForecastCase(
            case.truth[at], case.value[at], case.scale[at], case.quantiles[:0], case.levels, case.low, case.high, ()
        )
        found.append(drawn.metric(metric, drawn.value))
    defined = [one for one in found if np.isfinite(one)]
    if not defined:
        return None, None
    low, high = np.quantile(defined, [0.025, 0.975])
    return float(low), float(high)


def interval_facts(case: ForecastCase, level: float) -> dict[str, Any]:
    """Return coverage, width and scores of the intervals."""
    inside = case.measured
    scale = np.broadcast_to(case.scale[:, np.newaxis], case.truth.shape)[inside]
    y, low, high = case.truth[inside], case.low[inside], case.high[inside]
    return {
        "level": level,
        "coverage": coverage(y, low, high),
        "width_in_scales": float(np.mean((high - low) / scale)),
        "crps": crps(y, case.quantiles[inside], case.levels),
        "scaled_crps": crps(y / scale, case.quantiles[inside] / scale[:, np.newaxis], case.levels),
        "interval_score": interval_score(y, low, high, level),
    }


def steps_table(case: ForecastCase, metric: Metric) -> tuple[list[str], list[list[str]]]:
    """Return error and coverage by distance, as header and rows of a table."""
    horizon = case.truth.shape[1]
    rows: list[list[str]] = []
    for part in np.array_split(np.arange(horizon), min(_BUCKETS, horizon)):
        keep = np.zeros_like(case.measured)
        keep[:, part] = True
        inside = keep & case.measured
        if not inside.any():
            continue
        held = coverage(case.truth[inside], case.low[inside], case.high[inside])
        name = f"{part[0] + 1}" if len(part) == 1 else f"{part[0] + 1} to {part[-1] + 1}"
        rows.append([name, f"{case.metric(metric, case.value, keep):.4g}", f"{100 * held:.1f} %"])
    return ["steps ahead", metric.name.upper(), "inside the interval"], rows


def rivals_table(
    case: ForecastCase, rivals: Mapping[str, Array], shown: Sequence[Metric]
) -> tuple[list[str], list[list[str]]]:
    """Return the delivered model against others on the same windows, as header and rows."""
    rows = [
        [name, *(f"{case.metric(metric, value):.4g}" for metric in shown)]
        for name, value in {"this model": case.value, **rivals}.items()
    ]
    return ["model", *(metric.name.upper() for metric in shown)], rows


def series_table(case: ForecastCase, metric: Metric, most: int = 10) -> tuple[list[str], list[list[str]]]:
    """Return the series that are forecast worst, as header and rows."""
    names = np.array(case.names, dtype=object)
    found: list[tuple[float, str]] = []
    for name in dict.fromkeys(case.names):
        keep = np.broadcast_to((names == name)[:, np.newaxis], case.truth.shape)
        value = case.metric(metric, case.value, keep)
        if np.isfinite(value):
            found.append((value, name))
    worst = sorted(found, reverse=metric.direction == "minimise")[:most]
    return ["series", metric.name.upper()], [[name, f"{value:.4g}"] for value, name in worst]
