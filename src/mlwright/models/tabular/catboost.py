"""CatBoost: ordered boosting with symmetric trees, on the numeric matrix."""

import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

from mlwright.base.errors import Infeasible
from mlwright.base.traits import Traits
from mlwright.data.columns import Array
from mlwright.models.protocol import Facts, FitControl, FitData, Params
from mlwright.models.signature import Task
from mlwright.models.tabular.boosting import check_time
from mlwright.models.tabular.estimator_file import EstimatorFile
from mlwright.models.tabular.links import probabilities
from mlwright.models.tabular.objectives import SHAPE_PARAMS, catboost_goal
from mlwright.models.tabular.problem import Problem

_SMALL_ROWS = 2_000
# Our name of a parameter is CatBoost's, but for these.
_OURS = {"rounds", "patience", *SHAPE_PARAMS}
_FILE = "catboost.cbm"


@dataclass(frozen=True, slots=True)
class CatBoostEstimator:
    """A `catboost.CatBoost` of exactly `rounds` trees; `grown` has all that were grown, and is not stored."""

    file: EstimatorFile
    model: Any
    threads: int = 1
    grown: Any = None

    @property
    def rounds(self) -> int:
        return self.file.rounds

    def predict(self, X: Array) -> Array:
        self.file.check_width(X)
        if not len(X):
            return self.file.empty()
        raw = self.model.predict(X, prediction_type="RawFormulaVal", thread_count=self.threads)
        return self.file.answer(raw if self.file.labels is None else probabilities(raw))

    def at(self, rounds: int) -> "CatBoostEstimator":
        return self if self.grown is None else _cut(self.file, self.grown, rounds, self.threads)

    def save(self, directory: Path) -> None:
        self.file.write(directory)
        self.model.save_model(str(directory / _FILE))

    @classmethod
    def load(cls, directory: Path) -> Self:
        import catboost

        model = catboost.CatBoost()
        model.load_model(str(directory / _FILE))
        return cls(EstimatorFile.read(directory), model)


class CatBoost:
    """Gradient boosting whose symmetric trees overfit little.

    Source: Prokhorenkova et al., "CatBoost: unbiased boosting with categorical features", NeurIPS 2018.
    """

    traits: ClassVar[Traits] = Traits(
        summary="gradient boosting with symmetric trees", extra="train", requires=("catboost",)
    )
    name: ClassVar[str] = "catboost"
    preparation: ClassVar[Literal["tree", "linear"]] = "tree"
    estimator: ClassVar[type[CatBoostEstimator]] = CatBoostEstimator
    complexity: ClassVar[int] = 7

    def portfolio(self, facts: Facts) -> list[dict[str, Any]]:
        small = facts.rows < _SMALL_ROWS
        plain = {
            "rounds": 1000 if small else 2000,
            "patience": 50,
            "learning_rate": 0.05 if small else 0.1,
            "depth": 5 if small else 6,
            "l2_leaf_reg": 6.0 if small else 3.0,
            "random_strength": 1.0,
        }
        deeper = {**plain, "depth": 4} if small else {**plain, "depth": 8, "learning_rate": 0.06}
        sets = [plain, deeper, {**plain, "l2_leaf_reg": 10.0, "rsm": 0.7}]
        if facts.task.is_classification and facts.minority_share < 0.1:
            sets = [*sets, {**plain, "class_weight": "balanced"}]
        return sets

    def suggest(self, trial: Any, facts: Facts) -> dict[str, Any]:
        return {
            "rounds": 2000,
            "patience": 60,
            "learning_rate": trial.suggest_float("learning_rate", 0.02, 0.2, log=True),
            "depth": trial.suggest_int("depth", 3, 6 if facts.rows < _SMALL_ROWS else 9),
            "l2_leaf_reg": trial.suggest_float("l2_leaf_reg", 0.5, 30.0, log=True),
            "random_strength": trial.suggest_float("random_strength", 0.1, 5.0, log=True),
            "rsm": trial.suggest_float("rsm", 0.5, 1.0),
        }

    def fit(
        self, train: FitData, valid: FitData | None, task: Task, params: Params, control: FitControl
    ) -> CatBoostEstimator:
        import catboost

        check_time(control)
        problem = Problem.of(train, valid, task, params)
        model: Any = catboost.CatBoost(_settings(problem, params, control))
        checks = None if problem.valid is None else _pool(problem.valid)
        patience = None if checks is None else int(params["patience"])
        try:
            model.fit(
                _pool(problem.train), eval_set=checks, early_stopping_rounds=patience, callbacks=[Deadline(control)]
            )
        except catboost.CatBoostError as exc:
            raise Infeasible(
                f"CatBoost cannot fit {problem.train.X.shape} rows and columns: {str(exc).strip()}",
                hint="drop constant columns, or use another family such as 'lightgbm'.",
            ) from exc
        forget_the_moment(model)
        rounds = int(model.tree_count_) if checks is None else int(model.get_best_iteration()) + 1
        file = problem.file(self.name, rounds)
        return replace(_cut(file, model, rounds, control.threads), grown=model)


def _cut(file: EstimatorFile, grown: Any, rounds: int, threads: int) -> CatBoostEstimator:
    kept = max(1, min(rounds, int(grown.tree_count_)))
    model = grown.copy()
    if kept < grown.tree_count_:
        model.shrink(kept)
    return CatBoostEstimator(file.model_copy(update={"rounds": kept}), model, threads)


class Deadline:
    """Tells CatBoost after each tree whether there is time for another."""

    def __init__(self, control: FitControl) -> None:
        self._deadline = control.deadline
        self._last = time.monotonic()

    def after_iteration(self, info: Any) -> bool:
        del info
        now = time.monotonic()
        duration, self._last = now - self._last, now
        return self._deadline is None or now + duration <= self._deadline


def _settings(problem: Problem, params: Params, control: FitControl) -> dict[str, Any]:
    if problem.task is Task.REGRESSION:
        goal = catboost_goal(params)
    elif problem.outputs == 1:
        goal = {"loss_function": "Logloss"}
    else:
        goal = {"loss_function": "MultiClass", "classes_count": problem.outputs}
    own = {name: value for name, value in params.items() if name not in _OURS}
    return {
        **own,
        **goal,
        "iterations": int(params["rounds"]),
        "use_best_model": False,  # all are kept until it is known how many are best
        "random_seed": control.seed,
        "thread_count": control.threads,
        "allow_writing_files": False,
        "logging_level": "Silent",
    }


def _pool(data: FitData) -> Any:
    import catboost

    return catboost.Pool(data.X, label=data.y, weight=data.weight)


def forget_the_moment(model: Any) -> None:
    """Remove the time and the random id from a model, so that equal fits give equal files."""
    metadata = model.get_metadata()
    for name in ("train_finish_time", "model_guid"):
        if name in metadata.keys():  # noqa: SIM118 - CatBoost's object has no membership test
            del metadata[name]
