"""Random forests and extremely randomised trees, by scikit-learn."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

import numpy as np

from mlwright.base.traits import Traits
from mlwright.data.columns import Array
from mlwright.models.protocol import Facts, FitControl, FitData, Params
from mlwright.models.signature import Task
from mlwright.models.tabular.boosting import check_time
from mlwright.models.tabular.estimator_file import EstimatorFile
from mlwright.models.tabular.objectives import SHAPE_PARAMS
from mlwright.models.tabular.problem import Problem
from mlwright.models.tabular.skops_file import load_skops, save_skops

_FILE = "forest.skops"
_TRUSTED = ("sklearn.tree._tree.Tree",)
_OURS = {"trees", *SHAPE_PARAMS}
# Leaves of all trees together: keeps a forest under about 60 MB of ONNX.
_MOST_LEAVES = 500_000


@dataclass(frozen=True, slots=True)
class ForestEstimator:
    """A fitted scikit-learn forest.

    Trees of pure leaves give probabilities of 0, which cost a log loss dearly when they are wrong. So the classes share
    one vote more (Laplace's rule with the votes as the sample).
    """

    file: EstimatorFile
    model: Any

    @property
    def rounds(self) -> int:
        return self.file.rounds

    def predict(self, X: Array) -> Array:
        self.file.check_width(X)
        if not len(X):
            return self.file.empty()
        shares = _mean_of_trees(self.model, X)
        if self.file.labels is None:
            return self.file.answer(shares)
        return self.file.answer((self.rounds * shares + 1 / shares.shape[1]) / (self.rounds + 1))

    def save(self, directory: Path) -> None:
        self.file.write(directory)
        save_skops(self.model, directory / _FILE)

    @classmethod
    def load(cls, directory: Path) -> Self:
        return cls(EstimatorFile.read(directory), load_skops(directory / _FILE, _TRUSTED))


class RandomForest:
    """Bagged trees over random subsets of the columns.

    Source: Breiman, "Random Forests", Machine Learning 45, 2001.
    """

    traits: ClassVar[Traits] = Traits(summary="bagged decision trees", extra="train", requires=("sklearn", "skops"))
    name: ClassVar[str] = "random_forest"
    preparation: ClassVar[Literal["tree", "linear"]] = "tree"
    estimator: ClassVar[type[ForestEstimator]] = ForestEstimator
    refit: ClassVar[bool] = True
    complexity: ClassVar[int] = 3

    def portfolio(self, facts: Facts) -> list[dict[str, Any]]:
        return _portfolio(facts)

    def suggest(self, trial: Any, facts: Facts) -> dict[str, Any]:
        return _suggest(trial, facts)

    def fit(
        self, train: FitData, valid: FitData | None, task: Task, params: Params, control: FitControl
    ) -> ForestEstimator:
        from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

        check_time(control)
        problem = Problem.of(train, valid, task, params)
        kind = RandomForestClassifier if task.is_classification else RandomForestRegressor
        return _fit(kind, self.name, problem, params, control)


class ExtraTrees:
    """Trees that also draw their thresholds at random: smoother, quicker, often better with noise.

    Source: Geurts, Ernst and Wehenkel, "Extremely randomized trees", Machine Learning 63, 2006.
    """

    traits: ClassVar[Traits] = Traits(
        summary="decision trees with random thresholds", extra="train", requires=("sklearn", "skops")
    )
    name: ClassVar[str] = "extra_trees"
    preparation: ClassVar[Literal["tree", "linear"]] = "tree"
    estimator: ClassVar[type[ForestEstimator]] = ForestEstimator
    refit: ClassVar[bool] = True
    complexity: ClassVar[int] = 2

    def portfolio(self, facts: Facts) -> list[dict[str, Any]]:
        return _portfolio(facts)

    def suggest(self, trial: Any, facts: Facts) -> dict[str, Any]:
        return _suggest(trial, facts)

    def fit(
        self, train: FitData, valid: FitData | None, task: Task, params: Params, control: FitControl
    ) -> ForestEstimator:
        from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor

        check_time(control)
        problem = Problem.of(train, valid, task, params)
        kind = ExtraTreesClassifier if task.is_classification else ExtraTreesRegressor
        return _fit(kind, self.name, problem, params, control)


def _fit(kind: Any, name: str, problem: Problem, params: Params, control: FitControl) -> ForestEstimator:
    own = {key: value for key, value in params.items() if key not in _OURS}
    model = kind(**own, n_estimators=0, warm_start=True, random_state=control.seed, n_jobs=control.threads)
    trees = int(params["trees"])
    slowest = 0.0  # seconds a tree
    while model.n_estimators < trees:
        chunk = min(trees - model.n_estimators, _chunk(model.n_estimators, slowest, control))
        if not chunk:
            break
        began = time.monotonic()
        # scikit-learn draws the seeds of all trees in one order, so the chunks don't change the forest.
        model.set_params(n_estimators=model.n_estimators + chunk)
        model.fit(problem.train.X, problem.train.y, sample_weight=problem.train.weight)
        slowest = max(slowest, (time.monotonic() - began) / chunk)
    # Several threads would add the trees' answers in any order, and the last digit would change from call to call.
    model.set_params(n_jobs=1, warm_start=False)
    return ForestEstimator(problem.file(name, int(model.n_estimators)), model)


def _mean_of_trees(model: Any, X: Array) -> Array:
    """Return what the forest's own `predict` does, bit for bit: its checks and task queue cost 20 ms a call."""
    rows = np.ascontiguousarray(X, dtype=np.float32)
    total = np.zeros((len(rows), 1 if not hasattr(model, "n_classes_") else model.n_classes_))
    for tree in model.estimators_:
        total += tree.tree_.predict(rows)[:, : total.shape[1]]
    return total / len(model.estimators_)


def _chunk(grown: int, seconds_per_tree: float, control: FitControl) -> int:
    """Return how many trees to grow before the next look at the clock; 0 when there is no time for one."""
    if not grown:
        return max(control.threads, 1)
    if control.deadline is None:
        return 32
    affordable = int((control.deadline - time.monotonic()) / max(seconds_per_tree, 1e-6))
    return max(0, min(32, affordable // 2 if affordable > 1 else affordable))


def _portfolio(facts: Facts) -> list[dict[str, Any]]:
    trees = _trees(facts)
    leaf = _smallest_leaf(facts, trees)
    if not facts.task.is_classification:
        plain: dict[str, Any] = {"trees": trees, "min_samples_leaf": leaf, "max_features": 0.5}
        return [plain, {**plain, "max_features": 1.0}, {**plain, "min_samples_leaf": max(5, leaf)}]
    plain = {"trees": trees, "min_samples_leaf": leaf, "max_features": "sqrt", "criterion": "gini"}
    sets = [
        plain,
        {**plain, "min_samples_leaf": max(3, leaf), "max_features": 0.5},
        {**plain, "max_features": 0.5, "criterion": "log_loss"},
        {**plain, "min_samples_leaf": max(8, leaf), "max_features": 0.5},
    ]
    # Rankings of two classes want smoother leaves than probabilities of many.
    sets = [sets[1], sets[0], *sets[2:]] if facts.classes == 2 else sets
    return [*sets, {**sets[0], "class_weight": "balanced"}] if facts.minority_share < 0.1 else sets


def _suggest(trial: Any, facts: Facts) -> dict[str, Any]:
    trees = _trees(facts)
    least = _smallest_leaf(facts, trees)
    params: dict[str, Any] = {
        "trees": trees,
        "min_samples_leaf": trial.suggest_int("min_samples_leaf", least, max(30, 2 * least), log=True),
        "max_features": trial.suggest_float("max_features", 0.1, 1.0),
    }
    if facts.task.is_classification:
        params["criterion"] = trial.suggest_categorical("criterion", ["gini", "log_loss"])
    return params


def _trees(facts: Facts) -> int:
    # Trees of values have many leaves; fewer, finer trees are better than more, coarser ones of the same size.
    return 200 if facts.task.is_classification else 100


def _smallest_leaf(facts: Facts, trees: int) -> int:
    # A tree has about one leaf for every 1.5 * min_samples_leaf rows with values; with classes it stops at pure
    # leaves, so that it has at most half of them.
    leaves = trees * facts.rows / (3.0 if facts.task.is_classification else 1.5)
    return max(1, round(leaves / _MOST_LEAVES))
