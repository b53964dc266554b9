"""Open the vault once, forecast window after window of the sealed end, and measure."""

import gzip
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import BaseModel

from mlwright.base.traits import Traits
from mlwright.run.types import Context
from mlwright.tools.evaluate import judge_gate, judge_requirements
from mlwright.tools.export_series import rows_frame
from mlwright.tools.series_facts import SeriesFacts
from mlwright.tools.series_sections import sections_of
from mlwright.tools.understanding import Understanding

if TYPE_CHECKING:
    from mlwright.data.series import Series
    from mlwright.evaluation.forecast_report import ForecastCase
    from mlwright.models.series.front import SeriesFront


class EvaluateSeriesParams(BaseModel, extra="forbid"):
    """What the brief wants to see reached: thresholds by metric, and gates, both as in the brief."""

    seed: int = 0
    requirements: dict[str, dict[str, Any]] = {}
    gates: tuple[dict[str, Any], ...] = ()


class EvaluateSeries:
    """Sealed values and the model to every measure of quality."""

    traits: ClassVar[Traits] = Traits(
        summary="Open the vault once; forecast and score the end of every series", extra="train"
    )
    name: ClassVar[str] = "evaluate_series"
    version: ClassVar[str] = "1"
    summary: ClassVar[str] = traits.summary
    heavy: ClassVar[bool] = False
    final: ClassVar[bool] = True
    params: ClassVar[type[BaseModel]] = EvaluateSeriesParams
    inputs: ClassVar[Mapping[str, str]] = {
        "understanding": "json",
        "series": "json",
        "test": "parquet",
        "split": "json",
        "model": "directory",
        "front": "json",
    }
    outputs: ClassVar[Mapping[str, str]] = {
        "evaluation": "json",
        "predictions": "npz",
        "native": "npz",
        "rows": "bytes",
        "test": "parquet",
        "judgement": "json",
    }

    def run(self, params: EvaluateSeriesParams, inputs: Mapping[str, Any], context: Context) -> Mapping[str, Any]:
        """Each window is forecast from what came before it; its own values are looked at last."""
        import numpy as np

        from mlwright.evaluation.forecast_report import evaluate_forecast
        from mlwright.evaluation.metrics import metric
        from mlwright.evaluation.vault import open_once
        from mlwright.models.series.front import SeriesFront
        from mlwright.models.series.mix import ForecastMix

        facts = SeriesFacts.model_validate(inputs["series"])
        front = SeriesFront.model_validate(inputs["front"])
        model = ForecastMix.load(inputs["model"])
        vault = context.gate.read(context.vault / "labels.npy").parent
        sealed = open_once(vault, f"evaluate {model.signature.name} {model.signature.version}")
        context.emit(
            "vault", {"text": "the sealed values were opened", "rows": len(sealed), "model": model.signature.version}
        )
        whole = _revealed(facts, inputs, sealed)
        windows = int(inputs["split"]["windows"])
        parts, truth = _cut(whole, windows, facts.horizon)
        rows = _rows(front, parts)
        values = model.predict(rows)
        case = _case(front, rows, values, truth, parts)
        measured = case.measured.reshape(-1)
        y, said = truth.reshape(-1)[measured], values[measured]
        kept = {name: rows[name][measured] for name in front.inputs}
        headline = metric(Understanding.model_validate(inputs["understanding"]).metric)
        evaluation = evaluate_forecast(case, facts.interval, params.seed)
        evaluation["basis"] = {
            "evaluator": "vault",
            "split": "time",
            "rows": len(y),
            "fraction": 1.0,
            "seed": params.seed,
        }
        evaluation["sections"] = sections_of(case, whole, facts, headline, parts)
        assert np.isfinite(said).all()  # noqa: S101 - models of series are bounded
        return {
            "evaluation": evaluation,
            "predictions": {"values": said, "y": y},
            "native": {"values": said},
            "rows": _lines(kept, y, model.signature.target),
            "test": rows_frame(kept, front.inputs),
            "judgement": {
                "requirements": judge_requirements(params.requirements, evaluation),
                "gates": [judge_gate(gate, evaluation) for gate in params.gates],
            },
        }


def _revealed(facts: SeriesFacts, inputs: Mapping[str, Any], sealed: Any) -> "list[Series]":
    """Return the tested series with their last values put back."""
    steps = int(inputs["split"]["windows"]) * facts.horizon
    found: list[Series] = []
    for number, one in enumerate(facts.panel(inputs["test"]).series):
        values = one.values.copy()
        values[-steps:] = sealed[number * steps : (number + 1) * steps]
        found.append(replace(one, values=values))
    return found


def _cut(series: "list[Series]", windows: int, horizon: int) -> "tuple[list[Series], Any]":
    """Return every series at each origin of the test, and what followed, (C, horizon)."""
    import numpy as np

    parts: list[Series] = []
    truth: list[Any] = []
    for one in series:
        for window in range(windows):
            origin = one.end - (windows - window) * horizon
            parts.append(one.until(origin, horizon))
            truth.append(one.values[origin - one.start :][:horizon])
    return parts, np.array(truth)


def _rows(front: "SeriesFront", parts: "list[Series]") -> dict[str, Any]:
    from mlwright.data.histories import batch_of

    return front.rows_of(batch_of(parts, front.memory, front.plan.seasons), parts)


def _case(
    front: "SeriesFront", rows: Mapping[str, Any], values: Any, truth: Any, parts: "list[Series]"
) -> "ForecastCase":
    import numpy as np

    from mlwright.evaluation.forecast_report import ForecastCase

    shape = truth.shape
    forecast, unit = values.reshape(shape), rows[front.spread.unit].reshape(shape)
    low, high = front.spread.bounds(forecast, unit)
    return ForecastCase(
        truth=truth,
        value=forecast,
        scale=rows["scale"].reshape(shape)[:, 0],
        quantiles=front.spread.quantiles(forecast, unit),
        levels=np.array(front.spread.levels),
        low=low,
        high=high,
        names=tuple(one.name for one in parts),
    )


def _lines(rows: Mapping[str, Any], y: Any, target: str) -> bytes:
    """Return rows with the true value, one JSON object a line, as a caller of the service would send them."""
    cells = {name: [_cell(value) for value in column.tolist()] for name, column in rows.items()}
    texts = (
        json.dumps({**{name: column[at] for name, column in cells.items()}, target: float(y[at])}, ensure_ascii=False)
        for at in range(len(y))
    )
    return gzip.compress(("\n".join(texts) + "\n").encode(), mtime=0)


def _cell(value: Any) -> Any:
    return None if value in ("", None) or value != value else value  # NaN is missing
