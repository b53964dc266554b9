"""Histogram boosting by scikit-learn."""

import time
from copy import copy
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

import numpy as np

from mlwright.base.traits import Traits
from mlwright.data.columns import Array
from mlwright.models.protocol import Facts, FitControl, FitData, Params
from mlwright.models.signature import Task
from mlwright.models.tabular.boosting import check_time
from mlwright.models.tabular.estimator_file import EstimatorFile
from mlwright.models.tabular.objectives import SHAPE_PARAMS, hist_goal
from mlwright.models.tabular.problem import Problem
from mlwright.models.tabular.skops_file import load_skops, save_skops

_FILE = "hist_boosting.skops"
_TRUSTED = ("sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",)
_OURS = {"rounds", "patience", *SHAPE_PARAMS}
# Rounds until the clock is looked at: fixed, so that a clock never changes a model that has time enough.
_CHUNKS = (4, 12, 16, 32, 64, 128)


@dataclass(frozen=True, slots=True)
class HistBoostingEstimator:
    """A fitted scikit-learn HistGradientBoosting model; `grown` has all rounds that were grown, and is not stored."""

    file: EstimatorFile
    model: Any
    threads: int = 1
    grown: Any = None

    @property
    def rounds(self) -> int:
        return self.file.rounds

    def predict(self, X: Array) -> Array:
        from threadpoolctl import threadpool_limits

        self.file.check_width(X)
        if not len(X):
            return self.file.empty()
        with threadpool_limits(self.threads, user_api="openmp"):
            raw = self.model.predict(X) if self.file.labels is None else self.model.predict_proba(X)
        if self.file.back.kind == "exp":  # it has taken the exponent already
            raw = np.log(np.maximum(raw, np.finfo(np.float64).tiny))
        return self.file.answer(raw)

    def at(self, rounds: int) -> "HistBoostingEstimator":
        return self if self.grown is None else _cut(self.file, self.grown, rounds, self.threads)

    def save(self, directory: Path) -> None:
        self.file.write(directory)
        save_skops(self.model, directory / _FILE)

    @classmethod
    def load(cls, directory: Path) -> Self:
        return cls(EstimatorFile.read(directory), load_skops(directory / _FILE, _TRUSTED))


class HistBoosting:
    """Gradient boosting that needs nothing but scikit-learn."""

    traits: ClassVar[Traits] = Traits(
        summary="gradient boosting of scikit-learn", extra="train", requires=("sklearn", "skops")
    )
    name: ClassVar[str] = "hist_boosting"
    preparation: ClassVar[Literal["tree", "linear"]] = "tree"
    estimator: ClassVar[type[HistBoostingEstimator]] = HistBoostingEstimator
    complexity: ClassVar[int] = 4

    def portfolio(self, facts: Facts) -> list[dict[str, Any]]:
        small = facts.rows < 2_000
        plain = {
            "rounds": 1000,
            "patience": 40,
            "learning_rate": 0.05 if small else 0.08,
            "max_leaf_nodes": 8 if small else 31,
            "min_samples_leaf": max(3, min(20, facts.rows // 40)),
            "l2_regularization": 5.0 if small else 1.0,
            "max_features": 0.7,
        }
        sets = [plain, {**plain, "max_leaf_nodes": 5 if small else 15, "l2_regularization": 10.0}]
        if facts.task.is_classification and facts.minority_share < 0.1:
            sets = [*sets, {**plain, "class_weight": "balanced"}]
        return sets

    def suggest(self, trial: Any, facts: Facts) -> dict[str, Any]:
        return {
            "rounds": 1000,
            "patience": 40,
            "learning_rate": trial.suggest_float("learning_rate", 0.02, 0.2, log=True),
            "max_leaf_nodes": trial.suggest_int("max_leaf_nodes", 4, max(8, min(127, facts.rows // 10)), log=True),
            "min_samples_leaf": trial.suggest_int("min_samples_leaf", 2, max(3, min(100, facts.rows // 20)), log=True),
            "l2_regularization": trial.suggest_float("l2_regularization", 1e-2, 30.0, log=True),
            "max_features": trial.suggest_float("max_features", 0.3, 1.0),
        }

    def fit(
        self, train: FitData, valid: FitData | None, task: Task, params: Params, control: FitControl
    ) -> HistBoostingEstimator:
        from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
        from threadpoolctl import threadpool_limits

        check_time(control)
        problem = Problem.of(train, valid, task, params)
        kind: Any = HistGradientBoostingClassifier if task.is_classification else HistGradientBoostingRegressor
        own = {name: value for name, value in params.items() if name not in _OURS}
        own |= {} if task.is_classification else hist_goal(params)
        early = problem.valid is not None
        model = kind(
            **own,
            early_stopping=early,
            n_iter_no_change=int(params["patience"]),
            warm_start=True,
            max_iter=1,
            random_state=control.seed,
        )
        with threadpool_limits(control.threads, user_api="openmp"):
            _grow(model, problem, int(params["rounds"]), control)
        # Its first score is that of no round at all.
        rounds = max(1, int(np.argmax(model.validation_score_))) if early else int(model.n_iter_)
        model.set_params(warm_start=False)
        return replace(_cut(problem.file(self.name, rounds), model, rounds, control.threads), grown=model)


def _grow(model: Any, problem: Problem, rounds: int, control: FitControl) -> None:
    train, valid = problem.train, problem.valid
    checks: dict[str, Any] = {}
    if valid is not None:
        checks = {"X_val": valid.X, "y_val": valid.y}
        if train.weight is not None:
            checks["sample_weight_val"] = np.ones(len(valid.y)) if valid.weight is None else valid.weight
    grown, turn, slowest = 0, 0, 0.0
    while grown < rounds:
        chunk = min(rounds - grown, _CHUNKS[min(turn, len(_CHUNKS) - 1)])
        if grown and control.deadline is not None:
            chunk = min(chunk, int((control.deadline - time.monotonic()) / max(slowest, 1e-6)))
        if chunk < 1:
            return
        began = time.monotonic()
        model.set_params(max_iter=grown + chunk)
        model.fit(train.X, train.y, sample_weight=train.weight, **checks)
        if model.n_iter_ < grown + chunk:
            return  # stopped early
        slowest = max(slowest if turn > 1 else 0.0, (time.monotonic() - began) / chunk)
        grown, turn = grown + chunk, turn + 1


def _cut(file: EstimatorFile, grown: Any, rounds: int, threads: int) -> HistBoostingEstimator:
    """Return the first rounds of a model that scikit-learn has grown further."""
    kept = max(1, min(rounds, int(grown.n_iter_)))
    model = copy(grown)
    # There is no public way; `_predictors` alone holds the trees.
    model._predictors = grown._predictors[:kept]  # noqa: SLF001
    model.train_score_ = grown.train_score_[: kept + 1]
    model.validation_score_ = grown.validation_score_[: kept + 1]
    return HistBoostingEstimator(file.model_copy(update={"rounds": kept}), model, threads)
