"""Explain the delivered graph itself, on raw columns."""

import json
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import BaseModel

from mlwright.base.traits import Traits
from mlwright.run.types import Context
from mlwright.tools.table import dataset_of
from mlwright.tools.understanding import Understanding

if TYPE_CHECKING:
    from mlwright.data.columns import Array
    from mlwright.evaluation.metrics import Metric
    from mlwright.serving.runtime import Runtime

# Of the graph, in all; limits in numbers and not in seconds, so that a run given in trials is the same everywhere.
_PREDICTIONS = 100_000
_SHUFFLED_ROWS = 1_000
_SHAP_START_SECONDS = 3.5
_TIME_SHARE = 0.7  # of what is left to the step: the rest is for starting and writing


class ExplainParams(BaseModel, extra="forbid"):
    """Where rows and orders come from."""

    seed: int = 0


class Explain:
    """ONNX graph to SHAP values, global and local."""

    traits: ClassVar[Traits] = Traits(
        summary="Explain the delivered model by SHAP values on raw columns", extra="train", requires=("shap",)
    )
    name: ClassVar[str] = "explain"
    version: ClassVar[str] = "1"
    summary: ClassVar[str] = traits.summary
    heavy: ClassVar[bool] = True
    final: ClassVar[bool] = True
    optional: ClassVar[bool] = True
    params: ClassVar[type[BaseModel]] = ExplainParams
    inputs: ClassVar[Mapping[str, str]] = {
        "understanding": "json",
        "schema": "json",
        "onnx": "bytes",
        "signature": "json",
        "training": "parquet",
        "test": "parquet",
        "predictions": "npz",
    }
    outputs: ClassVar[Mapping[str, str]] = {"explanation": "json", "importance": "json"}

    def run(self, params: ExplainParams, inputs: Mapping[str, Any], context: Context) -> Mapping[str, Any]:
        """Explain a sample of the test against a background of training rows."""
        from mlwright.explain.shap_values import ExplainOptions, explain
        from mlwright.serving.runtime import Runtime

        runtime = Runtime.from_bytes(json.dumps(inputs["signature"]).encode(), inputs["onnx"])
        signature = runtime.signature
        names = [column.name for column in signature.inputs]
        training = dataset_of(inputs["training"], inputs["schema"]).columns(names)
        test = dataset_of(inputs["test"], inputs["schema"]).columns(names)
        importance = _importance(runtime, test, inputs, params.seed)
        seconds = None
        if context.deadline is not None:
            left = context.deadline - time.monotonic() - _SHAP_START_SECONDS
            seconds = max(0.5, _TIME_SHARE * left)

        def predict(columns: Any) -> Any:
            found = runtime.predict(columns)
            return found.values if found.probabilities is None else found.probabilities

        options = ExplainOptions(
            seed=params.seed,
            outputs=signature.classes or ("value",),
            positive=signature.positive,
            predictions=_PREDICTIONS,
            seconds=seconds,
        )
        found = explain(predict, training, test, signature.inputs, options)
        return {
            "explanation": found.model_dump(mode="json"),
            "importance": importance,
        }


def _importance(runtime: "Runtime", test: Any, inputs: Mapping[str, Any], seed: int) -> dict[str, Any]:
    """Return how much the headline metric falls when a column is shuffled, on the test rows."""
    import numpy as np

    from mlwright.evaluation.metrics import metric
    from mlwright.evaluation.permutation import Shuffling, permutation_importance

    found = metric(Understanding.model_validate(inputs["understanding"]).metric)
    classes = runtime.signature.classes
    code = {label: position for position, label in enumerate(classes)}

    def predict(columns: Any) -> Any:
        given = runtime.predict(columns)
        if given.probabilities is None or given.labels is None:
            return given.values
        if found.needs != "labels":
            return given.probabilities
        # The labels carry the threshold; as one-hot rows they keep the number of classes known.
        return np.eye(len(classes))[[code[str(label)] for label in given.labels]]

    y = inputs["predictions"]["y"]
    if "queries" in inputs["predictions"]:
        found, y = _by_query(found, y, inputs["predictions"]["queries"])
    columns = permutation_importance(
        predict, test, y, found, how=Shuffling(repeats=5, max_rows=_SHUFFLED_ROWS, seed=seed)
    )
    return {"metric": found.name, "columns": [one.model_dump(mode="json") for one in columns]}


def _by_query(metric: "Metric", y: "Array", queries: "Array") -> "tuple[Metric, Array]":
    """Return the metric of rows told by their numbers: whichever rows are drawn, each keeps its query."""
    import numpy as np

    def compute(rows: "Array", scores: "Array", *, weight: "Array | None" = None) -> float:
        at = rows.astype(np.int64)
        return metric.compute(y[at], scores, weight=weight, group=queries[at])

    return replace(metric, function=compute), np.arange(len(y))
