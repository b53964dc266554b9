"""Mix and choose on the backtests, fit what was chosen to all the history, and write the front."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import BaseModel

from mlwright.base.errors import DataError
from mlwright.base.traits import Traits
from mlwright.run.types import Context
from mlwright.tools.series_facts import SeriesFacts
from mlwright.tools.series_setting import setting_of
from mlwright.tools.understanding import Understanding

if TYPE_CHECKING:
    from mlwright.models.series.front import SeriesFront
    from mlwright.models.series.mix import ForecastMix
    from mlwright.tuning.series_search import Setting, Trial
    from mlwright.tuning.series_select import Candidate, Choice


class SelectSeriesParams(BaseModel, extra="forbid"):
    """Of the run."""

    seed: int = 0


class SelectSeries:
    """Backtests to one model, its front and its intervals."""

    traits: ClassVar[Traits] = Traits(
        summary="Mix the candidates on their backtests and choose the simplest that is as good", extra="train"
    )
    name: ClassVar[str] = "select_series"
    version: ClassVar[str] = "1"
    summary: ClassVar[str] = traits.summary
    heavy: ClassVar[bool] = True
    params: ClassVar[type[BaseModel]] = SelectSeriesParams
    inputs: ClassVar[Mapping[str, str]] = {
        "understanding": "json",
        "series": "json",
        "training": "parquet",
        "search": "json",
        "backtest": "npz",
    }
    outputs: ClassVar[Mapping[str, str]] = {"selection": "json", "model": "directory", "front": "json"}

    def run(self, params: SelectSeriesParams, inputs: Mapping[str, Any], context: Context) -> Mapping[str, Any]:
        """Choose, fit once more on everything before the test, measure the errors' spread."""
        from mlwright.tuning.series_select import choose, spread_of

        setting = setting_of(inputs, params.seed, deadline=context.deadline)
        trials = _trials(inputs)
        choice = choose(setting, trials)
        for name, why in choice.decisions:
            context.emit("decision", {"text": f"{name}: {why}"})
        facts = SeriesFacts.model_validate(inputs["series"])
        spread = spread_of(setting, choice.chosen.forecast, facts.interval)
        model, front = _fitted(setting, choice.chosen, facts, inputs, spread)
        folder = context.workspace / "model"
        folder.mkdir()
        model.save(folder)
        selection = _selection(setting, choice, trials, front)
        selection["sections"] = [_backtest_section(choice, trials, setting)]
        return {"selection": selection, "model": folder, "front": front.model_dump(mode="json")}


def _trials(inputs: Mapping[str, Any]) -> "list[Trial]":
    from mlwright.tuning.series_search import Trial, complexity_of

    sign = 1.0 if inputs["search"]["direction"] == "minimise" else -1.0
    return [
        Trial(
            one["family"],
            complexity_of(one["family"]),
            one["baseline"],
            one["seconds"],
            inputs["backtest"].get(str(one["number"])),
            float("nan") if one["score"] is None else sign * one["score"],
            one["reason"],
        )
        for one in inputs["search"]["trials"]
    ]


def _fitted(
    setting: "Setting", chosen: "Candidate", facts: SeriesFacts, inputs: Mapping[str, Any], spread: Any
) -> "tuple[ForecastMix, SeriesFront]":
    """Return the model on rows and the front that makes them, both fitted to the whole training part."""
    from mlwright.models.series import SERIES_MODELS
    from mlwright.models.series.front import LINEAR, SeriesFront, forecast_column
    from mlwright.models.series.mix import ForecastMix
    from mlwright.tuning.series_search import TREE_VARIANTS, fitted_linear, fitted_trees

    series = setting.panel.series
    trees = [name for name in chosen.weights if name in TREE_VARIANTS]
    local = tuple(name for name in chosen.weights if name in SERIES_MODELS)
    linear = fitted_linear(setting, series) if LINEAR in chosen.weights else None
    seasonal = bool(trees) and TREE_VARIANTS[trees[0]]["seasonal"]
    member = fitted_trees(setting, series, seasonal=seasonal) if trees else None
    if (LINEAR in chosen.weights and linear is None) or (trees and member is None):
        raise DataError("The chosen model can't be fitted to the histories.", hint="give longer histories.")
    plan = setting.rows.model_copy(update={"seasonal_base": seasonal})
    own = {forecast_column(name): chosen.weights[name] for name in (*local, *((LINEAR,) if linear else ()))}
    inputs_of = (*_OWN, *own, *(plan.features if member else ("step",)))
    front = SeriesFront(
        time=facts.time,
        target=facts.target,
        group=facts.group,
        # What only the trees look at need not be given where there are none.
        known=facts.known if member else (),
        past=facts.past if member else (),
        grid=facts.grid,
        memory=setting.backtest.memory,
        plan=plan if member else plan.model_copy(update={"past": (), "known": ()}),
        models=local,
        found=_numbers(setting, local),
        linear=linear,
        inputs=inputs_of,
        spread=spread,
        coarse=facts.coarse,
    )
    signature = _signature(front, plan, Understanding.model_validate(inputs["understanding"]), chosen)
    weight = sum(chosen.weights[name] for name in trees)
    return ForecastMix(signature, own, member, weight), front


