"""The whole graph: from raw columns to labels, the same as the native model."""

import numpy as np
import pytest

from mlwright.data.columns import row_count, take
from mlwright.data.schema import Column, SemanticType
from mlwright.export.onnx.graph import GraphBuilder
from mlwright.export.onnx.model import emit_calibrator, export_onnx
from mlwright.export.onnx.parity import GATE, parity, run_graph
from mlwright.features.preparation import PreparationPlan, fit_preparation
from mlwright.models.protocol import Facts, FitControl, FitData
from mlwright.models.signature import Signature, Task
from mlwright.models.tabular import MODELS
from mlwright.models.tabular.calibration import Isotonic, Platt, Temperature
from mlwright.models.tabular.ensemble import Member, TabularModel

ROWS = 400
INPUTS = (
    Column(name="age", type=SemanticType.NUMBER),
    Column(name="value", type=SemanticType.NUMBER),  # the name of an output of a regression's graph
    Column(name="label", type=SemanticType.CATEGORY),  # ... of a classification's
    Column(name="seen at", type=SemanticType.DATETIME),
)


@pytest.fixture(scope="module")
def columns():
    random = np.random.default_rng(0)
    age = random.normal(40, 12, ROWS)
    age[random.random(ROWS) < 0.1] = np.nan
    levels = np.array(["", "red", "grün", "blue"], dtype=object)
    return {
        "age": age,
        "value": random.normal(1e6, 3e5, ROWS).round(2),
        "label": levels[random.integers(0, 4, ROWS)],
        "seen at": 1.7e9 + 86_400 * random.integers(0, 900, ROWS).astype(np.float64),
    }


def target_of(columns, task: Task):
    random = np.random.default_rng(1)
    z = (
        np.nan_to_num(columns["age"], nan=40.0) / 12
        - 3.3
        + (columns["label"] == "red")
        + 0.5 * random.normal(size=ROWS)
    )
    if task is Task.REGRESSION:
        return 1_000 + 50 * z
    return np.digitize(z, [0.0] if task is Task.BINARY else [-0.5, 0.7]).astype(np.int64)


def bag(family: str, columns, y, task: Task) -> Member:
    """Fit two estimators, each on another half, of 20 rounds."""
    chosen = MODELS.load(family)()
    classes = 0 if task is Task.REGRESSION else int(y.max()) + 1
    params = chosen.portfolio(Facts(task=task, rows=ROWS, features=4, categories=1, classes=classes))[0]
    params = {**params, **{name: 20 for name in ("rounds", "trees") if name in params}}
    parts = []
    for half in (0, 1):
        rows = np.flatnonzero(np.arange(ROWS) % 2 == half)
        plan = PreparationPlan(INPUTS, chosen.preparation, task, seed=0)
        preparation, matrix = fit_preparation(take(columns, rows), y[rows], plan)
        parts.append((preparation, chosen.fit(FitData(matrix, y[rows]), None, task, params, FitControl(half, 1))))
    return Member(family, params, tuple(one for one, _ in parts), tuple(one for _, one in parts))


def model_of(families, columns, task: Task, calibrator=None, **more) -> TabularModel:
    y = target_of(columns, task)
    classes = {Task.BINARY: ("no", "yes"), Task.MULTICLASS: ("low", "mid", "high"), Task.REGRESSION: ()}[task]
    signature = Signature(name="t", version="1", task=task, target="y", inputs=INPUTS, classes=classes, **more)
    members = tuple(bag(family, columns, y, task) for family in families)
    weights = tuple(np.arange(1, len(members) + 1) / np.arange(1, len(members) + 1).sum())
    return TabularModel(signature, members, weights, calibrator)


MIX = ("linear", "lightgbm", "extra_trees")


@pytest.mark.parametrize("calibrator", [None, Platt(1.3, -0.2), Isotonic((0.1, 0.4, 0.8), (0.05, 0.5, 0.9))])
def test_a_mix_of_two_classes_keeps_parity(columns, calibrator):
    model = model_of(MIX, columns, Task.BINARY, calibrator, positive="yes", threshold=float(np.float32(0.3)))
    found = parity(model, export_onnx(model), columns)
    assert found.passed
    assert found.rows == ROWS
    assert found.max_abs_difference < 1e-5


def test_a_mix_of_three_classes_with_temperature_keeps_parity(columns):
    model = model_of(MIX, columns, Task.MULTICLASS, Temperature(1.6))
    found = parity(model, export_onnx(model), columns)
    assert found.passed
    assert found.max_abs_difference < 1e-5


def test_a_regression_keeps_parity(columns):
    model = model_of(MIX, columns, Task.REGRESSION)
    found = parity(model, export_onnx(model), columns, deviation=float(target_of(columns, Task.REGRESSION).std()))
    assert found.passed
    assert found.max_abs_difference < 1e-5


@pytest.mark.parametrize("family", list(MODELS))
def test_every_family_that_says_it_exports_does(columns, family):
    if not MODELS.find(family).traits.onnx:
        pytest.skip(f"{family} says that it has no ONNX form")
    model = model_of((family,), columns, Task.BINARY)
    assert parity(model, export_onnx(model), columns).passed


def test_labels_of_the_graph_are_those_of_the_threshold(columns):
    model = model_of(("linear",), columns, Task.BINARY, positive="no", threshold=float(np.float32(0.8)))
    output = run_graph(export_onnx(model), model.signature, columns)
    assert output.labels is not None
    assert output.labels.shape == (ROWS,)
    expected = np.where(output.scores[:, 0] >= np.float32(0.8), "no", "yes")
    assert (output.labels == expected).all()
    assert 0 < np.mean(expected == "no") < 1


