"""Every family, exported, answers as its own library does: in general, on thresholds, and on missing values."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import onnxruntime
import pytest
from onnx import TensorProto, helper

from mlwright.base.errors import ExportError
from mlwright.data.columns import Array
from mlwright.data.task import TABULAR_TASKS
from mlwright.export.onnx.estimators import EMITTERS, emit_estimator
from mlwright.export.onnx.graph import GraphBuilder
from mlwright.models.protocol import Estimator, Facts, FitControl, FitData
from mlwright.models.signature import Task
from mlwright.models.tabular import MODELS
from mlwright.models.unsupervised import UNSUPERVISED
from mlwright.testing.models import made_table, short

CONTROL = FitControl(seed=3, threads=1)
TREES = ("lightgbm", "xgboost", "catboost", "random_forest", "extra_trees", "hist_boosting")


def fitted(name: str, task: Task, *, missing: bool = True, absent: int | None = None, **changes: Any) -> Estimator:
    family = MODELS.load(name)()
    train = made_table(task, 400, family.preparation if missing else "linear")
    if absent is not None:
        train = replace(train, X=train.X[train.y != absent], y=train.y[train.y != absent])
    facts = Facts(task, 400, train.X.shape[1], classes=3, minority_share=0.3)
    params = {**short(family.portfolio(facts)[0]), **changes}
    return family.fit(train, None, task, params, CONTROL)


def session(estimator: Estimator, task: Task, features: int) -> onnxruntime.InferenceSession:
    graph = GraphBuilder()
    graph.rename(emit_estimator(estimator, graph, "X", task), "Y")
    matrix = helper.make_tensor_value_info("X", TensorProto.FLOAT, [None, features])
    answer = helper.make_tensor_value_info("Y", TensorProto.FLOAT, [None, None])
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    content = graph.build([matrix], [answer], name="test").SerializeToString()
    return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])


def hard_rows(estimator: Estimator, X: Array) -> Array:
    """Return rows with values at the thresholds, one float32 step beside them, at the ends, and missing."""
    rows = [X]
    # A bound at the end of float32 parts the missing values from all others.
    bounds = [(feature, bound) for feature, bound in thresholds(estimator) if abs(bound) < 1e38]
    for feature, bound in bounds[:300]:
        near = np.float32(bound)
        for value in (np.nextafter(near, np.float32(-np.inf)), near, np.nextafter(near, np.float32(np.inf))):
            row = X[len(rows) % len(X) : len(rows) % len(X) + 1].copy()
            row[0, feature] = value
            rows.append(row)
    for value in (0.0, -0.0, 10.0, -10.0, 1e-40, *((1e30, -1e30) if bounds else ())):
        rows.append(np.full((1, X.shape[1]), value, dtype=np.float32))
    return np.concatenate(rows)


def thresholds(estimator: Any) -> Iterator[tuple[int, float]]:
    """Yield the thresholds of a tree model, by paths other than those of the exporter where a library has one."""
    name = estimator.file.family
    if name == "lightgbm":
        frame: Any = estimator.booster.trees_to_dataframe()
        frame = frame[frame.split_feature.notna()]
        yield from zip(frame.split_feature.str.removeprefix("Column_").astype(int), frame.threshold, strict=True)
    elif name == "xgboost":
        frame = estimator.booster.trees_to_dataframe()
        frame = frame[frame.Feature != "Leaf"]
        yield from zip(frame.Feature.str.removeprefix("f").astype(int), frame.Split, strict=True)
    elif name == "catboost":
        for index, borders in estimator.model.get_borders().items():
            yield from ((index, border) for border in borders)
    elif name in {"random_forest", "extra_trees"}:
        for tree in estimator.model.estimators_:
            inner = tree.tree_.children_left >= 0
            yield from zip(tree.tree_.feature[inner], tree.tree_.threshold[inner], strict=True)
    elif name == "hist_boosting":
        for tree in (tree for trees in estimator.model._predictors for tree in trees):
            inner = tree.nodes[tree.nodes["is_leaf"] == 0]
            yield from zip(inner["feature_idx"], inner["num_threshold"], strict=True)


def difference(estimator: Estimator, task: Task, X: Array) -> Array:
    """Return |ONNX - library|, for regression in units of the target's standard deviation."""
    got = session(estimator, task, X.shape[1]).run(None, {"X": X})[0].astype(np.float64)
    expected = estimator.predict(X)
    assert got.shape == ((len(X), 1) if task is Task.REGRESSION else expected.shape)
    if task is not Task.REGRESSION:
        return np.abs(got - expected).max(axis=1)
    return np.abs(got[:, 0] - expected) / np.std(made_table(task, 400).y)


