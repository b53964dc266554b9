"""Search for clusters in the training part: ways of clustering, numbers of clusters, stability, references."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import BaseModel

from mlwright.base.traits import Traits
from mlwright.run.types import Context
from mlwright.tools.table import dataset_of
from mlwright.tools.understanding import Understanding

if TYPE_CHECKING:
    from mlwright.data.columns import Array, Columns
    from mlwright.data.schema import Column
    from mlwright.features.preparation import Preparation
    from mlwright.models.cluster.choice import ClusterChoice, ClusterTrial


_SEARCH_SHARE = 0.5  # of the time until the step is stopped


class FindClustersParams(BaseModel, extra="forbid"):
    """Ways of clustering, simple first, and how many clusters are wanted (None: the rows decide)."""

    families: tuple[str, ...]
    clusters: int | None = None
    seed: int = 0


class FindClusters:
    """Training rows to candidates and the one chosen."""

    traits: ClassVar[Traits] = Traits(
        summary="Search for clusters that are stable and further apart than chance",
        extra="train",
        requires=("sklearn",),
    )
    name: ClassVar[str] = "find_clusters"
    version: ClassVar[str] = "1"
    summary: ClassVar[str] = traits.summary
    heavy: ClassVar[bool] = True
    params: ClassVar[type[BaseModel]] = FindClustersParams
    inputs: ClassVar[Mapping[str, str]] = {"understanding": "json", "schema": "json", "training": "parquet"}
    outputs: ClassVar[Mapping[str, str]] = {"search": "json"}

    def run(self, params: FindClustersParams, inputs: Mapping[str, Any], context: Context) -> Mapping[str, Any]:
        """Measure every candidate and choose."""
        from mlwright.models.cluster.choice import ClusterPlan, choose_clusters

        began = time.monotonic()
        rows = prepared_rows(inputs, params.seed)
        plan = ClusterPlan(
            families=params.families,
            clusters=params.clusters,
            seed=params.seed,
            threads=context.threads,
            deadline=_search_until(context.deadline),
        )

        def tell(trial: "ClusterTrial") -> None:
            context.emit("trial", trial_facts(trial, inputs["understanding"]["metric"]))

        choice = choose_clusters(rows.X, plan, tell)
        context.emit("decision", {"text": choice.reason})
        return {"search": _search(choice, inputs["understanding"]["metric"], time.monotonic() - began)}


def _search_until(deadline: float | None) -> float | None:
    """Return when the last candidate is begun: the step is stopped at its deadline, and one may take long."""
    return None if deadline is None else time.monotonic() + _SEARCH_SHARE * (deadline - time.monotonic())


@dataclass(frozen=True, slots=True)
class PreparedRows:
    """Rows in normal form and as models see them."""

    columns: "Columns"
    inputs: "tuple[Column, ...]"
    preparation: "Preparation"
    X: "Array"


def prepared_rows(inputs: Mapping[str, Any], seed: int) -> PreparedRows:
    """Fit the preparation to the training rows, of which no answer is known."""
    import numpy as np

    from mlwright.features.preparation import PreparationPlan, fit_preparation

    understanding = Understanding.model_validate(inputs["understanding"])
    dataset = dataset_of(inputs["training"], inputs["schema"])
    columns = dataset.columns([column.name for column in dataset.schema.inputs])
    plan = PreparationPlan(dataset.schema.inputs, "linear", understanding.task, seed)
    preparation, X = fit_preparation(columns, np.zeros(dataset.rows), plan)
    return PreparedRows(columns, dataset.schema.inputs, preparation, X)


def trial_facts(trial: "ClusterTrial", metric: str) -> dict[str, Any]:
    """Return a candidate as journal and report show it."""
    score = trial_score(trial, metric)
    return {
        "number": trial.number,
        "family": trial.family,
        "params": dict(trial.params),
        "origin": "portfolio",
        "status": trial.status,
        "score": score[0] if score else None,
        "low": score[1] if score else None,
        "high": score[2] if score else None,
        "seconds": trial.seconds,
        "why": "",
        "reason": trial.reason,
        "clusters": trial.clusters,
        "complexity": trial.complexity,
        "silhouette": None if trial.silhouette is None else trial.silhouette[0],
        "stability": None if trial.stability is None else trial.agreement,
        "jaccard": [] if trial.stability is None else trial.stability.jaccard.tolist(),
        "reference": None if trial.reference is None else trial.reference.mean,
        "reference_deviation": None if trial.reference is None else trial.reference.deviation,
        "structure": trial.is_structure,
    }


def trial_score(trial: "ClusterTrial", metric: str) -> tuple[float, float, float] | None:
    """Return a candidate's headline metric with its interval, None where it was not measured."""
    from mlwright.evaluation.separation import mean_interval

    if metric == "stability":
        return None if trial.stability is None else mean_interval(trial.stability.agreement, seed=0)
    return trial.silhouette


def _search(choice: "ClusterChoice", metric: str, seconds: float) -> dict[str, Any]:
    trials = [trial_facts(trial, metric) for trial in choice.trials]
    return {
        "metric": metric if metric == "stability" else "silhouette",
        "direction": "maximise",
        "trials": trials,
        "folds": 2,  # halves
        "best": choice.best.number,
        "chosen": choice.chosen.number,
        "structure": choice.structure,
        "reason": choice.reason,
        "noise": choice.noise,
        "seconds": seconds,
        "stopped": "every candidate was tried." if choice.whole else "no trial fits into the time that is left.",
    }
