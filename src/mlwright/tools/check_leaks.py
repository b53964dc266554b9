"""Look for leaks before anything learns; fail closed."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import BaseModel

from mlwright.base.errors import DataError
from mlwright.base.traits import Traits
from mlwright.data.schema import Role, Schema
from mlwright.run.types import Context
from mlwright.tools.table import dataset_of
from mlwright.tools.understanding import Understanding


class CheckLeaksParams(BaseModel, extra="forbid"):
    """What to do with a column that leaks: stop the run, or go on without it."""

    on_leak: Literal["stop", "drop"] = "stop"
    seed: int = 0


class CheckLeaks:
    """Both sides of the split to findings, and the schema that may be learned from."""

    traits: ClassVar[Traits] = Traits(
        summary="Run the leak battery; a leak stops the run or drops the column",
        extra="train",
        requires=("sklearn",),
    )
    name: ClassVar[str] = "check_leaks"
    version: ClassVar[str] = "1"
    summary: ClassVar[str] = traits.summary
    heavy: ClassVar[bool] = True
    params: ClassVar[type[BaseModel]] = CheckLeaksParams
    inputs: ClassVar[Mapping[str, str]] = {
        "understanding": "json",
        "reading": "json",
        "dataset": "parquet",
        "split": "json",
    }
    outputs: ClassVar[Mapping[str, str]] = {"findings": "json", "schema": "json"}

    def run(self, params: CheckLeaksParams, inputs: Mapping[str, Any], context: Context) -> Mapping[str, Any]:
        """Check; an error finding that names columns can be mended by dropping them, any other cannot."""
        import numpy as np

        from mlwright.data.leaks import LeakPlan, check_leaks
        from mlwright.data.splits import Split

        understanding = Understanding.model_validate(inputs["understanding"])
        dataset = dataset_of(inputs["dataset"], understanding.table)
        cut = inputs["split"]
        split = Split(np.array(cut["train"]), np.array(cut["test"]), cut["strategy"], cut["why"])
        parts = tuple((name, rows) for name, rows in inputs["reading"]["parts"])
        plan = LeakPlan(task=understanding.task.learned_as, seed=params.seed, parts=parts, threads=context.threads)
        findings = check_leaks(dataset, split, plan)
        leaks = [finding for finding in findings if finding.severity == "error"]
        columns = sorted({name for finding in leaks for name in finding.columns})
        if leaks and (params.on_leak == "stop" or not all(finding.columns for finding in leaks)):
            raise DataError(
                " ".join(finding.message for finding in leaks),
                hint=f"{leaks[0].hint} Or set on_leak: drop in the brief to go on without {', '.join(columns)}."
                if columns
                else leaks[0].hint,
            )
        for name in columns:
            context.emit("decision", {"text": f"'{name}' is dropped: it leaks the target."})
        return {
            "findings": [finding.model_dump(mode="json") for finding in findings],
            "schema": _without(understanding.table, columns).model_dump(mode="json"),
        }


def _without(schema: Schema, names: list[str]) -> Schema:
    return schema.replace(*(schema[name].model_copy(update={"role": Role.IGNORED}) for name in names))
