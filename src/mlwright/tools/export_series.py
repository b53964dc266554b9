"""Write the model of forecast rows as ONNX, and rows for the tools that look at rows."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, ClassVar

from pydantic import BaseModel

from mlwright.base.errors import ExportError, Infeasible
from mlwright.base.traits import Traits
from mlwright.run.types import Context
from mlwright.tools.series_setting import setting_of
from mlwright.tools.understanding import Understanding


class ExportSeriesParams(BaseModel, extra="forbid"):
    """Of the run."""

    seed: int = 0


class ExportSeries:
    """Native model to ONNX, with parity on the backtests' rows."""

    traits: ClassVar[Traits] = Traits(
        summary="Write forecast rows to values as one ONNX graph; measure parity",
        extra="train",
        requires=("onnx", "onnxruntime"),
    )
    name: ClassVar[str] = "export_series"
    version: ClassVar[str] = "1"
    summary: ClassVar[str] = traits.summary
    heavy: ClassVar[bool] = True
    final: ClassVar[bool] = True
    params: ClassVar[type[BaseModel]] = ExportSeriesParams
    inputs: ClassVar[Mapping[str, str]] = {
        "understanding": "json",
        "series": "json",
        "training": "parquet",
        "model": "directory",
        "front": "json",
    }
    outputs: ClassVar[Mapping[str, str]] = {
        "onnx": "bytes",
        "signature": "json",
        "parity": "json",
        "rows": "parquet",
        "ahead": "parquet",
        "schema": "json",
        "understanding": "json",
    }

    def run(self, params: ExportSeriesParams, inputs: Mapping[str, Any], context: Context) -> Mapping[str, Any]:
        """Export; a graph that differs from the model is refused.

        `rows` are those of the backtests, `ahead` those that follow the training part.
        """
        from mlwright.data.schema import Schema
        from mlwright.export.onnx.forecast import export_forecast
        from mlwright.export.onnx.parity import parity
        from mlwright.models.series.front import SeriesFront
        from mlwright.models.series.mix import ForecastMix

        model = ForecastMix.load(inputs["model"])
        front = SeriesFront.model_validate(inputs["front"])
        setting = setting_of(inputs, params.seed)
        rows = front.rows_of(setting.cases.batch, setting.cases.parts)
        ahead = front.rows(setting.panel)
        try:
            graph = export_forecast(model)
        except ExportError as error:
            raise Infeasible(error.message, hint="choose a model that ONNX can express.") from error
        deviation = float(setting.cases.batch.scale.mean())
        measured = parity(model, graph, rows, deviation=deviation)  # pyright: ignore[reportArgumentType]
        if not measured.passed:
            raise Infeasible(
                f"The ONNX graph differs from the model by {measured.max_abs_difference:.2g} on {measured.rows} rows; "
                f"at most {measured.gate:g} is allowed.",
                hint="choose another model.",
            )
        understanding = Understanding.model_validate(inputs["understanding"])
        signature = model.signature
        of_rows = understanding.model_copy(
            # MASE needs scales beside the rows; which column matters is the same in the target's unit.
            update={"metric": "mae", "table": Schema(columns=signature.inputs), "features": len(signature.inputs)}
        )
        return {
            "onnx": graph,
            "signature": json.loads(signature.model_dump_json()),
            "parity": asdict(measured),
            "rows": rows_frame(rows, front.inputs),
            "ahead": rows_frame(ahead, front.inputs),
            "schema": {"columns": [column.model_dump(mode="json") for column in signature.inputs]},
            "understanding": of_rows.model_dump(mode="json"),
        }


def rows_frame(rows: Mapping[str, Any], names: Any) -> Any:
    """Return rows as a table; missing text is null."""
    import polars as pl

    return pl.DataFrame(
        {
            name: pl.Series([cell or None for cell in rows[name]], dtype=pl.String)
            if rows[name].dtype == object
            else pl.Series(rows[name])
            for name in names
        }
    )
