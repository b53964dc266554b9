"""Put known strange rows among the held-out ones, where nobody has labels."""

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import BaseModel

from mlwright.base.traits import Traits
from mlwright.run.types import Context
from mlwright.tools.table import dataset_of
from mlwright.tools.understanding import Understanding

_SHARE = 0.1
_LEAST, _MOST = 30, 300


class InjectAnomaliesParams(BaseModel, extra="forbid"):
    """Where the rows and shifts come from."""

    seed: int = 0


class InjectAnomalies:
    """Held-out rows to the same rows followed by strange ones; with labels nothing is added."""

    traits: ClassVar[Traits] = Traits(summary="Put known strange rows among the held-out ones", extra="train")
    name: ClassVar[str] = "inject_anomalies"
    version: ClassVar[str] = "1"
    summary: ClassVar[str] = traits.summary
    heavy: ClassVar[bool] = False
    params: ClassVar[type[BaseModel]] = InjectAnomaliesParams
    inputs: ClassVar[Mapping[str, str]] = {"understanding": "json", "schema": "json", "test": "parquet"}
    outputs: ClassVar[Mapping[str, str]] = {"test": "parquet", "injected": "json"}

    def run(self, params: InjectAnomaliesParams, inputs: Mapping[str, Any], context: Context) -> Mapping[str, Any]:
        """Append rows made from held-out ones."""
        import numpy as np
        import polars as pl

        from mlwright.data.inject import inject

        understanding = Understanding.model_validate(inputs["understanding"])
        test = dataset_of(inputs["test"], inputs["schema"])
        if understanding.labelled:
            return {"test": test.frame, "injected": {"rows": test.rows, "kinds": []}}
        count = int(np.clip(_SHARE * test.rows, _LEAST, _MOST))
        made = inject(test, count, params.seed + 1)  # other rows than those that detectors were chosen by
        return {
            "test": pl.concat([test.frame, made.frame], how="vertical_relaxed"),
            "injected": {"rows": test.rows, "kinds": list(made.kinds)},
        }
