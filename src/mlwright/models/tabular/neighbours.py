"""The nearest training rows vote, each by how near it is: nothing is learned but the scale of the columns."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

import numpy as np

from mlwright.base.errors import Infeasible
from mlwright.base.traits import Traits
from mlwright.data.columns import Array
from mlwright.models.protocol import Facts, FitControl, FitData, Params
from mlwright.models.signature import Task
from mlwright.models.tabular.boosting import check_time
from mlwright.models.tabular.estimator_file import EstimatorFile
from mlwright.models.tabular.problem import Problem

# Every row asked for is compared with every row kept: the graph carries them, and holds all distances at once.
_MOST_ROWS = 8_000
_MOST_CELLS = 2_000_000
GRID = 2.0**20  # distances are whole multiples of 1 / GRID, so that equal ones are equal in every library
FLOOR, TINY = 1e-3, 1e-9  # the least share of a vote; the least distance that others are measured by
_BATCH_ROWS = 1024
_STATE, _ROWS, _VOTES = "neighbours.json", "rows.npy", "votes.npy"


@dataclass(frozen=True, slots=True)
class NearestEstimator:
    """Kept rows and their votes.

    Attributes:
        rows: Scaled training rows, float64, shape (n, d).
        votes: Row weight times the class as one column a class, or times (value, 1), float64, shape (n, K or 2).
        scale: Of each column, float64, shape (d,).
        neighbours: Rows that vote; one more says how far "near" reaches.
        sharpness: A vote counts (1 - squared distance / that of the row beyond) to this power; 0 counts all the same.
        prior: Votes that are there before any row's, float64, shape (K or 2,).
    """

    file: EstimatorFile
    rows: Array
    votes: Array
    scale: Array
    neighbours: int
    sharpness: float
    prior: Array

    @property
    def rounds(self) -> int:
        return self.file.rounds

    def predict(self, X: Array) -> Array:
        self.file.check_width(X)
        if not len(X):
            return self.file.empty()
        wide = X.astype(np.float64) * self.scale
        parts = [self._shares(wide[start : start + _BATCH_ROWS]) for start in range(0, len(wide), _BATCH_ROWS)]
        return self.file.answer(np.concatenate(parts))

    def _shares(self, asked: Array) -> Array:
        apart = (asked**2).sum(axis=1, keepdims=True) + (self.rows**2).sum(axis=1) - 2.0 * (asked @ self.rows.T)
        apart = np.floor(np.maximum(apart, 0.0) * GRID + 0.5) / GRID
        # A stable order: of rows equally far the first, as ONNX's TopK has it.
        order = np.argsort(apart, axis=1, kind="stable")[:, : self.neighbours + 1]
        near = np.take_along_axis(apart, order, axis=1)
        share = 1.0 - near[:, :-1] / np.maximum(near[:, -1:], TINY)
        counts = share**self.sharpness + FLOOR
        totals = np.einsum("nk,nkc->nc", counts, self.votes[order[:, :-1]]) + self.prior
        if self.file.labels is None:
            return totals[:, 0] / totals[:, 1]
        return totals / totals.sum(axis=1, keepdims=True)

    def save(self, directory: Path) -> None:
        self.file.write(directory)
        content = {
            "scale": self.scale.tolist(),
            "neighbours": self.neighbours,
            "sharpness": self.sharpness,
            "prior": self.prior.tolist(),
        }
        (directory / _STATE).write_text(json.dumps(content, sort_keys=True) + "\n", encoding="utf-8")
        np.save(directory / _ROWS, self.rows, allow_pickle=False)
        np.save(directory / _VOTES, self.votes, allow_pickle=False)

    @classmethod
    def load(cls, directory: Path) -> Self:
        content = json.loads((directory / _STATE).read_text(encoding="utf-8"))
        return cls(
            file=EstimatorFile.read(directory),
            rows=np.load(directory / _ROWS, allow_pickle=False),
            votes=np.load(directory / _VOTES, allow_pickle=False),
            scale=np.array(content["scale"], dtype=np.float64),
            neighbours=int(content["neighbours"]),
            sharpness=float(content["sharpness"]),
            prior=np.array(content["prior"], dtype=np.float64),
        )


class NearestNeighbours:
    """k nearest neighbours on standardised columns; a vote fades to nothing at the first row that has none.

    Source: Hechenbichler and Schliep, "Weighted k-Nearest-Neighbor Techniques and Ordinal Classification", 2004.
    """

    traits: ClassVar[Traits] = Traits(summary="nearest neighbours, weighted by distance", extra="train")
    name: ClassVar[str] = "nearest_neighbours"
    preparation: ClassVar[Literal["tree", "linear"]] = "linear"
    estimator: ClassVar[type[NearestEstimator]] = NearestEstimator
    refit: ClassVar[bool] = True
    complexity: ClassVar[int] = 2

    def portfolio(self, facts: Facts) -> list[dict[str, Any]]:
        few = max(3, min(16, facts.rows // 10))
        return [
            {"neighbours": few, "sharpness": 1.0, "scale": "target"},
            {"neighbours": 3 * few, "sharpness": 1.0, "scale": "target"},
            {"neighbours": few, "sharpness": 1.0, "scale": "plain"},
        ]

    def suggest(self, trial: Any, facts: Facts) -> dict[str, Any]:
        most = max(4, min(100, facts.rows // 4))
        return {
            "neighbours": trial.suggest_int("neighbours", 2, most, log=True),
            "sharpness": trial.suggest_float("sharpness", 0.0, 3.0),
            "scale": trial.suggest_categorical("scale", ["plain", "target"]),
        }

    def fit(
        self, train: FitData, valid: FitData | None, task: Task, params: Params, control: FitControl
    ) -> NearestEstimator:
        check_time(control)
        problem = Problem.of(train, valid, task, params)
        _check_size(problem.train)
        weight = np.ones(len(problem.train.y)) if problem.train.weight is None else problem.train.weight
        votes = weight[:, np.newaxis] * _targets(problem)
        X = problem.train.X.astype(np.float64)
        scale = _relevance(X, votes, weight) if params["scale"] == "target" else np.ones(X.shape[1])
        total = votes.sum(axis=0)
        return NearestEstimator(
            file=problem.file(self.name, 1),
            rows=X * scale,
            votes=votes,
            scale=scale,
            neighbours=min(int(params["neighbours"]), len(X) - 1),
            sharpness=float(params["sharpness"]),
            # One vote spread over the classes as they occur: no probability is 0.
            prior=total / (total.sum() if problem.labels is not None else max(total[1], TINY)),
        )


def _check_size(data: FitData) -> None:
    rows, columns = data.X.shape
    if rows < 2:
        raise Infeasible("One training row has no neighbour; two at least were expected.", hint="use more rows.")
    if rows > _MOST_ROWS or rows * columns > _MOST_CELLS:
        raise Infeasible(
            f"{rows:,} rows of {columns:,} columns are too many to keep; at most {_MOST_ROWS:,} rows and "
            f"{_MOST_CELLS:,} cells are kept.",
            hint="use another family, such as 'lightgbm'.",
        )


def _targets(problem: Problem) -> Array:
    """Return the class as one column a class, or (value, 1)."""
    y = problem.train.y
    if problem.labels is not None:
        return np.eye(len(problem.labels.present))[y]
    return np.column_stack([y, np.ones(len(y))]).astype(np.float64)


def _relevance(X: Array, votes: Array, weight: Array) -> Array:
    """Return a scale for each column: the largest correlation with a target, none below a fifth of the best."""
    centred = X - np.average(X, axis=0, weights=weight)
    targets = votes - np.outer(weight, votes.sum(axis=0) / weight.sum())
    spread = np.sqrt((weight[:, np.newaxis] * centred**2).sum(axis=0))
    sizes = np.sqrt((targets**2).sum(axis=0))
    both = np.outer(np.where(spread > 0, spread, 1.0), np.where(sizes > 0, sizes, 1.0))
    strength = np.max(np.abs(centred.T @ targets) / both, axis=1)
    best = strength.max()
    return np.maximum(strength / best, 0.2) if best > 0 else np.ones(X.shape[1])
