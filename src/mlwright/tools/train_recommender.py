"""Search for a recommender: fitted on the earlier rows of the training part, judged on each user's later ones."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import BaseModel

from mlwright.base.traits import Traits
from mlwright.run.types import Context
from mlwright.tools.interactions import Catalogue, catalogue_of
from mlwright.tools.table import dataset_of
from mlwright.tools.understanding import Understanding

if TYPE_CHECKING:
    from mlwright.tuning.recommend import Judged, RecommenderTrial


class TrainRecommenderParams(BaseModel, extra="forbid"):
    """What may be tried: families that order items, families that foresee ratings, and how many trials."""

    preferences: tuple[str, ...]
    ratings: tuple[str, ...]
    trials: int | None = None
    seed: int = 0


class TrainRecommender:
    """Training part to judged trials."""

    traits: ClassVar[Traits] = Traits(
        summary="Compare recommenders on later rows of the training part", extra="train", requires=("scipy",)
    )
    name: ClassVar[str] = "train_recommender"
    version: ClassVar[str] = "1"
    summary: ClassVar[str] = traits.summary
    heavy: ClassVar[bool] = True
    params: ClassVar[type[BaseModel]] = TrainRecommenderParams
    inputs: ClassVar[Mapping[str, str]] = {
        "understanding": "json",
        "schema": "json",
        "training": "parquet",
        "split": "json",
    }
    outputs: ClassVar[Mapping[str, str]] = {"search": "json", "trials": "directory"}

    def run(self, params: TrainRecommenderParams, inputs: Mapping[str, Any], context: Context) -> Mapping[str, Any]:
        """Fit and judge until the trials or the time are spent."""
        from mlwright.tuning.recommend import SearchLimits, save_trials, search_recommenders

        understanding = Understanding.model_validate(inputs["understanding"])
        found = catalogue_of(dataset_of(inputs["training"], inputs["schema"]))
        judged = judged_of(found, understanding.metric, inputs["split"]["how"], params.seed)
        families = params.ratings if judged.ratings else params.preferences
        limits = SearchLimits(families, params.trials, context.deadline, params.seed, context.threads)
        trials = search_recommenders(judged, limits)
        for trial in trials:
            context.emit("trial", _trial(trial, understanding.metric))
        folder = context.workspace / "trials"
        folder.mkdir()
        save_trials(trials, folder)
        return {"search": _search(trials, understanding.metric, judged), "trials": folder}


def judged_of(found: Catalogue, metric: str, how: Any, seed: int) -> "Judged":
    """Return the rows that candidates are judged by; the same for every tool."""
    from mlwright.tuning.recommend import judged_rows

    measure, _, k = metric.partition("@")
    return judged_rows(found.rows, (measure, int(k or 10)), how, seed)


def _sign(metric: str) -> int:
    return 1 if metric in ("rmse", "mae") else -1


def _trial(trial: "RecommenderTrial", metric: str) -> dict[str, Any]:
    score = None if trial.loss is None else _sign(metric) * trial.loss
    return {
        "number": trial.number,
        "family": trial.family,
        "status": "failed" if trial.loss is None else "complete",
        "metric": metric,
        "score": score,
        "best": score,
        "best_family": trial.family,
        "seconds": trial.seconds,
        "why": "portfolio",
        "reason": trial.reason,
    }


def _search(trials: "Sequence[RecommenderTrial]", metric: str, judged: "Judged") -> dict[str, Any]:
    kept = ("number", "family", "status", "score", "seconds", "why", "reason")
    known = [trial for trial in trials if trial.loss is not None]
    return {
        "metric": metric,
        "direction": "minimise" if judged.ratings else "maximise",
        "trials": [
            {**{key: _trial(one, metric)[key] for key in kept}, "params": dict(one.params), "origin": "portfolio"}
            for one in trials
        ],
        "folds": 1,
        "best": min(known, key=lambda one: (one.loss, one.number)).number,
        "seconds": sum(one.seconds for one in trials),
        "stopped": f"{len(trials)} trials are done",
    }
