"""Linear models: logistic regression with L2, ridge, Huber's robust regression."""

import json
import time
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

import numpy as np

from mlwright.base.errors import Infeasible
from mlwright.base.seeds import generator
from mlwright.base.traits import Traits
from mlwright.data.columns import Array
from mlwright.models.protocol import Facts, FitControl, FitData, Params
from mlwright.models.signature import Task
from mlwright.models.tabular.boosting import check_time
from mlwright.models.tabular.estimator_file import EstimatorFile
from mlwright.models.tabular.links import probabilities
from mlwright.models.tabular.objectives import objective_of
from mlwright.models.tabular.problem import Problem

_CHUNK = 50  # iterations between two looks at the clock
_MAX_ITERATIONS = 1000
_PROGRAM_CELLS = 200_000  # a linear program of more takes minutes
_LEAST_PROGRAM_ROWS = 1_000


@dataclass(frozen=True, slots=True)
class LinearEstimator:
    """Raw scores are X @ coefficients.T + intercept.

    Attributes:
        coefficients: float64, shape (K, d); K is 1 for regression and for two classes.
        intercept: float64, shape (K,).
    """

    file: EstimatorFile
    coefficients: Array
    intercept: Array

    @property
    def rounds(self) -> int:
        return self.file.rounds

    def predict(self, X: Array) -> Array:
        self.file.check_width(X)
        raw = X.astype(np.float64) @ self.coefficients.T + self.intercept
        return self.file.answer(raw if self.file.labels is None else probabilities(raw))

    def save(self, directory: Path) -> None:
        self.file.write(directory)
        content = {"coefficients": self.coefficients.tolist(), "intercept": self.intercept.tolist()}
        # repr of a Python float is exact, so JSON loses nothing.
        (directory / "linear.json").write_text(json.dumps(content, sort_keys=True) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, directory: Path) -> Self:
        content = json.loads((directory / "linear.json").read_text(encoding="utf-8"))
        file = EstimatorFile.read(directory)
        coefficients = np.asarray(content["coefficients"], dtype=np.float64).reshape(-1, file.features)
        return cls(file, coefficients, np.asarray(content["intercept"], dtype=np.float64))


class Linear:
    """Logistic (multinomial) regression, or ridge / Huber regression, on standardised columns."""

    traits: ClassVar[Traits] = Traits(
        summary="logistic, ridge or Huber regression", extra="train", requires=("sklearn",)
    )
    name: ClassVar[str] = "linear"
    preparation: ClassVar[Literal["tree", "linear"]] = "linear"
    estimator: ClassVar[type[LinearEstimator]] = LinearEstimator
    complexity: ClassVar[int] = 1

    def portfolio(self, facts: Facts) -> list[dict[str, Any]]:
        if not facts.task.is_classification:
            return [
                {"loss": "squared", "strength": 1.0},
                {"loss": "huber", "strength": 1.0, "epsilon": 1.35},
                {"loss": "squared", "strength": 100.0},
            ]
        # Few rows for each column want a firm penalty.
        first = 1.0 if facts.rows >= 20 * max(facts.features, 1) else 10.0
        strengths = [first, 10.0 if first == 1.0 else 1.0, 0.1]
        sets: list[dict[str, Any]] = [{"strength": strength, "class_weight": None} for strength in strengths]
        return [*sets, {"strength": first, "class_weight": "balanced"}] if facts.minority_share < 0.1 else sets

    def suggest(self, trial: Any, facts: Facts) -> dict[str, Any]:
        strength = trial.suggest_float("strength", 1e-3, 1e3, log=True)
        if facts.task.is_classification:
            balance = facts.minority_share < 0.2
            weights = [None, "balanced"] if balance else [None]
            return {"strength": strength, "class_weight": trial.suggest_categorical("class_weight", weights)}
        loss = trial.suggest_categorical("loss", ["squared", "huber"])
        if loss == "squared":
            return {"loss": loss, "strength": strength}
        return {"loss": loss, "strength": strength, "epsilon": trial.suggest_float("epsilon", 1.05, 3.0)}

    def fit(
        self, train: FitData, valid: FitData | None, task: Task, params: Params, control: FitControl
    ) -> LinearEstimator:
        check_time(control)
        problem = Problem.of(train, valid, task, params)
        X = problem.train.X.astype(np.float64)
        if task.is_classification:
            coefficients, intercept, rounds = _logistic(X, problem.train, params, control)
        elif objective_of(params) == "quantile":
            coefficients, intercept, rounds = *_quantile(X, problem.train, params, control), 1
        elif params.get("loss") == "huber":
            coefficients, intercept, rounds = _huber(X, problem.train, params, control)
        else:
            coefficients, intercept, rounds = *_ridge(X, problem.train, float(params["strength"])), 1
        return LinearEstimator(problem.file(self.name, rounds), coefficients, intercept)


