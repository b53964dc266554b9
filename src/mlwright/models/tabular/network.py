"""Small networks for tables: piecewise-linear inputs, a few hidden layers, several members averaged; numpy alone.

On tables of up to some 100,000 rows a batch is a few milliseconds of matrix products, which numpy does as fast as a
framework for deep learning; so this family needs none, neither to be trained nor to predict.
"""

import json
from collections.abc import Callable
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
from mlwright.models.tabular.network_fit import Grown, NetworkPlan, NetworkRows, predict_network, train_network
from mlwright.models.tabular.network_inputs import NetworkInputs
from mlwright.models.tabular.network_layers import NetworkShape
from mlwright.models.tabular.network_loss import class_shares, network_loss, values_of
from mlwright.models.tabular.network_steps import StepPlan
from mlwright.models.tabular.problem import Problem

_MOST_PARAMETERS = 30_000_000
_SMALL_ROWS = 1_500
_STATE, _WEIGHTS = "network.json", "network.npy"


@dataclass(frozen=True, slots=True)
class NetworkEstimator:
    """Members that see the same inputs; their answers are averaged.

    Attributes:
        inputs: What they see of a row.
        shape: Their form.
        vector: Their parameters, float32, shape (shape.parameters,).
        grown: All epochs that were kept; not stored.
    """

    file: EstimatorFile
    inputs: NetworkInputs
    shape: NetworkShape
    vector: Array
    grown: Grown | None = None

    @property
    def rounds(self) -> int:
        return self.file.rounds

    def at(self, rounds: int) -> "NetworkEstimator":
        """Return the network after about so many epochs; it lets go of the others."""
        if self.grown is None:
            return self
        kept = self.grown.nearest(rounds)
        file = self.file.model_copy(update={"rounds": kept})
        return NetworkEstimator(file, self.inputs, self.shape, self.grown.snapshots[kept])

    def predict(self, X: Array) -> Array:
        self.file.check_width(X)
        if not len(X):
            return self.file.empty()
        # In double: the graph is in float32, and only one of both may round.
        return self.file.answer(
            predict_network(self.shape, self.vector, self.inputs, X.astype(np.float64), _answers(self.file))
        )

    def save(self, directory: Path) -> None:
        self.file.write(directory)
        shape = {name: getattr(self.shape, name) for name in NetworkShape.__slots__}
        content = {"shape": shape, "inputs": self.inputs.state()}
        (directory / _STATE).write_text(json.dumps(content, sort_keys=True) + "\n", encoding="utf-8")
        np.save(directory / _WEIGHTS, self.vector, allow_pickle=False)

    @classmethod
    def load(cls, directory: Path) -> Self:
        content = json.loads((directory / _STATE).read_text(encoding="utf-8"))
        vector = np.load(directory / _WEIGHTS, allow_pickle=False)
        inputs, shape = NetworkInputs.from_state(content["inputs"]), NetworkShape(**content["shape"])
        return cls(EstimatorFile.read(directory), inputs, shape, vector)


class Network:
    """Multilayer perceptrons on piecewise-linear inputs, trained together and averaged.

    Source: Gorishniy et al., "On Embeddings for Numerical Features in Tabular Deep Learning", NeurIPS 2022; Holzmueller
    et al., "Better by Default: Strong Pre-Tuned MLPs and Boosted Trees on Tabular Data", NeurIPS 2024.
    """

    traits: ClassVar[Traits] = Traits(summary="small neural networks on piecewise-linear inputs", extra="train")
    name: ClassVar[str] = "network"
    preparation: ClassVar[Literal["tree", "linear"]] = "linear"
    estimator: ClassVar[type[NetworkEstimator]] = NetworkEstimator
    complexity: ClassVar[int] = 8

    def portfolio(self, facts: Facts) -> list[dict[str, Any]]:
        return _portfolio(facts)

    def suggest(self, trial: Any, facts: Facts) -> dict[str, Any]:
        plain = _portfolio(facts)[0]
        return {
            **plain,
            "width": trial.suggest_categorical("width", [64, 96, 128, 192, 256]),
            "layers": trial.suggest_int("layers", 2, 4),
            "bins": trial.suggest_int("bins", 1, 96, log=True),
            "pairs": trial.suggest_int("pairs", 0, 8),
            "peak_rate": trial.suggest_float("peak_rate", 1e-3, 8e-3, log=True),
            "decay": trial.suggest_float("decay", 0.05, 20.0, log=True),
            "dropout": trial.suggest_float("dropout", 0.0, 0.4),
        }

    def fit(
        self, train: FitData, valid: FitData | None, task: Task, params: Params, control: FitControl
    ) -> NetworkEstimator:
        check_time(control)
        problem = Problem.of(train, valid, task, params)
        inputs = NetworkInputs.fit(problem.train.X, bins=int(params["bins"]), pairs=int(params["pairs"]))
        plan = _plan(problem, inputs, params)
        offset, scale = (0.0, 1.0) if task.is_classification else _spread(problem.train)
        judged = None if problem.valid is None else _rows(problem.valid, offset, scale)
        loss = network_loss(params, classes=0 if problem.labels is None else len(problem.labels.present))
        grown = train_network(plan, inputs, loss, (_rows(problem.train, offset, scale), judged), control)
        file = problem.file(self.name, grown.best, offset=offset, scale=scale)
        return NetworkEstimator(file, inputs, plan.shape, grown.snapshots[grown.best], grown)


