"""Try detectors on the training part, out of fold."""

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import BaseModel

from mlwright.base.traits import Traits
from mlwright.data.schema import Role
from mlwright.run.types import Context
from mlwright.tools.find_clusters import PreparedRows, prepared_rows
from mlwright.tools.table import dataset_of, encoded_target
from mlwright.tools.understanding import Understanding

if TYPE_CHECKING:
    from mlwright.models.anomaly.choice import AnomalyChoice, AnomalyRows, AnomalyTrial

_SEARCH_SHARE = 0.5
_INJECTED_SHARE = 0.1
_LEAST_INJECTED, _MOST_INJECTED = 30, 300


class FindAnomaliesParams(BaseModel, extra="forbid"):
    """Detectors to try, simple first."""

    families: tuple[str, ...]
    seed: int = 0


class FindAnomalies:
    """Training rows to detectors, their out-of-fold scores, and the choice."""

    traits: ClassVar[Traits] = Traits(
        summary="Try detectors and their average, judged by labels or by injected rows",
        extra="train",
        requires=("sklearn",),
    )
    name: ClassVar[str] = "find_anomalies"
    version: ClassVar[str] = "1"
    summary: ClassVar[str] = traits.summary
    heavy: ClassVar[bool] = True
    params: ClassVar[type[BaseModel]] = FindAnomaliesParams
    inputs: ClassVar[Mapping[str, str]] = {"understanding": "json", "schema": "json", "training": "parquet"}
    outputs: ClassVar[Mapping[str, str]] = {"search": "json", "scores": "npz"}

    def run(self, params: FindAnomaliesParams, inputs: Mapping[str, Any], context: Context) -> Mapping[str, Any]:
        """Judge every detector and choose."""
        from mlwright.models.anomaly.choice import AnomalyPlan, choose_detectors

        began = time.monotonic()
        prepared = prepared_rows(inputs, params.seed)
        rows = anomaly_rows(inputs, prepared, params.seed)
        deadline = context.deadline
        if deadline is not None:
            deadline = time.monotonic() + _SEARCH_SHARE * (deadline - time.monotonic())
        plan = AnomalyPlan(families=params.families, seed=params.seed, threads=context.threads, deadline=deadline)
        choice = choose_detectors(rows, plan, lambda trial: context.emit("trial", _trial(trial)))
        context.emit("decision", {"text": choice.reason})
        return {
            "search": _search(choice, inputs["understanding"]["metric"], time.monotonic() - began),
            "scores": {f"raw_{one.members[0]}": one.raw for one in choice.trials if len(one.raw)},
        }


def anomaly_rows(inputs: Mapping[str, Any], prepared: PreparedRows, seed: int) -> "AnomalyRows":
    """Return the training rows with what is known of them, and rows made strange."""
    import numpy as np

    from mlwright.data.dataset import Dataset
    from mlwright.data.inject import inject
    from mlwright.models.anomaly.choice import AnomalyRows

    understanding = Understanding.model_validate(inputs["understanding"])
    dataset = dataset_of(inputs["training"], inputs["schema"])
    strange = encoded_target(dataset.frame, understanding) == 1 if understanding.labelled else None
    count = int(np.clip(_INJECTED_SHARE * dataset.rows, _LEAST_INJECTED, _MOST_INJECTED))
    made = inject(dataset, count, seed)
    columns = Dataset(made.frame, dataset.schema).columns([column.name for column in prepared.inputs])
    return AnomalyRows(
        X=prepared.X,
        strange=strange,
        injected=prepared.preparation.transform(columns),
        source=made.source,
        order=bool(dataset.schema.with_role(Role.TIME)),
    )


def _trial(trial: "AnomalyTrial") -> dict[str, Any]:
    score = trial.score
    return {
        "number": trial.number,
        "family": trial.members[0] if len(trial.members) == 1 else "average",
        "members": list(trial.members),
        "name": trial.name,
        "params": {},
        "origin": "portfolio",
        "status": "failed" if score is None else "complete",
        "score": None if score is None else score.value,
        "low": None if score is None else score.low,
        "high": None if score is None else score.high,
        "seconds": trial.seconds,
        "why": "",
        "reason": trial.reason,
        "complexity": trial.complexity,
    }


def _search(choice: "AnomalyChoice", metric: str, seconds: float) -> dict[str, Any]:
    return {
        "metric": metric,
        "direction": "maximise",
        "trials": [_trial(one) for one in choice.trials],
        "folds": 3,
        "best": choice.best.number,
        "chosen": choice.chosen.number,
        "reason": choice.reason,
        "noise": choice.noise,
        "rows": len(choice.chosen.real),
        "seconds": seconds,
        "stopped": "every detector was tried.",
    }
