"""LambdaMART and its smooth cousin XE-NDCG, by LightGBM."""

from typing import Any, ClassVar, Literal

import numpy as np

from mlwright.base.traits import Traits
from mlwright.models.protocol import Facts, FitControl, FitData, Params
from mlwright.models.ranking.queries import QueryRows
from mlwright.models.signature import Task
from mlwright.models.tabular.boosting import Round, boost, check_time
from mlwright.models.tabular.lightgbm import LightGbmEstimator

_OURS = {"rounds", "gain"}
_MOST_GRADES = 31


class LightGbmRank:
    """Boosting whose gradients are swaps of two rows, weighted by what the swap does to NDCG.

    `gain` is what a grade is worth: "linear" the grade itself, as the metric `ndcg` counts, "exponential" 2^grade - 1.

    Source: Burges, "From RankNet to LambdaRank to LambdaMART", 2010; Bruch, "An alternative cross entropy loss for
    learning-to-rank", 2021.
    """

    traits: ClassVar[Traits] = Traits(
        summary="LambdaMART and XE-NDCG: orders by LightGBM", extra="train", requires=("lightgbm",)
    )
    name: ClassVar[str] = "lightgbm_rank"
    preparation: ClassVar[Literal["tree", "linear"]] = "tree"
    estimator: ClassVar[type[LightGbmEstimator]] = LightGbmEstimator
    complexity: ClassVar[int] = 5

    def portfolio(self, facts: Facts) -> list[dict[str, Any]]:
        small = facts.rows < 5_000
        plain = {
            "objective": "lambdarank",
            "gain": "linear",
            "rounds": 150 if small else 300,
            "learning_rate": 0.05 if small else 0.08,
            "num_leaves": 15 if small else 31,
            "min_data_in_leaf": 20,
            "feature_fraction": 0.3 if facts.features > 50 else 0.8,
            "bagging_fraction": 0.8,
            # Few queries are soon learned by heart.
            "lambda_l2": 20.0 if small else 1.0,
            "extra_trees": False,
        }
        return [
            plain,
            {**plain, "objective": "rank_xendcg"},
            {**plain, "gain": "exponential", "num_leaves": 31, "rounds": 100, "learning_rate": 0.1},
            {**plain, "extra_trees": True, "rounds": 2 * plain["rounds"]},
        ]

    def suggest(self, trial: Any, facts: Facts) -> dict[str, Any]:
        objective = trial.suggest_categorical("objective", ["lambdarank", "rank_xendcg"])
        most_leaves = max(8, min(127, facts.rows // 20))
        return {
            "objective": objective,
            "gain": trial.suggest_categorical("gain", ["linear", "exponential"]),
            "rounds": trial.suggest_int("rounds", 50, 800, log=True),
            "learning_rate": trial.suggest_float("learning_rate", 0.01, 0.2, log=True),
            "num_leaves": trial.suggest_int("num_leaves", 4, most_leaves, log=True),
            "min_data_in_leaf": trial.suggest_int("min_data_in_leaf", 5, max(10, min(200, facts.rows // 20)), log=True),
            "feature_fraction": trial.suggest_float("feature_fraction", 0.2, 1.0),
            "bagging_fraction": trial.suggest_float("bagging_fraction", 0.5, 1.0),
            "lambda_l2": trial.suggest_float("lambda_l2", 1e-2, 30.0, log=True),
            "extra_trees": trial.suggest_categorical("extra_trees", [False, True]),
        }

    def fit(
        self, train: FitData, valid: FitData | None, task: Task, params: Params, control: FitControl
    ) -> LightGbmEstimator:
        """Fit on `train`; rows to stop by are not used."""
        import lightgbm

        del valid, task
        check_time(control)
        rows = QueryRows.of(train)
        settings = _settings(params, control)
        data = lightgbm.Dataset(
            rows.X, label=rows.y, weight=rows.weight, group=rows.sizes, params=settings, free_raw_data=True
        )
        booster = lightgbm.Booster(settings, data)
        rounds = int(params["rounds"])
        kept = boost(lambda _index: Round(None, bool(booster.update())), rounds, rounds, control)
        fitted = lightgbm.Booster(model_str=booster.model_to_string(num_iteration=kept))
        raw = np.asarray(fitted.predict(rows.X, raw_score=True, num_threads=control.threads))
        return LightGbmEstimator(rows.file("lightgbm", kept, raw), fitted, control.threads)


def _settings(params: Params, control: FitControl) -> dict[str, Any]:
    own = {name: value for name, value in params.items() if name not in _OURS}
    own["bagging_freq"] = 1 if own.get("bagging_fraction", 1.0) < 1.0 else 0
    if params.get("gain") == "linear":
        own["label_gain"] = list(range(_MOST_GRADES))
    return {
        **own,
        "metric": "none",
        "seed": control.seed,
        "objective_seed": control.seed,
        "num_threads": control.threads,
        "deterministic": True,
        "force_row_wise": True,
        "feature_pre_filter": False,
        "verbosity": -1,
    }