def _plan(problem: Problem, inputs: NetworkInputs, params: Params) -> NetworkPlan:
    shape = NetworkShape(
        inputs=inputs.count,
        width=int(params["width"]),
        layers=int(params["layers"]),
        outputs=problem.outputs,
        members=int(params["members"]),
    )
    if shape.parameters > _MOST_PARAMETERS:
        raise Infeasible(
            f"A network on {problem.train.X.shape[1]} columns would have {shape.parameters:,} parameters; "
            f"{_MOST_PARAMETERS:,} are the most.",
            hint="use fewer columns, a smaller width, or another family such as 'linear'.",
        )
    steps = StepPlan(float(params["peak_rate"]), float(params["decay"]), float(params["memory"]))
    batch = min(int(params["batch"]), len(problem.train.y))
    return NetworkPlan(shape, steps, int(params["epochs"]), int(params["patience"]), batch, float(params["dropout"]))


def _spread(data: FitData) -> tuple[float, float]:
    """Return mean and deviation of the values, by which the network learns them."""
    centre = float(np.average(data.y, weights=data.weight))
    spread = float(np.sqrt(np.average((data.y - centre) ** 2, weights=data.weight)))
    return centre, spread if np.isfinite(spread) and spread > 0 else 1.0


def _rows(data: FitData, offset: float, scale: float) -> NetworkRows:
    y = data.y if np.issubdtype(data.y.dtype, np.integer) else ((data.y - offset) / scale).astype(np.float32)
    weight = None
    if data.weight is not None and data.weight.sum() > 0:
        weight = (data.weight / data.weight.mean()).astype(np.float32)
    return NetworkRows(data.X, y, weight)


def _answers(file: EstimatorFile) -> Callable[[Array], Array]:
    return values_of if file.labels is None else class_shares


def _portfolio(facts: Facts) -> list[dict[str, Any]]:
    plain: dict[str, Any] = {
        "epochs": 24,
        "patience": 8,
        "members": 1,
        "width": 128,
        "layers": 3,
        "bins": 16,
        "pairs": 6,
        "peak_rate": 3e-3,
        "decay": 5.0,
        "dropout": 0.2,
        "memory": 0.99,
        "batch": _batch(facts.rows),
    }
    if facts.rows < _SMALL_ROWS:
        return _small_portfolio(plain)
    # One member first: the folds' networks are averaged as it is. More members where there is time for them.
    if facts.task.is_classification:
        return [
            plain,
            {**plain, "epochs": 32, "decay": 4.0, "pairs": 12, "members": 2},
            {**plain, "pairs": 0, "dropout": 0.3, "members": 2},
            {**plain, "epochs": 32, "decay": 2.0, "dropout": 0.4, "width": 256, "members": 2},
        ]
    # Values are to be met exactly: finer bins, and a hand less firm.
    plain = {**plain, "epochs": 32, "bins": 48, "pairs": 3, "decay": 0.3, "dropout": 0.05}
    loose = {**plain, "bins": 32, "pairs": 0, "decay": 0.1}
    return [
        plain,
        {**loose, "members": 2},
        {**plain, "members": 3, "batch": plain["batch"] // 2},
        {**loose, "members": 3, "epochs": 40, "width": 192},
        {**plain, "bins": 64, "pairs": 6, "decay": 1.0, "dropout": 0.1, "members": 3},
    ]


def _small_portfolio(plain: dict[str, Any]) -> list[dict[str, Any]]:
    # Few rows cannot fill bins: there the columns enter as they are, and more members steady the answer.
    firm = {**plain, "bins": 1, "pairs": 0, "decay": 10.0, "dropout": 0.3, "width": 64, "members": 4, "peak_rate": 2e-3}
    return [firm, {**firm, "decay": 1.0, "dropout": 0.1}, {**firm, "bins": 8}, {**firm, "bins": 16, "pairs": 4}]


def _batch(rows: int) -> int:
    """Return rows a step: as few as keep the steps many, as many as keep them quick."""
    limits = ((_SMALL_ROWS, 32), (4_000, 128), (40_000, 256), (150_000, 512))
    return next((batch for most, batch in limits if rows < most), 1024)
