"""XGBoost: histogram boosting with second-order steps, by its native Booster."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

import numpy as np

from mlwright.base.traits import Traits
from mlwright.data.columns import Array
from mlwright.models.protocol import Facts, FitControl, FitData, Params
from mlwright.models.signature import Task
from mlwright.models.tabular.boosting import Round, boost, check_time
from mlwright.models.tabular.estimator_file import EstimatorFile
from mlwright.models.tabular.links import probabilities
from mlwright.models.tabular.objectives import SHAPE_PARAMS, xgboost_goal
from mlwright.models.tabular.problem import Problem

_SMALL_ROWS = 2_000
# Our name of a parameter is XGBoost's, but for these, which steer our own loop.
_OURS = {"rounds", "patience", *SHAPE_PARAMS}
_FILE = "xgboost.ubj"


@dataclass(frozen=True, slots=True)
class XgBoostEstimator:
    """An `xgboost.Booster` of exactly `rounds` rounds; for regression it predicts (y - offset) / scale.

    `grown` has all rounds that were grown, and is not stored.
    """

    file: EstimatorFile
    booster: Any
    grown: Any = None

    @property
    def rounds(self) -> int:
        return self.file.rounds

    def predict(self, X: Array) -> Array:
        self.file.check_width(X)
        if not len(X):
            return self.file.empty()
        raw = np.asarray(self.booster.inplace_predict(X, predict_type="margin", validate_features=False))
        return self.file.answer(raw if self.file.labels is None else probabilities(raw))

    def at(self, rounds: int) -> "XgBoostEstimator":
        return self if self.grown is None else _cut(self.file, self.grown, rounds)

    def save(self, directory: Path) -> None:
        self.file.write(directory)
        self.booster.save_model(directory / _FILE)

    @classmethod
    def load(cls, directory: Path) -> Self:
        import xgboost

        file = EstimatorFile.read(directory)
        return cls(file, xgboost.Booster({"nthread": 1}, model_file=bytearray((directory / _FILE).read_bytes())))


class XgBoost:
    """Gradient boosting with a strongly regularised objective.

    Source: Chen and Guestrin, "XGBoost: A Scalable Tree Boosting System", KDD 2016.
    """

    traits: ClassVar[Traits] = Traits(
        summary="gradient boosting with second-order steps", extra="train", requires=("xgboost",)
    )
    name: ClassVar[str] = "xgboost"
    preparation: ClassVar[Literal["tree", "linear"]] = "tree"
    estimator: ClassVar[type[XgBoostEstimator]] = XgBoostEstimator
    complexity: ClassVar[int] = 6

    def portfolio(self, facts: Facts) -> list[dict[str, Any]]:
        sets = _small_portfolio() if facts.rows < _SMALL_ROWS else _large_portfolio()
        if facts.task.is_classification and facts.minority_share < 0.1:
            sets = [*sets, {**sets[0], "class_weight": "balanced"}]
        return sets

    def suggest(self, trial: Any, facts: Facts) -> dict[str, Any]:
        return {
            "rounds": 3000,
            "patience": 60,
            "learning_rate": trial.suggest_float("learning_rate", 0.01, 0.2, log=True),
            "max_depth": trial.suggest_int("max_depth", 2, 6 if facts.rows < _SMALL_ROWS else 10),
            "min_child_weight": trial.suggest_float("min_child_weight", 0.5, 30.0, log=True),
            "subsample": trial.suggest_float("subsample", 0.5, 1.0),
            "colsample_bytree": trial.suggest_float("colsample_bytree", 0.4, 1.0),
            "lambda": trial.suggest_float("lambda", 0.1, 30.0, log=True),
            "alpha": trial.suggest_float("alpha", 1e-3, 10.0, log=True),
        }

    def fit(
        self, train: FitData, valid: FitData | None, task: Task, params: Params, control: FitControl
    ) -> XgBoostEstimator:
        import xgboost

        check_time(control)
        problem = Problem.of(train, valid, task, params)
        offset, scale = _scaling(problem)
        rows = _matrix(problem.train, (offset, scale), control)
        checks = None if problem.valid is None else _matrix(problem.valid, (offset, scale), control, rows)
        booster = xgboost.Booster(_settings(problem, params, control, (offset, scale)), [rows])

        def step(index: int) -> Round:
            booster.update(rows, index)
            if checks is None:
                return Round(None)
            return Round(float(booster.eval_set([(checks, "valid")], index).rpartition(":")[2]))

        rounds = boost(step, int(params["rounds"]), int(params["patience"]), control)
        file = problem.file(self.name, rounds, offset=offset, scale=scale)
        return replace(_cut(file, booster, rounds), grown=booster)


def _cut(file: EstimatorFile, grown: Any, rounds: int) -> XgBoostEstimator:
    kept = max(1, min(rounds, grown.num_boosted_rounds()))
    return XgBoostEstimator(file.model_copy(update={"rounds": kept}), grown[:kept])


def _scaling(problem: Problem) -> tuple[float, float]:
    # XGBoost computes in float32. Values such as the years around 2000 would lose four of their seven digits in
    # every sum over the trees, so it learns (y - mean) / sd and the rest is done in float64.
    if problem.labels is not None or problem.back.kind == "exp":
        return 0.0, 1.0
    return float(np.mean(problem.train.y)), float(np.std(problem.train.y)) or 1.0


def _matrix(data: FitData, scaling: tuple[float, float], control: FitControl, reference: Any = None) -> Any:
    import xgboost

    y = (data.y - scaling[0]) / scaling[1]
    return xgboost.QuantileDMatrix(data.X, label=y, weight=data.weight, ref=reference, nthread=control.threads)


def _settings(problem: Problem, params: Params, control: FitControl, scaling: tuple[float, float]) -> dict[str, Any]:
    if problem.task is Task.REGRESSION:
        goal = xgboost_goal(params, (problem.train.y - scaling[0]) / scaling[1])
    elif problem.outputs == 1:
        goal = {"objective": "binary:logistic", "eval_metric": "logloss"}
    else:
        goal = {"objective": "multi:softprob", "eval_metric": "mlogloss", "num_class": problem.outputs}
    own = {name: value for name, value in params.items() if name not in _OURS}
    threads_and_seed = {"nthread": control.threads, "seed": control.seed}
    return {**own, **goal, **threads_and_seed, "tree_method": "hist", "verbosity": 0}


def _small_portfolio() -> list[dict[str, Any]]:
    firm = {
        "rounds": 1000,
        "patience": 50,
        "learning_rate": 0.03,
        "max_depth": 3,
        "min_child_weight": 2.0,
        "subsample": 0.8,
        "colsample_bytree": 0.7,
        "lambda": 5.0,
    }
    return [firm, {**firm, "max_depth": 5, "lambda": 10.0}, {**firm, "max_depth": 2, "learning_rate": 0.06}]


def _large_portfolio() -> list[dict[str, Any]]:
    plain = {
        "rounds": 3000,
        "patience": 50,
        "learning_rate": 0.1,
        "max_depth": 6,
        "min_child_weight": 1.0,
        "subsample": 0.9,
        "colsample_bytree": 0.8,
        "lambda": 1.0,
    }
    return [
        plain,
        {**plain, "max_depth": 8, "learning_rate": 0.05, "min_child_weight": 5.0, "colsample_bytree": 0.6},
        {**plain, "max_depth": 4, "lambda": 5.0},
    ]
