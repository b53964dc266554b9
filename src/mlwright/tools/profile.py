"""Look at every column: types, missing values, outliers, constants, correlations, balance."""

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import BaseModel

from mlwright.base.traits import Traits
from mlwright.data.task import Task
from mlwright.run.types import Context
from mlwright.tools.table import dataset_of
from mlwright.tools.understanding import Understanding


class ProfileParams(BaseModel, extra="forbid"):
    """Nothing to choose."""


class ProfileTable:
    """Dataset to profile and quality findings."""

    traits: ClassVar[Traits] = Traits(summary="Profile every column and check the data's quality", extra="train")
    name: ClassVar[str] = "profile"
    version: ClassVar[str] = "1"
    summary: ClassVar[str] = traits.summary
    heavy: ClassVar[bool] = False
    params: ClassVar[type[BaseModel]] = ProfileParams
    inputs: ClassVar[Mapping[str, str]] = {"dataset": "parquet", "understanding": "json"}
    outputs: ClassVar[Mapping[str, str]] = {"profile": "json", "findings": "json"}

    def run(self, params: ProfileParams, inputs: Mapping[str, Any], context: Context) -> Mapping[str, Any]:
        """Profile the whole table; no model is fitted here."""
        from mlwright.data.graded import graded_findings
        from mlwright.data.profile import profile
        from mlwright.data.quality import check_quality
        from mlwright.data.rare_classes import rare_class_findings
        from mlwright.data.target import encode_target

        understanding = Understanding.model_validate(inputs["understanding"])
        dataset = dataset_of(inputs["dataset"], understanding.table)
        found = profile(dataset)
        findings = list(check_quality(dataset, known=found))
        if understanding.task.is_classification and dataset.schema.target is not None:
            findings += rare_class_findings(encode_target(dataset, understanding.task), understanding.target)
        if understanding.task is Task.RANKING:
            findings += graded_findings(dataset)
        return {
            "profile": found.model_dump(mode="json"),
            "findings": [finding.model_dump(mode="json") for finding in findings],
        }
