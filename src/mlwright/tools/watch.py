"""Write what new rows will be compared with, and test that the monitor notices drift and nothing else."""

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from pydantic import BaseModel

from mlwright.base.traits import Traits
from mlwright.run.types import Context
from mlwright.tools.table import dataset_of
from mlwright.tools.understanding import Understanding


class WatchParams(BaseModel, extra="forbid"):
    """Where random halves come from."""

    seed: int = 0


class Watch:
    """Training rows and test predictions to a baseline, with the monitor's own test."""

    traits: ClassVar[Traits] = Traits(
        summary="Write the monitoring baseline; prove that drift raises an alarm and fresh rows do not", extra="train"
    )
    name: ClassVar[str] = "watch"
    version: ClassVar[str] = "1"
    summary: ClassVar[str] = traits.summary
    heavy: ClassVar[bool] = False
    final: ClassVar[bool] = True
    params: ClassVar[type[BaseModel]] = WatchParams
    inputs: ClassVar[Mapping[str, str]] = {
        "understanding": "json",
        "schema": "json",
        "signature": "json",
        "onnx": "bytes",
        "training": "parquet",
        "test": "parquet",
        "split": "json",
        "predictions": "npz",
        "importance": "json?",
    }
    outputs: ClassVar[Mapping[str, str]] = {"baseline": "json", "self_test": "json", "config": "bytes"}

    def run(self, params: WatchParams, inputs: Mapping[str, Any], context: Context) -> Mapping[str, Any]:
        """Make the baseline from training rows and from predictions of rows the model has not seen."""
        from mlwright.monitoring.baseline import Reference, make_baseline
        from mlwright.monitoring.config import write_default_config
        from mlwright.serving.runtime import Runtime

        runtime = Runtime.from_bytes(json.dumps(inputs["signature"]).encode(), inputs["onnx"])
        signature = runtime.signature
        understanding = Understanding.model_validate(inputs["understanding"])
        names = [column.name for column in signature.inputs]
        training = dataset_of(inputs["training"], inputs["schema"]).columns(names)
        test = dataset_of(inputs["test"], inputs["schema"]).columns(names)
        predicted = inputs["predictions"]
        reference = Reference(
            classes=signature.classes,
            labels=predicted.get("y"),
            importance=_shares(inputs.get("importance")),
            metric=understanding.metric,
            seed=params.seed,
        )
        scores = predicted["probabilities" if signature.classes else "values"]
        baseline = make_baseline(training, signature.inputs, scores, signature.task, reference)
        later = inputs["split"]["strategy"] == "time"
        with tempfile.TemporaryDirectory(dir=context.workspace) as folder:
            config = Path(folder) / "monitor.toml"
            write_default_config(config)
            return {
                "baseline": baseline.model_dump(mode="json", exclude_none=True),
                "self_test": _self_test(runtime, training, None if later else test, params.seed),
                "config": config.read_bytes(),
            }


def _shares(importance: Mapping[str, Any] | None) -> dict[str, float] | None:
    return {one["column"]: one["share"] for one in importance["columns"]} if importance else None


def _self_test(runtime: Any, training: Any, fresh: Any, seed: int) -> dict[str, Any]:
    """Inject drift into rows that neither the model nor the test's baseline has seen.

    A random half of the fresh rows gives the predictions to compare with, the other half plays the new day. Where the
    split is by time the test is of another time by design, so a part of the training rows plays it.
    """
    import numpy as np

    from mlwright.base.seeds import generator
    from mlwright.data.columns import row_count, take
    from mlwright.monitoring.baseline import Reference, make_baseline
    from mlwright.monitoring.self_test import drift_self_test, self_test_against

    signature = runtime.signature
    if fresh is None or row_count(fresh) < 2:
        return drift_self_test(training, None, signature.inputs, task=signature.task, seed=seed).model_dump(mode="json")

    def predict(columns: Any) -> Any:
        found = runtime.predict(columns)
        return found.values if found.probabilities is None else found.probabilities

    order = generator(seed, "watch").permutation(row_count(fresh))
    known, new = np.sort(order[::2]), np.sort(order[1::2])
    baseline = make_baseline(
        training, signature.inputs, predict(take(fresh, known)), signature.task, Reference(classes=signature.classes)
    )
    return self_test_against(baseline, take(fresh, new), predict=predict, seed=seed).model_dump(mode="json")
