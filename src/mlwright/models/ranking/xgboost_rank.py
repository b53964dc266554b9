"""LambdaMART by XGBoost."""

from typing import Any, ClassVar, Literal

import numpy as np

from mlwright.base.traits import Traits
from mlwright.models.protocol import Facts, FitControl, FitData, Params
from mlwright.models.ranking.queries import QueryRows
from mlwright.models.signature import Task
from mlwright.models.tabular.boosting import Round, boost, check_time
from mlwright.models.tabular.xgboost import XgBoostEstimator

_OURS = {"rounds", "gain"}


class XgBoostRank:
    """Boosting of pairs, weighted by what their swap does to NDCG.

    Source: Burges, "From RankNet to LambdaRank to LambdaMART", 2010.
    """

    traits: ClassVar[Traits] = Traits(summary="LambdaMART by XGBoost", extra="train", requires=("xgboost",))
    name: ClassVar[str] = "xgboost_rank"
    preparation: ClassVar[Literal["tree", "linear"]] = "tree"
    estimator: ClassVar[type[XgBoostEstimator]] = XgBoostEstimator
    complexity: ClassVar[int] = 6

    def portfolio(self, facts: Facts) -> list[dict[str, Any]]:
        small = facts.rows < 5_000
        plain = {
            "gain": "linear",
            "lambdarank_pair_method": "topk",
            "lambdarank_num_pair_per_sample": 10,
            "rounds": 150 if small else 300,
            "learning_rate": 0.05 if small else 0.08,
            "max_depth": 4 if small else 6,
            "min_child_weight": 1.0,
            "subsample": 0.8,
            "colsample_bytree": 0.5 if facts.features > 50 else 0.8,
            "lambda": 3.0,
        }
        return [plain, {**plain, "lambdarank_pair_method": "mean", "lambdarank_num_pair_per_sample": 4}]

    def suggest(self, trial: Any, facts: Facts) -> dict[str, Any]:
        return {
            "gain": trial.suggest_categorical("gain", ["linear", "exponential"]),
            "lambdarank_pair_method": trial.suggest_categorical("lambdarank_pair_method", ["topk", "mean"]),
            "lambdarank_num_pair_per_sample": trial.suggest_int("lambdarank_num_pair_per_sample", 1, 20, log=True),
            "rounds": trial.suggest_int("rounds", 50, 800, log=True),
            "learning_rate": trial.suggest_float("learning_rate", 0.01, 0.2, log=True),
            "max_depth": trial.suggest_int("max_depth", 2, 6 if facts.rows < 5_000 else 9),
            "min_child_weight": trial.suggest_float("min_child_weight", 0.1, 30.0, log=True),
            "subsample": trial.suggest_float("subsample", 0.5, 1.0),
            "colsample_bytree": trial.suggest_float("colsample_bytree", 0.2, 1.0),
            "lambda": trial.suggest_float("lambda", 0.1, 30.0, log=True),
        }

    def fit(
        self, train: FitData, valid: FitData | None, task: Task, params: Params, control: FitControl
    ) -> XgBoostEstimator:
        """Fit on `train`; rows to stop by are not used."""
        import xgboost

        del valid, task
        check_time(control)
        rows = QueryRows.of(train)
        data = xgboost.QuantileDMatrix(
            rows.X, label=rows.y, weight=rows.query_weight, group=rows.sizes, nthread=control.threads
        )
        booster = xgboost.Booster(_settings(params, control), [data])

        def step(index: int) -> Round:
            booster.update(data, index)
            return Round(None)

        rounds = int(params["rounds"])
        kept = boost(step, rounds, rounds, control)
        raw = np.asarray(booster.inplace_predict(rows.X, predict_type="margin", validate_features=False))
        return XgBoostEstimator(rows.file("xgboost", kept, raw), booster)


def _settings(params: Params, control: FitControl) -> dict[str, Any]:
    own = {name: value for name, value in params.items() if name not in _OURS}
    return {
        **own,
        "objective": "rank:ndcg",
        "ndcg_exp_gain": params.get("gain") == "exponential",
        "tree_method": "hist",
        # Scores have no zero point, so nothing is to be estimated for it.
        "base_score": 0.0,
        "seed": control.seed,
        "nthread": control.threads,
        "verbosity": 0,
    }