def test_unknown_levels_and_missing_cells_go_through(columns):
    model = model_of(("linear", "lightgbm"), columns, Task.BINARY)
    strange = take(columns, slice(0, 3))
    strange["label"] = np.array(["violet", "", "red"], dtype=object)
    strange["age"] = np.array([np.nan, 1e300, -5.0])
    strange["seen at"] = np.array([np.nan, 0.0, 4e9])
    assert parity(model, export_onnx(model), strange).passed


def test_the_same_model_gives_the_same_bytes(columns):
    first, second = (model_of(("linear", "lightgbm"), columns, Task.BINARY) for _ in range(2))
    assert export_onnx(first) == export_onnx(second)


def test_the_graph_has_one_input_a_column_and_carries_its_signature(columns):
    import onnx

    model = model_of(("linear",), columns, Task.BINARY)
    built = onnx.load_from_string(export_onnx(model))
    assert [one.name for one in built.graph.input] == ["age", "input:value", "input:label", "seen at"]
    assert [one.name for one in built.graph.output] == ["label", "probabilities"]
    properties = {one.key: one.value for one in built.metadata_props}
    assert Signature.model_validate_json(properties["signature"]) == model.signature


def test_equal_preparations_are_emitted_once(columns):
    import onnx

    y = target_of(columns, Task.BINARY)
    member = bag("linear", columns, y, Task.BINARY)
    doubled = Member("linear", member.params, member.preparations * 2, member.estimators * 2)
    model = model_of(("linear",), columns, Task.BINARY)
    graphs = [
        onnx.load_from_string(export_onnx(TabularModel(model.signature, (one,), (1.0,)))).graph
        for one in (member, doubled)
    ]
    scaled = [sum(node.op_type == "IsNaN" for node in graph.node) for graph in graphs]
    assert scaled[0] == scaled[1] > 0


def test_parity_notices_a_graph_of_another_model(columns):
    model = model_of(("linear",), columns, Task.BINARY, positive="yes", threshold=0.5)
    other = export_onnx(model_of(("linear",), columns, Task.BINARY, Platt(1.0, 1.0), positive="yes", threshold=0.5))
    found = parity(model, other, columns)
    assert not found.passed
    assert found.max_abs_difference > GATE
    assert found.label_flips > 0


def test_a_difference_at_a_tie_is_no_flip(columns):
    """The threshold lies on a row's own probability, so rounding alone may decide it."""
    plain = model_of(("linear",), columns, Task.BINARY)
    edge = float(plain.predict(columns)[7, 1])
    signature = plain.signature.model_copy(update={"positive": "yes", "threshold": edge})
    model = TabularModel(signature, plain.members, plain.weights)
    found = parity(model, export_onnx(model), columns)
    assert found.label_flips == 0


@pytest.mark.parametrize(
    "calibrator",
    [Platt(2.0, -0.7), Isotonic((0.0, 0.25, 0.26, 1.0), (0.1, 0.1, 0.6, 0.95)), Isotonic((0.5,), (0.3,))],
)
def test_a_binary_calibrator_in_onnx_is_the_native_one(calibrator):
    p = np.concatenate([np.linspace(0, 1, 501), [1e-12, 1 - 1e-12]])
    check_calibrator(calibrator, np.column_stack([1 - p, p]))


def test_temperature_in_onnx_is_the_native_one():
    random = np.random.default_rng(0)
    check_calibrator(Temperature(0.6), random.dirichlet([0.2, 0.2, 0.2], size=300))


def check_calibrator(calibrator, probabilities) -> None:
    import onnxruntime as ort
    from onnx import TensorProto, helper

    graph = GraphBuilder()
    graph.rename(emit_calibrator(calibrator, graph, "p"), "out")
    width = probabilities.shape[1]
    infos = [helper.make_tensor_value_info(name, TensorProto.DOUBLE, ["N", width]) for name in ("p", "out")]
    built = graph.build(infos[:1], infos[1:], name="calibrator")
    session = ort.InferenceSession(built.SerializeToString(), providers=["CPUExecutionProvider"])
    (found,) = session.run(None, {"p": probabilities})
    assert found == pytest.approx(calibrator.apply(probabilities), abs=1e-12)
    assert row_count({"p": found}) == len(probabilities)


@pytest.mark.parametrize("cuts", [(0.9, 1.2), (0.5, 1.5)])
def test_ordered_classes_are_cut_in_the_graph_as_in_the_model(columns, cuts):
    y = target_of(columns, Task.MULTICLASS)
    signature = Signature(
        name="m",
        version="1",
        task=Task.MULTICLASS,
        target="y",
        inputs=INPUTS,
        classes=("low", "mid", "high"),
        cuts=cuts,
    )
    model = TabularModel(signature, (bag("linear", columns, y, Task.MULTICLASS),), (1.0,))
    graph = export_onnx(model)
    assert parity(model, graph, columns).passed
    labels = run_graph(graph, signature, columns).labels
    chances = model.predict(columns)
    expected = np.array(signature.classes)[(chances @ np.arange(3.0)[:, np.newaxis] >= np.array(cuts)).sum(axis=1)]
    assert (labels == expected).mean() > 0.99
