"""The baseline that looks at no column: what any real model must beat."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

import numpy as np

from mlwright.base.traits import Traits
from mlwright.data.columns import Array
from mlwright.models.protocol import Facts, FitControl, FitData, Params
from mlwright.models.signature import Task
from mlwright.models.tabular.estimator_file import EstimatorFile
from mlwright.models.tabular.labels import Labels
from mlwright.models.tabular.shapes import quantile_of


@dataclass(frozen=True, slots=True)
class DummyEstimator:
    """The same answer for every row: `answer` is float64, shape (C,) or (1,)."""

    file: EstimatorFile
    constant: Array

    @property
    def rounds(self) -> int:
        return self.file.rounds

    def predict(self, X: Array) -> Array:
        self.file.check_width(X)
        if self.file.labels is None:
            return np.full(len(X), self.constant[0])
        return np.tile(self.constant, (len(X), 1))

    def save(self, directory: Path) -> None:
        self.file.write(directory)
        text = json.dumps({"constant": self.constant.tolist()}, sort_keys=True)
        (directory / "dummy.json").write_text(text + "\n", encoding="utf-8")

    @classmethod
    def load(cls, directory: Path) -> Self:
        content = json.loads((directory / "dummy.json").read_text(encoding="utf-8"))
        return cls(EstimatorFile.read(directory), np.asarray(content["constant"], dtype=np.float64))


class Dummy:
    """Shares of the classes; mean or median of the values."""

    traits: ClassVar[Traits] = Traits(summary="constant baseline: class shares, mean or median")
    name: ClassVar[str] = "dummy"
    preparation: ClassVar[Literal["tree", "linear"]] = "tree"
    estimator: ClassVar[type[DummyEstimator]] = DummyEstimator
    complexity: ClassVar[int] = 0

    def portfolio(self, facts: Facts) -> list[dict[str, Any]]:
        if facts.task.is_classification:
            return [{"strategy": "prior"}]
        share = quantile_of(facts.metric)
        if share is not None:
            return [{"strategy": "quantile", "quantile": share}]
        return [{"strategy": "mean"}, {"strategy": "median"}]

    def suggest(self, trial: Any, facts: Facts) -> dict[str, Any]:
        sets = self.portfolio(facts)
        strategy = trial.suggest_categorical("strategy", [params["strategy"] for params in sets])
        return next(params for params in sets if params["strategy"] == strategy)

    def fit(
        self, train: FitData, valid: FitData | None, task: Task, params: Params, control: FitControl
    ) -> DummyEstimator:
        del control  # instant
        weight = np.ones(len(train.y)) if train.weight is None else train.weight
        labels = Labels.of(train, valid) if task.is_classification else None
        if labels is not None:
            mass = np.bincount(labels.restrict(train).y, weights=weight)
            constant = labels.expand(mass[np.newaxis] / mass.sum())[0]
        elif params.get("strategy") in ("median", "quantile"):
            constant = np.array([_weighted_quantile(train.y, weight, float(params.get("quantile", 0.5)))])
        else:
            constant = np.array([np.average(train.y, weights=weight)])
        file = EstimatorFile(family=self.name, task=task, rounds=1, features=int(train.X.shape[1]), labels=labels)
        return DummyEstimator(file, constant)


def _weighted_quantile(values: Array, weight: Array, share: float) -> float:
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weight[order]) / weight.sum()
    low = values[order][np.searchsorted(reached, share - 1e-12)]
    high = values[order][min(np.searchsorted(reached, share + 1e-12), len(values) - 1)]
    return float(low + high) / 2
