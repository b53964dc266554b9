"""Families that learn orders: they order, they repeat, they come back from disk and they stand in ONNX."""

import dataclasses

import numpy as np
import onnxruntime
import pytest
from onnx import TensorProto, helper

from mlwright.base.errors import Infeasible
from mlwright.data.task import Task
from mlwright.evaluation.metrics import metric
from mlwright.evaluation.queries import spread_within
from mlwright.export.onnx.estimators import emit_estimator
from mlwright.export.onnx.graph import GraphBuilder
from mlwright.models.protocol import Facts, FitControl, FitData
from mlwright.models.rankers import RANKERS
from mlwright.models.tabular import load_family
from mlwright.models.tabular.loading import load_estimator

FAMILIES = list(RANKERS)
CONTROL = FitControl(seed=3, threads=1)


def graded(queries: int = 40, rows: int = 10) -> FitData:
    """Rows whose grade is the rank of x0 + x1 within the query; x2 shifts whole queries and must not matter."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(queries * rows, 4)).astype(np.float32)
    query = np.repeat(np.arange(queries), rows)
    X[:, 2] = query % 7
    score = (X[:, 0] + X[:, 1]).reshape(queries, rows)
    y = np.digitize(score.argsort(axis=1).argsort(axis=1), [5, 7, 9]).reshape(-1).astype(float)
    order = rng.permutation(len(y))
    return FitData(X[order], y[order], queries=query[order])


def small(name: str) -> dict:
    params = load_family(name).portfolio(Facts(Task.REGRESSION, rows=400, features=4))[0]
    return {**params, "rounds": 40}


@pytest.mark.parametrize("name", FAMILIES)
def test_a_ranker_learns_the_order_and_scores_spread_by_one(name):
    data = graded()
    estimator = load_family(name).fit(data, None, Task.REGRESSION, small(name), CONTROL)
    scores = estimator.predict(data.X)
    assert metric("ndcg@5").compute(data.y, scores, group=data.queries) > 0.93
    assert spread_within(scores, data.queries) == pytest.approx(1.0, abs=0.02)


@pytest.mark.parametrize("name", FAMILIES)
def test_the_order_of_the_rows_and_the_names_of_queries_do_not_matter_for_the_form_of_the_fit(name):
    data = graded()
    first = load_family(name).fit(data, None, Task.REGRESSION, small(name), CONTROL).predict(data.X)
    again = load_family(name).fit(data, None, Task.REGRESSION, small(name), CONTROL).predict(data.X)
    np.testing.assert_array_equal(first, again)
    renamed = dataclasses.replace(data, queries=data.queries * 10 + 7)
    other = load_family(name).fit(renamed, None, Task.REGRESSION, small(name), CONTROL).predict(data.X)
    np.testing.assert_allclose(first, other, rtol=1e-6)


@pytest.mark.parametrize("name", FAMILIES)
def test_a_ranker_comes_back_from_disk_and_stands_in_onnx(name, tmp_path):
    data = graded()
    estimator = load_family(name).fit(data, None, Task.REGRESSION, small(name), CONTROL)
    estimator.save(tmp_path)
    native = load_estimator(tmp_path).predict(data.X)
    np.testing.assert_allclose(native, estimator.predict(data.X), rtol=1e-6)
    graph = GraphBuilder()
    value = emit_estimator(estimator, graph, "X", Task.REGRESSION)
    graph.rename(value, "out")
    model = graph.build(
        [helper.make_tensor_value_info("X", TensorProto.FLOAT, ["N", 4])],
        [helper.make_tensor_value_info("out", TensorProto.FLOAT, ["N", 1])],
        name="ranker",
    )
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    served = session.run(None, {"X": data.X})[0].reshape(-1)
    np.testing.assert_allclose(served, native, atol=1e-5)


@pytest.mark.parametrize("name", FAMILIES)
def test_rows_without_queries_and_queries_without_an_order_are_refused(name):
    data = graded()
    with pytest.raises(Infeasible, match="without their queries"):
        load_family(name).fit(dataclasses.replace(data, queries=None), None, Task.REGRESSION, small(name), CONTROL)
    flat = dataclasses.replace(data, y=np.zeros(len(data.y)))
    with pytest.raises(Infeasible, match="two different grades"):
        load_family(name).fit(flat, None, Task.REGRESSION, small(name), CONTROL)