_OWN = ("scale", "level", "spread", "base")


def _numbers(setting: "Setting", local: Sequence[str]) -> dict[str, dict[str, dict[str, float]]]:
    """Return the numbers of models of single histories at the end of the training part."""
    from mlwright.data.histories import batch_of
    from mlwright.models.series import SERIES_MODELS

    batch = batch_of(setting.panel.series, setting.backtest.memory, setting.rows.seasons)
    found: dict[str, dict[str, dict[str, float]]] = {}
    for name in local:
        numbers = SERIES_MODELS.load(name)().find(batch)
        if any(numbers):
            found[name] = {one.name: dict(n) for one, n in zip(setting.panel.series, numbers, strict=True)}
    return found


def _signature(front: "SeriesFront", plan: Any, understanding: Understanding, chosen: "Candidate") -> Any:
    import hashlib
    import json

    from mlwright.data.schema import Column, SemanticType
    from mlwright.models.signature import Signature, Task

    known = {column.name: column for column in plan.columns()}
    columns = tuple(known.get(name, Column(name=name, type=SemanticType.NUMBER)) for name in front.inputs)
    content = json.dumps([front.model_dump(mode="json"), dict(chosen.weights)], sort_keys=True)
    return Signature(
        name=understanding.target.strip().replace(" ", "_") or "forecast",
        version=hashlib.sha256(content.encode()).hexdigest()[:12],
        task=Task.FORECAST,
        target=understanding.target,
        inputs=columns,
    )


def _selection(setting: "Setting", choice: "Choice", trials: "Sequence[Trial]", front: "SeriesFront") -> dict[str, Any]:
    """Return what was chosen and why, in the shape that the report reads of every kind."""
    numbers = {one.name: at for at, one in enumerate(trials)}
    best = choice.candidates[0]
    return {
        "chosen": choice.chosen.name,
        "candidates": [
            {
                "name": one.name,
                "kind": "ensemble" if len(one.weights) > 1 else "trial",
                "numbers": [numbers[name] for name in one.weights],
                "score": _score(setting, one),
                "latency_ms": None,
                "size_bytes": None,
            }
            for one in choice.candidates
        ],
        "decisions": [{"candidate": name, "reason": why} for name, why in choice.decisions],
        "noise": {"floor": choice.floor, "seed_losses": [], "fold_losses": [0.0] * (setting.backtest.folds + 2)},
        "members": [
            {"family": name, "weight": weight, "estimators": 1, "params": {}}
            for name, weight in choice.chosen.weights.items()
        ],
        "preparation": [
            f"A history becomes {front.horizon} rows, one a step ahead: {len(front.inputs)} columns.",
            "Trees see values relative to the latest season's level and spread; their answer is put back.",
        ],
        "selection_score": _score(setting, choice.chosen),
        "search_score": _score(setting, best),
    }


def _score(setting: "Setting", one: "Candidate") -> dict[str, Any]:
    from mlwright.tuning.series_select import loss_interval

    sign = 1.0 if setting.metric.direction == "minimise" else -1.0
    low, high = loss_interval(setting, one.forecast)
    ends = sorted((sign * low, sign * high)) if low is not None and high is not None else (None, None)
    return {"value": sign * one.loss, "low": ends[0], "high": ends[1], "rows": int((~_missing(setting)).sum())}


def _missing(setting: "Setting") -> Any:
    import numpy as np

    return np.isnan(setting.cases.truth)


def _backtest_section(choice: "Choice", trials: "Sequence[Trial]", setting: "Setting") -> dict[str, Any]:
    """Return the table of every candidate on the windows of the training part."""
    seconds = {one.name: one.seconds for one in trials}
    rows = [
        [
            one.name.replace("_", " "),
            f"{one.loss:.4g}",
            f"{seconds[one.name]:.1f} s" if one.name in seconds else "",
            " + ".join(f"{w:.2f} {name.replace('_', ' ')}" for name, w in one.weights.items())
            if len(one.weights) > 1
            else "",
        ]
        for one in choice.candidates
    ]
    words = (
        f"{len(setting.cases.truth)} windows of {setting.backtest.horizon} steps inside the training part, "
        f"{setting.backtest.folds} origins a series; the mix is judged by weights of the other origins."
    )
    header = ["model", setting.metric.name.upper(), "took", "made of"]
    return {"title": "Backtest of every candidate", "paragraphs": [words], "table": {"header": header, "rows": rows}}
