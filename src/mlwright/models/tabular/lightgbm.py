"""LightGBM: histogram boosting with leaf-wise trees, by its native Booster."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

import numpy as np

from mlwright.base.errors import Infeasible
from mlwright.base.traits import Traits
from mlwright.data.columns import Array
from mlwright.models.protocol import Facts, FitControl, FitData, Params
from mlwright.models.signature import Task
from mlwright.models.tabular.boosting import Round, boost, check_time
from mlwright.models.tabular.estimator_file import EstimatorFile
from mlwright.models.tabular.focal import focal_gradients, focal_loss
from mlwright.models.tabular.links import probabilities
from mlwright.models.tabular.objectives import SHAPE_PARAMS, lightgbm_goal
from mlwright.models.tabular.problem import Problem

_SMALL_ROWS = 2_000
# Our name of a parameter is LightGBM's, but for these, which steer our own loop.
_OURS = {"rounds", "patience", *SHAPE_PARAMS}


@dataclass(frozen=True, slots=True)
class LightGbmEstimator:
    """A `lightgbm.Booster` of exactly `rounds` rounds; `grown` has all that were grown, and is not stored."""

    file: EstimatorFile
    booster: Any
    threads: int = 1
    grown: Any = None

    def at(self, rounds: int) -> "LightGbmEstimator":
        return self if self.grown is None else _cut(self.file, self.grown, rounds, self.threads)

    @property
    def rounds(self) -> int:
        return self.file.rounds

    def predict(self, X: Array) -> Array:
        self.file.check_width(X)
        if not len(X):
            return self.file.empty()
        raw = np.asarray(self.booster.predict(X, raw_score=True, num_threads=self.threads))
        return self.file.answer(raw if self.file.labels is None else probabilities(raw))

    def save(self, directory: Path) -> None:
        self.file.write(directory)
        (directory / "lightgbm.txt").write_text(self.booster.model_to_string(num_iteration=-1), encoding="utf-8")

    @classmethod
    def load(cls, directory: Path) -> Self:
        import lightgbm

        text = (directory / "lightgbm.txt").read_text(encoding="utf-8")
        return cls(EstimatorFile.read(directory), lightgbm.Booster(model_str=text))


class LightGbm:
    """Gradient boosting, fast and strong on most tables.

    Source: Ke et al., "LightGBM: A Highly Efficient Gradient Boosting Decision Tree", NeurIPS 2017.
    """

    traits: ClassVar[Traits] = Traits(
        summary="gradient boosting with leaf-wise trees", extra="train", requires=("lightgbm",)
    )
    name: ClassVar[str] = "lightgbm"
    preparation: ClassVar[Literal["tree", "linear"]] = "tree"
    estimator: ClassVar[type[LightGbmEstimator]] = LightGbmEstimator
    complexity: ClassVar[int] = 5

    def portfolio(self, facts: Facts) -> list[dict[str, Any]]:
        sets = _small_portfolio(facts) if facts.rows < _SMALL_ROWS else _large_portfolio()
        if facts.task.is_classification and facts.minority_share < 0.1:
            sets = [*sets, {**sets[0], "class_weight": "balanced"}]
        return sets

    def suggest(self, trial: Any, facts: Facts) -> dict[str, Any]:
        most_leaves = max(8, min(255, facts.rows // 10))
        return {
            "rounds": 3000,
            "patience": 60,
            "learning_rate": trial.suggest_float("learning_rate", 0.01, 0.2, log=True),
            "num_leaves": trial.suggest_int("num_leaves", 4, most_leaves, log=True),
            "min_data_in_leaf": trial.suggest_int("min_data_in_leaf", 2, max(3, min(100, facts.rows // 20)), log=True),
            "feature_fraction": trial.suggest_float("feature_fraction", 0.4, 1.0),
            "bagging_fraction": trial.suggest_float("bagging_fraction", 0.5, 1.0),
            "lambda_l1": trial.suggest_float("lambda_l1", 1e-3, 10.0, log=True),
            "lambda_l2": trial.suggest_float("lambda_l2", 1e-3, 30.0, log=True),
            "extra_trees": trial.suggest_categorical("extra_trees", [False, True]),
        }

    def fit(
        self, train: FitData, valid: FitData | None, task: Task, params: Params, control: FitControl
    ) -> LightGbmEstimator:
        import lightgbm

        check_time(control)
        problem = Problem.of(train, valid, task, params)
        settings = _settings(problem, params, control)
        rows = _dataset(problem.train, settings)
        booster = lightgbm.Booster(settings, rows)
        if problem.valid is not None:
            booster.add_valid(_dataset(problem.valid, settings, rows), "valid")

        focal = _focal(problem, params)

        def step(_index: int) -> Round:
            finished = bool(booster.update(fobj=focal and focal.gradients))
            losses: Any = booster.eval_valid(focal and focal.loss)
            # Without a built-in objective a round whose sample has no split adds nothing, and the next one may have.
            return Round(float(losses[0][2]) if losses else None, finished and focal is None)

        rounds = boost(step, int(params["rounds"]), int(params["patience"]), control)
        file = problem.file(self.name, rounds)
        return replace(_cut(file, booster, rounds, control.threads), grown=booster.free_dataset())


@dataclass(frozen=True, slots=True)
class _Focal:
    """Focal loss in the form in which LightGBM asks for it."""

    gamma: float

    def gradients(self, raw: Array, rows: Any) -> tuple[Array, Array]:
        first, second = focal_gradients(raw, rows.get_label(), self.gamma)
        weight = rows.get_weight()
        return (first, second) if weight is None else (first * weight, second * weight)

    def loss(self, raw: Array, rows: Any) -> tuple[str, float, bool]:
        losses = focal_loss(raw, rows.get_label(), self.gamma)
        return "focal", float(np.average(losses, weights=rows.get_weight())), False


def _focal(problem: Problem, params: Params) -> _Focal | None:
    if params.get("objective") != "focal":
        return None
    if problem.labels is None or problem.outputs != 1:
        raise Infeasible("Focal loss is for two classes here.", hint="use class_weight 'balanced' for more.")
    return _Focal(float(params.get("focal_gamma", 2.0)))


def _cut(file: EstimatorFile, grown: Any, rounds: int, threads: int) -> LightGbmEstimator:
    """Return the first rounds of a booster; through its text, so that a fitted one equals a loaded one."""
    import lightgbm

    kept = max(1, min(rounds, grown.current_iteration()))
    text = grown.model_to_string(num_iteration=kept)
    return LightGbmEstimator(file.model_copy(update={"rounds": kept}), lightgbm.Booster(model_str=text), threads)


def _settings(problem: Problem, params: Params, control: FitControl) -> dict[str, Any]:
    if problem.task is Task.REGRESSION:
        goal = lightgbm_goal(params)
    elif params.get("objective") == "focal":
        goal = {"objective": "none", "metric": "none"}
    elif problem.outputs == 1:
        goal = {"objective": "binary", "metric": "binary_logloss"}
    else:
        goal = {"objective": "multiclass", "metric": "multi_logloss", "num_class": problem.outputs}
    own = {name: value for name, value in params.items() if name not in _OURS}
    # A bagging fraction does nothing unless its frequency is set.
    own["bagging_freq"] = 1 if own.get("bagging_fraction", 1.0) < 1.0 else 0
    return {
        **own,
        **goal,
        "seed": control.seed,
        "num_threads": control.threads,
        "deterministic": True,
        "force_row_wise": True,
        "feature_pre_filter": False,
        "verbosity": -1,
    }


def _dataset(data: FitData, settings: dict[str, Any], reference: Any = None) -> Any:
    import lightgbm

    return lightgbm.Dataset(data.X, label=data.y, weight=data.weight, reference=reference, params=settings)


def _small_portfolio(facts: Facts) -> list[dict[str, Any]]:
    firm = {
        "rounds": 1000,
        "patience": 50,
        "learning_rate": 0.03,
        "num_leaves": 8,
        "min_data_in_leaf": max(3, min(20, facts.rows // 40)),
        "feature_fraction": 0.7,
        "bagging_fraction": 0.8,
        "lambda_l2": 5.0,
        "extra_trees": False,
    }
    return [
        firm,
        {**firm, "extra_trees": True, "num_leaves": 16, "learning_rate": 0.05},
        {**firm, "num_leaves": 4, "lambda_l2": 1.0, "learning_rate": 0.05},
    ]


def _large_portfolio() -> list[dict[str, Any]]:
    # Quick first; what is learned slowly and finely comes when there is time for it.
    plain = {
        "rounds": 3000,
        "patience": 50,
        "learning_rate": 0.1,
        "num_leaves": 31,
        "min_data_in_leaf": 20,
        "feature_fraction": 0.8,
        "bagging_fraction": 0.9,
        "lambda_l2": 1.0,
        "extra_trees": False,
    }
    return [
        plain,
        {**plain, "extra_trees": True, "num_leaves": 63},
        {**plain, "learning_rate": 0.05, "num_leaves": 63, "min_data_in_leaf": 5, "feature_fraction": 0.6},
        {**plain, "learning_rate": 0.03, "num_leaves": 127, "min_data_in_leaf": 5, "feature_fraction": 0.9},
        {**plain, "learning_rate": 0.05, "num_leaves": 15, "lambda_l2": 10.0, "feature_fraction": 0.6},
    ]