def _logistic(X: Array, train: FitData, params: Params, control: FitControl) -> tuple[Array, Array, int]:
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(
        C=1.0 / float(params["strength"]), max_iter=_CHUNK, warm_start=True, random_state=control.seed
    )
    rounds = _in_chunks(model, X, train.y, train.weight, control)
    return np.atleast_2d(model.coef_), np.atleast_1d(model.intercept_), rounds


def _huber(X: Array, train: FitData, params: Params, control: FitControl) -> tuple[Array, Array, int]:
    from sklearn.linear_model import HuberRegressor

    # The penalty and the optimiser's tolerance mean the same for dollars and for millions of them.
    centre, spread = float(np.mean(train.y)), float(np.std(train.y)) or 1.0
    model = HuberRegressor(
        epsilon=float(params["epsilon"]), alpha=float(params["strength"]), max_iter=_CHUNK, warm_start=True
    )
    try:
        rounds = _in_chunks(model, X, (train.y - centre) / spread, train.weight, control)
    except ValueError as exc:
        raise Infeasible(
            f"Huber's regression found no solution on {len(X)} rows: {exc}.",
            hint="use loss 'squared', or a larger strength.",
        ) from exc
    return spread * np.atleast_2d(model.coef_), np.atleast_1d(centre + spread * model.intercept_), rounds


def _quantile(X: Array, train: FitData, params: Params, control: FitControl) -> tuple[Array, Array]:
    """Return the line below which the wanted share of values lies, by linear programming on a bounded sample."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import QuantileRegressor

    most = max(_LEAST_PROGRAM_ROWS, _PROGRAM_CELLS // max(X.shape[1], 1))
    rows = np.arange(len(X))
    if len(rows) > most:
        rows = np.sort(generator(control.seed, "quantile rows").choice(len(rows), most, replace=False))
    centre, spread = float(np.mean(train.y)), float(np.std(train.y)) or 1.0
    model = QuantileRegressor(quantile=float(params["quantile"]), alpha=float(params["strength"]) / len(rows))
    weight = None if train.weight is None else train.weight[rows]
    with warnings.catch_warnings():
        warnings.simplefilter("error", ConvergenceWarning)
        try:
            model.fit(X[rows], (train.y[rows] - centre) / spread, sample_weight=weight)
        except ConvergenceWarning as exc:
            raise Infeasible(
                f"The program of the {params['quantile']} quantile has no solution on {len(rows)} rows: {exc}.",
                hint="use another strength, or another family.",
            ) from exc
    return spread * np.atleast_2d(model.coef_), np.atleast_1d(centre + spread * model.intercept_)


def _in_chunks(model: Any, X: Array, y: Array, weight: Array | None, control: FitControl) -> int:
    """Fit until converged, the iterations are spent, or the deadline comes; return the iterations."""
    from sklearn.exceptions import ConvergenceWarning

    iterations = 0
    while iterations < _MAX_ITERATIONS:
        began = time.monotonic()
        with warnings.catch_warnings():
            # Not yet converged is what a chunk is expected to be; the loop goes on.
            warnings.simplefilter("ignore", ConvergenceWarning)
            model.fit(X, y, sample_weight=weight)
        done = int(np.max(model.n_iter_))
        iterations += done
        now = time.monotonic()
        if done < _CHUNK or (control.deadline is not None and 2 * now - began > control.deadline):
            break
    return max(iterations, 1)


def _ridge(X: Array, train: FitData, strength: float) -> tuple[Array, Array]:
    """Solve (Xc' W Xc + strength I) b = Xc' W yc, with Xc and yc centred by their weighted means."""
    weight = np.ones(len(X)) if train.weight is None else train.weight
    centre = np.average(X, axis=0, weights=weight)
    mean = np.average(train.y, weights=weight)
    Xc = X - centre
    gram = Xc.T @ (weight[:, np.newaxis] * Xc)
    gram[np.diag_indices_from(gram)] += max(strength, 1e-9)  # never singular
    coefficients = np.linalg.solve(gram, Xc.T @ (weight * (train.y - mean)))
    return coefficients[np.newaxis], np.array([mean - centre @ coefficients])
