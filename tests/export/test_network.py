"""Networks and neighbours in ONNX where it is hard: pairs, steep bins, copies of rows."""

from typing import Any

import numpy as np
import onnxruntime
import pytest
from onnx import TensorProto, helper

from mlwright.base.seeds import generator
from mlwright.data.columns import Array
from mlwright.data.task import TABULAR_TASKS
from mlwright.export.onnx.estimators import emit_estimator
from mlwright.export.onnx.graph import GraphBuilder
from mlwright.models.protocol import Facts, FitControl, FitData
from mlwright.models.signature import Task
from mlwright.models.tabular.neighbours import NearestNeighbours
from mlwright.models.tabular.network import Network

CONTROL = FitControl(seed=0, threads=1)


def run(estimator: Any, task: Task, X: Array) -> Array:
    graph = GraphBuilder()
    graph.rename(emit_estimator(estimator, graph, "X", task), "Y")
    matrix = helper.make_tensor_value_info("X", TensorProto.FLOAT, [None, X.shape[1]])
    answer = helper.make_tensor_value_info("Y", TensorProto.FLOAT, [None, None])
    content = graph.build([matrix], [answer], name="test").SerializeToString()
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    return session.run(None, {"X": X})[0].astype(np.float64)


def rows(task: Task, count: int) -> FitData:
    """Columns that go together, one mostly zero, one of few levels, and an outlier."""
    draw = generator(0, "hard", task)
    first = draw.normal(size=count)
    amounts = np.where(draw.random(count) < 0.8, 0.0, draw.exponential(size=count))
    X = np.column_stack([first, first + 0.05 * draw.normal(size=count), amounts, draw.integers(0, 5, count)])
    X[0, 0] = 10.0
    y = first + amounts + 0.2 * draw.normal(size=count)
    if task is Task.REGRESSION:
        return FitData(X.astype(np.float32), 1e5 + 1e4 * y)
    return FitData(X.astype(np.float32), np.digitize(y, [0.0] if task is Task.BINARY else [0.0, 1.0]))


@pytest.mark.parametrize("task", list(TABULAR_TASKS))
@pytest.mark.parametrize("entry", range(4))
def test_every_network_of_the_portfolio_answers_as_its_graph_does(task: Task, entry: int) -> None:
    data = rows(task, 1500)
    params = {**Network().portfolio(Facts(task, 3000, 4, classes=3))[entry], "epochs": 4}
    network = Network().fit(data, None, task, params, CONTROL)
    expected = network.predict(data.X).reshape(len(data.X), -1)
    scale = np.std(data.y) if task is Task.REGRESSION else 1.0
    assert np.abs(run(network, task, data.X) - expected).max() / scale < 1e-5


@pytest.mark.parametrize("task", list(TABULAR_TASKS))
def test_copies_and_rows_equally_far_vote_as_in_the_graph(task: Task) -> None:
    data = rows(task, 300)
    X = np.round(data.X)  # many rows at the same places
    params = {"neighbours": 5, "sharpness": 2.0, "scale": "target"}
    nearest = NearestNeighbours().fit(FitData(X, data.y), None, task, params, CONTROL)
    expected = nearest.predict(X).reshape(len(X), -1)
    scale = np.std(data.y) if task is Task.REGRESSION else 1.0
    assert np.abs(run(nearest, task, X) - expected).max() / scale < 1e-6
