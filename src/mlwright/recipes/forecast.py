"""Series: what comes next, how sure that is, and as a service that takes a history.

Read `Forecast.plan` from top to bottom: it is what a senior engineer would do, in that order, and why.
"""

from typing import Any, ClassVar

from mlwright.base.traits import Traits
from mlwright.brief.schema import Brief
from mlwright.recipes import of_brief
from mlwright.run.types import Plan, Step

_LINEAR = ("naive", "drift", "seasonal_naive", "long_seasonal_naive", "seasonal_mean", "harmonic", "direct_linear")
_EXPLAINABLE = (*_LINEAR, "theta", "ets", "arima")
_FAMILIES = {"linear": _LINEAR, "explainable": _EXPLAINABLE, "any": ()}


class Forecast:
    """The plan for one or many series."""

    traits: ClassVar[Traits] = Traits(
        summary="Series: forecasts with intervals, of one or of many series together",
        extra="train",
        requires=("polars", "lightgbm", "onnx"),
    )

    def plan(self, brief: Brief) -> Plan:
        """Return the whole lifecycle as steps."""
        return Plan(
            steps=(*_look(brief), *_make(brief), *_prove(brief), *of_brief.hand_over(brief, _REPORTED)),
            notes=_notes(brief),
        )


_HISTORY = {"understanding": "read.understanding", "series": "read.series", "training": "split.training"}
# The model's rows, for the tools that know rows and nothing of series.
_OF_ROWS = {"understanding": "export.understanding", "schema": "export.schema"}
_DELIVERED = {**_OF_ROWS, "onnx": "export.onnx", "signature": "export.signature"}


def _look(brief: Brief) -> tuple[Step, ...]:
    """Which series, on which grid, with which seasons; then their ends are sealed, before anything learns."""
    split = brief.split
    return (
        Step(name="read", tool="read_series", params=_reading(brief)),
        Step(
            name="profile",
            tool="profile",
            inputs={"dataset": "read.dataset", "understanding": "read.understanding"},
        ),
        Step(
            name="split",
            tool="split_series",
            inputs={"panel": "read.panel", "series": "read.series"},
            params={"test_share": split.test_share if split else None, "seed": brief.seed},
        ),
    )


def _make(brief: Brief) -> tuple[Step, ...]:
    """Backtest by rolling origins, mix, export, and put under load."""
    families = list(_FAMILIES[brief.constraints.interpretability])
    tried = {**_HISTORY, "search": "train.search", "backtest": "train.backtest"}
    chosen = {**_HISTORY, "model": "select.model", "front": "select.front"}
    served = {
        "schema": "export.schema",
        "onnx": "export.onnx",
        "signature": "export.signature",
        "test": "export.ahead",
        "selection": "select.selection",
    }
    seed = {"seed": brief.seed}
    return (
        Step(name="train", tool="train_series", inputs=_HISTORY, params={"families": families, **seed}),
        Step(name="select", tool="select_series", inputs=tried, params=seed),
        Step(name="export", tool="export_series", inputs=chosen, params=seed),
        Step(name="load", tool="load_test", inputs=served, params=of_brief.limits(brief)),
    )


def _prove(brief: Brief) -> tuple[Step, ...]:
    """Only now the sealed end is opened; then the rows' model is explained and its monitor tested."""
    judged = {
        "understanding": "read.understanding",
        "series": "read.series",
        "test": "split.test",
        "split": "split.split",
        "model": "select.model",
        "front": "select.front",
    }
    rows = {"training": "export.rows", "test": "evaluate.test", "predictions": "evaluate.predictions"}
    watched = {**_DELIVERED, **rows, "split": "split.split", "importance": "explain.importance"}
    return (
        Step(name="evaluate", tool="evaluate_series", inputs=judged, params=of_brief.judging(brief)),
        Step(name="explain", tool="explain", inputs={**_DELIVERED, **rows}, params={"seed": brief.seed}),
        Step(name="watch", tool="watch", inputs=watched, params={"seed": brief.seed}),
    )


_REPORTED = {
    "understanding": "read.understanding",
    "reading": "read.reading",
    "schema": "read.schema",
    "profile": "profile.profile",
    "quality": "profile.findings",
    "split": "split.split",
    "search": "train.search",
    "selection": "select.selection",
    "model": "select.model",
    "front": "select.front",
    "onnx": "export.onnx",
    "signature": "export.signature",
    "parity": "export.parity",
    "native": "evaluate.native",
    "load": "load.load_test",
    "evaluation": "evaluate.evaluation",
    "judgement": "evaluate.judgement",
    "predictions": "evaluate.predictions",
    "rows": "evaluate.rows",
    "explanation": "explain.explanation",
    "importance": "explain.importance",
    "baseline": "watch.baseline",
    "drift": "watch.self_test",
    "monitor": "watch.config",
}


def _reading(brief: Brief) -> dict[str, Any]:
    forecast = brief.forecast.model_dump(mode="json") if brief.forecast else {}
    return {**of_brief.reading(brief), "forecast": forecast}


def _notes(brief: Brief) -> tuple[str, ...]:
    notes = ["The latency that is measured is that of rows; a request with a history takes a little longer."]
    if brief.constraints.interpretability != "any":
        kept = ", ".join(_FAMILIES[brief.constraints.interpretability])
        notes.append(f"interpretability is {brief.constraints.interpretability}: only {kept} are candidates.")
    return tuple(notes)