@pytest.mark.parametrize("task", TABULAR_TASKS)
@pytest.mark.parametrize("name", list(MODELS))
def test_answers_are_those_of_the_library(name: str, task: Task) -> None:
    estimator = fitted(name, task)
    X = made_table(task, 300, MODELS.load(name).preparation, seed=5).X
    assert difference(estimator, task, hard_rows(estimator, X)).max() < 1e-6


@pytest.mark.parametrize("task", TABULAR_TASKS)
@pytest.mark.parametrize("name", TREES)
def test_missing_values_unknown_to_training_go_where_the_library_sends_them(name: str, task: Task) -> None:
    estimator = fitted(name, task, missing=False)
    X = made_table(task, 300, "tree", seed=6).X
    X[::5, 0] = np.nan
    X[::7, 3] = np.nan
    X[0] = np.nan
    assert difference(estimator, task, X).max() < 1e-6


@pytest.mark.parametrize("absent", [0, 1, 2])
@pytest.mark.parametrize("name", list(MODELS))
def test_an_absent_class_keeps_its_column(name: str, absent: int) -> None:
    estimator = fitted(name, Task.MULTICLASS, absent=absent)
    X = made_table(Task.MULTICLASS, 100, MODELS.load(name).preparation, seed=5).X
    assert difference(estimator, Task.MULTICLASS, X).max() < 1e-6


@pytest.mark.parametrize("task", TABULAR_TASKS)
@pytest.mark.parametrize("name", TREES)
def test_trees_without_a_split_are_exported(name: str, task: Task) -> None:
    family = MODELS.load(name)()
    train = made_table(task, 30)
    if name == "catboost":
        pytest.skip("CatBoost itself refuses columns that are all constant")
    train = replace(train, X=np.ones_like(train.X))
    params = short(family.portfolio(Facts(task, 30, 5, classes=3))[0])
    estimator = family.fit(train, None, task, params, CONTROL)
    assert difference(estimator, task, train.X).max() < 1e-6


@pytest.mark.slow
@pytest.mark.parametrize("task", TABULAR_TASKS)
@pytest.mark.parametrize("name", TREES)
def test_hundreds_of_trees_stay_as_precise(name: str, task: Task) -> None:
    many = {"rounds": 500} if name not in {"random_forest", "extra_trees"} else {"trees": 100}
    estimator = fitted(name, task, **many)
    X = made_table(task, 300, seed=5).X
    # XGBoost itself adds its trees in float32, so here it is the library that misses the sum.
    limit = 4e-6 if (name, task) == ("xgboost", Task.REGRESSION) else 1e-6
    assert difference(estimator, task, hard_rows(estimator, X)).max() < limit


@pytest.mark.parametrize("name", ["lightgbm", "xgboost", "catboost", "hist_boosting"])
def test_years_stay_as_precise_as_their_float_allows(name: str) -> None:
    family = MODELS.load(name)()
    train = made_table(Task.REGRESSION, 400)
    years = FitData(train.X, 2000 + np.round((train.y - 250_000) / 8_000))
    facts = Facts(Task.REGRESSION, 400, 5)
    estimator = family.fit(years, None, Task.REGRESSION, {**family.portfolio(facts)[0], "rounds": 200}, CONTROL)
    got = session(estimator, Task.REGRESSION, 5).run(None, {"X": train.X})[0][:, 0]
    # Half a step of float32 around 2000 is 6e-5; one more of the same for the sum.
    assert np.abs(got - estimator.predict(train.X)).max() < 1.3e-4


def test_every_family_has_an_emitter() -> None:
    assert {*MODELS, *UNSUPERVISED} == set(EMITTERS)


def test_one_estimator_is_one_tree_node() -> None:
    graph = GraphBuilder()
    emit_estimator(fitted("lightgbm", Task.MULTICLASS), graph, "X", Task.MULTICLASS)
    kinds = [node.op_type for node in graph._nodes]
    assert kinds == ["Cast", "TreeEnsembleRegressor", "Add", "Softmax"]


def test_another_task_is_refused() -> None:
    with pytest.raises(ExportError, match="fitted for binary"):
        emit_estimator(fitted("dummy", Task.BINARY), GraphBuilder(), "X", Task.REGRESSION)


def test_an_unknown_estimator_is_refused() -> None:
    stranger: Any = object()
    with pytest.raises(ExportError, match="object has no ONNX form"):
        emit_estimator(stranger, GraphBuilder(), "X", Task.BINARY)
