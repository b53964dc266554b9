"""Choose a recommender, or a mix of some, and fit it to the whole training part."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import BaseModel

from mlwright.base.traits import Traits
from mlwright.data.task import Task
from mlwright.models.recommend.front import FrontFile, RecommendFront
from mlwright.run.types import Context
from mlwright.tools.interactions import Catalogue, catalogue_of
from mlwright.tools.table import dataset_of
from mlwright.tools.train_recommender import judged_of
from mlwright.tools.understanding import Understanding

if TYPE_CHECKING:
    from mlwright.tuning.recommend import Judged, Offer, RecommenderTrial


class SelectRecommenderParams(BaseModel, extra="forbid"):
    """Of the fits."""

    seed: int = 0


class SelectRecommender:
    """Trials to one recommender, its front, and the reasons for it."""

    traits: ClassVar[Traits] = Traits(
        summary="Mix and choose; the simplest recommender within the noise, fitted to all rows",
        extra="train",
        requires=("scipy",),
    )
    name: ClassVar[str] = "select_recommender"
    version: ClassVar[str] = "1"
    summary: ClassVar[str] = traits.summary
    heavy: ClassVar[bool] = True
    final: ClassVar[bool] = True
    params: ClassVar[type[BaseModel]] = SelectRecommenderParams
    inputs: ClassVar[Mapping[str, str]] = {
        "understanding": "json",
        "schema": "json",
        "training": "parquet",
        "split": "json",
        "trials": "directory",
    }
    outputs: ClassVar[Mapping[str, str]] = {
        "selection": "json",
        "model": "directory",
        "signature": "json",
        "front": "json",
    }

    def run(self, params: SelectRecommenderParams, inputs: Mapping[str, Any], context: Context) -> Mapping[str, Any]:
        """Choose and fit; every comparison is kept with its reason."""
        import numpy as np

        from mlwright.models.protocol import FitControl
        from mlwright.tuning.recommend import chosen_offer, fit_offer, items_of, load_trials, offers

        understanding = Understanding.model_validate(inputs["understanding"])
        found = catalogue_of(dataset_of(inputs["training"], inputs["schema"]))
        judged = judged_of(found, understanding.metric, inputs["split"]["how"], params.seed)
        trials = load_trials(inputs["trials"])
        possible = offers(judged, trials)
        chosen, best, decisions = chosen_offer(possible)
        for decision in decisions:
            context.emit("decision", {"text": decision["reason"]})
        control = FitControl(params.seed, context.threads, None)
        recommender = fit_offer(chosen, trials, found.rows, (found.users, found.items), control)
        file = _front_file(found, ratings=judged.ratings, k=judged.k)
        front = RecommendFront(file, recommender, items_of(found.rows, np.arange(len(found.users))))
        folder = context.workspace / "model"
        version = _save(front, folder)
        signature = _signature(understanding, found, version)
        content = {"format": 1, "signature": signature}
        (folder / "model.json").write_text(json.dumps(content, sort_keys=True) + "\n", encoding="utf-8")
        selection = _selection(trials, possible, (chosen, best), judged)
        return {
            "selection": {**selection, "decisions": decisions, "version": version},
            "model": folder,
            "signature": signature,
            "front": file.model_dump(mode="json"),
        }


def _front_file(found: Catalogue, *, ratings: bool, k: int) -> FrontFile:
    columns, values = found.columns, found.rows.values
    return FrontFile(
        user=columns.user,
        item=columns.item,
        rating=columns.rating,
        predicts="ratings" if ratings else "preferences",
        k=k,
        liked_from=found.liked_from,
        liked_value=float(values[found.rows.liked].mean()) if found.rows.liked.any() else 1.0,
    )


def _save(front: RecommendFront, folder: Path) -> str:
    folder.mkdir()
    content = front.array_bytes()
    (folder / "recommender.npz").write_bytes(content)
    return hashlib.sha256(content).hexdigest()[:12]


def _signature(understanding: Understanding, found: Catalogue, version: str) -> dict[str, Any]:
    from mlwright.models.signature import Signature

    table = understanding.table
    signature = Signature(
        name="".join(letter if letter.isalnum() else "-" for letter in f"{found.columns.item}-recommender".lower()),
        version=version,
        task=Task.RECOMMENDATION,
        target=understanding.target,
        inputs=(table[found.columns.user], table[found.columns.item]),
    )
    return signature.model_dump(mode="json")


def _selection(
    trials: "Sequence[RecommenderTrial]", possible: "Sequence[Offer]", ends: "tuple[Offer, Offer]", judged: "Judged"
) -> dict[str, Any]:
    chosen, best = ends
    by_number = {trial.number: trial for trial in trials}
    members = [
        {
            "family": by_number[number].family,
            "params": dict(by_number[number].params),
            "weight": weight,
            "estimators": 1,
            "rounds": [],
            "features": 2,
        }
        for number, weight in zip(chosen.numbers, chosen.weights, strict=True)
    ]
    return {
        "chosen": chosen.name,
        "best": best.name,
        "candidates": [_candidate(one, judged) for one in sorted(possible, key=lambda one: one.loss)],
        "front": [],
        "noise": {"floor": 0.0, "seed_losses": [chosen.loss], "fold_losses": [chosen.loss], "reason": ""},
        "members": members,
        "preparation": [f"later rows of {len(judged.users):,} users of the training part decided between candidates"],
        "judged_on": "later rows of the training part",
        "search_score": _score(best, judged),
        "selection_score": _score(chosen, judged),
        "columns": [],
    }


def _candidate(one: "Offer", judged: "Judged") -> dict[str, Any]:
    return {
        "name": one.name,
        "kind": "trial" if len(one.numbers) == 1 else "ensemble",
        "numbers": list(one.numbers),
        "weights": list(one.weights),
        "complexity": one.complexity,
        "score": _score(one, judged),
        "latency_ms": None,
        "size_bytes": None,
    }


def _score(one: "Offer", judged: "Judged") -> dict[str, Any]:
    """Return the metric with its interval over users; of an RMSE the interval is that of its square, rooted."""
    import numpy as np

    from mlwright.evaluation.queries import query_interval

    interval = query_interval(one.losses)
    ends = sorted(abs(end) for end in (interval.low, interval.high))
    if judged.measure == "rmse":
        ends = [float(np.sqrt(end)) for end in ends]
    return {"value": abs(one.loss), "low": ends[0], "high": ends[1], "rows": judged.later.rows}
