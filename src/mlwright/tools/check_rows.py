"""Without a target only rows can leak: look for rows of the test among those learned from."""

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import BaseModel

from mlwright.base.errors import DataError
from mlwright.base.traits import Traits
from mlwright.run.types import Context
from mlwright.tools.check_leaks import CheckLeaksParams
from mlwright.tools.table import dataset_of
from mlwright.tools.understanding import Understanding


class CheckRows:
    """Both sides of the split to findings, and the schema that may be learned from."""

    traits: ClassVar[Traits] = Traits(summary="Look for test rows that were seen in training", extra="train")
    name: ClassVar[str] = "check_rows"
    version: ClassVar[str] = "1"
    summary: ClassVar[str] = traits.summary
    heavy: ClassVar[bool] = False
    params: ClassVar[type[BaseModel]] = CheckLeaksParams
    inputs: ClassVar[Mapping[str, str]] = {
        "understanding": "json",
        "reading": "json",
        "dataset": "parquet",
        "split": "json",
    }
    outputs: ClassVar[Mapping[str, str]] = {"findings": "json", "schema": "json"}

    def run(self, params: CheckLeaksParams, inputs: Mapping[str, Any], context: Context) -> Mapping[str, Any]:
        """Check; a test that is not new to the model cannot be mended by dropping a column."""
        import numpy as np

        from mlwright.data.leaks import LeakPlan
        from mlwright.data.row_checks import check_rows
        from mlwright.data.splits import Split

        understanding = Understanding.model_validate(inputs["understanding"])
        dataset = dataset_of(inputs["dataset"], understanding.table)
        cut = inputs["split"]
        split = Split(np.array(cut["train"]), np.array(cut["test"]), cut["strategy"], cut["why"])
        parts = tuple((name, rows) for name, rows in inputs["reading"]["parts"])
        plan = LeakPlan(task=understanding.task, seed=params.seed, parts=parts, threads=context.threads)
        findings = check_rows(dataset, split, plan)
        leaks = [finding for finding in findings if finding.severity == "error"]
        if leaks:
            raise DataError(" ".join(finding.message for finding in leaks), hint=leaks[0].hint)
        return {
            "findings": [finding.model_dump(mode="json") for finding in findings],
            "schema": understanding.table.model_dump(mode="json"),
        }
