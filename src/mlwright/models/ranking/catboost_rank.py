"""YetiRank by CatBoost."""

from typing import Any, ClassVar, Literal

import numpy as np

from mlwright.base.errors import Infeasible
from mlwright.base.traits import Traits
from mlwright.models.protocol import Facts, FitControl, FitData, Params
from mlwright.models.ranking.queries import QueryRows
from mlwright.models.signature import Task
from mlwright.models.tabular.boosting import check_time
from mlwright.models.tabular.catboost import CatBoostEstimator, Deadline, forget_the_moment

_OURS = {"rounds"}


class CatBoostRank:
    """Symmetric trees on pairs drawn from randomly perturbed orders.

    Source: Gulin, Kuralenok and Pavlov, "Winning the transfer learning track of Yahoo!'s learning to rank challenge
    with YetiRank", 2011.
    """

    traits: ClassVar[Traits] = Traits(summary="YetiRank: orders by CatBoost", extra="train", requires=("catboost",))
    name: ClassVar[str] = "catboost_rank"
    preparation: ClassVar[Literal["tree", "linear"]] = "tree"
    estimator: ClassVar[type[CatBoostEstimator]] = CatBoostEstimator
    complexity: ClassVar[int] = 7

    def portfolio(self, facts: Facts) -> list[dict[str, Any]]:
        small = facts.rows < 5_000
        plain = {
            "loss_function": "YetiRank",
            "rounds": 200 if small else 400,
            "learning_rate": 0.05 if small else 0.08,
            "depth": 5 if small else 6,
            "l2_leaf_reg": 5.0,
            "rsm": 0.3 if facts.features > 50 else 0.8,
        }
        return [plain, {**plain, "loss_function": "YetiRankPairwise", "rounds": 100}] if small else [plain]

    def suggest(self, trial: Any, facts: Facts) -> dict[str, Any]:
        return {
            "loss_function": "YetiRank",
            "rounds": trial.suggest_int("rounds", 50, 600, log=True),
            "learning_rate": trial.suggest_float("learning_rate", 0.02, 0.2, log=True),
            "depth": trial.suggest_int("depth", 3, 6 if facts.rows < 5_000 else 8),
            "l2_leaf_reg": trial.suggest_float("l2_leaf_reg", 0.5, 30.0, log=True),
            "rsm": trial.suggest_float("rsm", 0.2, 1.0),
        }

    def fit(
        self, train: FitData, valid: FitData | None, task: Task, params: Params, control: FitControl
    ) -> CatBoostEstimator:
        """Fit on `train`; rows to stop by are not used."""
        import catboost

        del valid, task
        check_time(control)
        rows = QueryRows.of(train)
        group_weight = rows.query_weight
        pool = catboost.Pool(
            rows.X,
            label=rows.y,
            group_id=rows.queries,
            group_weight=None if group_weight is None else group_weight[rows.queries],
        )
        model: Any = catboost.CatBoost(_settings(params, control))
        try:
            model.fit(pool, callbacks=[Deadline(control)])
        except catboost.CatBoostError as exc:
            raise Infeasible(
                f"CatBoost cannot rank {rows.X.shape} rows and columns: {str(exc).strip()}",
                hint="drop constant columns, or use another family such as 'lightgbm_rank'.",
            ) from exc
        forget_the_moment(model)
        raw = np.asarray(model.predict(rows.X, prediction_type="RawFormulaVal", thread_count=control.threads))
        return CatBoostEstimator(rows.file("catboost", int(model.tree_count_), raw), model, control.threads)


def _settings(params: Params, control: FitControl) -> dict[str, Any]:
    own = {name: value for name, value in params.items() if name not in _OURS}
    return {
        **own,
        "iterations": int(params["rounds"]),
        "random_seed": control.seed,
        "thread_count": control.threads,
        "allow_writing_files": False,
        "logging_level": "Silent",
    }
