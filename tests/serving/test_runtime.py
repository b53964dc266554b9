"""Opening models and predicting with them."""

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from onnx import TensorProto, helper, load_from_string

from mlwright.base.errors import RequestError, VerifyError
from mlwright.models.signature import Task
from mlwright.serving.graph_check import ModelLimits, check_graph
from mlwright.serving.rows import RowDecoder
from mlwright.serving.runtime import Runtime


def decoded(small: SimpleNamespace, rows: list[dict]) -> dict:
    return RowDecoder(small.signature()).decode(json.dumps(rows).encode()).columns


def test_probabilities_are_those_of_the_trained_model(delivery: Path, small: SimpleNamespace) -> None:
    rows = small.rows(40)
    prediction = Runtime.open(delivery / "model").predict(decoded(small, rows))
    expected = small.shares(rows)
    np.testing.assert_allclose(prediction.probabilities, expected, atol=1e-6)
    assert prediction.labels.tolist() == ["yes" if share >= 0.5 else "no" for share in expected[:, 1]]


def test_values_are_those_of_the_trained_model(regression: Path, small: SimpleNamespace) -> None:
    rows = small.rows(40)
    prediction = Runtime.open(regression / "model").predict(decoded(small, rows))
    np.testing.assert_allclose(prediction.values, small.score(rows), atol=1e-6)


@pytest.mark.parametrize("task", [Task.BINARY, Task.REGRESSION])
def test_no_rows_give_no_predictions(small: SimpleNamespace, task: Task) -> None:
    runtime = Runtime.from_bytes(small.signature(task).model_dump_json().encode(), small.onnx_bytes(task))
    columns = {column.name: np.zeros(0, object) for column in runtime.signature.inputs}
    assert runtime.predict(columns).rows == 0


def test_an_absent_column_is_named(delivery: Path) -> None:
    with pytest.raises(RequestError, match="'n1' is missing"):
        Runtime.open(delivery / "model").predict({"n0": np.zeros(1)})


def test_texts_with_odd_characters_pass(delivery: Path, small: SimpleNamespace) -> None:
    row = {**small.rows(1)[0], "note": "nul \x00 and \U0001f600", "colour": "\x00"}
    assert Runtime.open(delivery / "model").predict(decoded(small, [row])).rows == 1


def changed(small: SimpleNamespace, change) -> bytes:
    model = load_from_string(small.onnx_bytes())
    change(model)
    return model.SerializeToString()


def test_a_custom_operator_is_refused(small: SimpleNamespace) -> None:
    foreign = helper.make_node("RunShell", ["n0"], ["odd"], domain="evil.corp")
    with pytest.raises(VerifyError, match=r"RunShell.*evil\.corp"):
        check_graph(changed(small, lambda model: model.graph.node.append(foreign)))


def test_a_custom_operator_inside_a_branch_is_refused(small: SimpleNamespace) -> None:
    inner = helper.make_graph([helper.make_node("RunShell", [], ["odd"], domain="evil.corp")], "inner", [], [])
    branch = helper.make_node("If", ["c"], ["o"], then_branch=inner, else_branch=inner)
    with pytest.raises(VerifyError, match="RunShell"):
        check_graph(changed(small, lambda model: model.graph.node.append(branch)))


@pytest.mark.parametrize("where", ["initializer", "attribute"])
def test_data_outside_the_file_is_refused(small: SimpleNamespace, where: str) -> None:
    tensor = TensorProto(name="far", data_type=TensorProto.FLOAT, dims=[1], data_location=TensorProto.EXTERNAL)
    tensor.external_data.add(key="location", value="../../etc/passwd")

    def change(model) -> None:
        if where == "initializer":
            model.graph.initializer.append(tensor)
        else:
            model.graph.node.append(helper.make_node("Constant", [], ["far"], value=tensor))

    with pytest.raises(VerifyError, match="outside its file"):
        check_graph(changed(small, change))


def test_limits_hold(small: SimpleNamespace) -> None:
    model = small.onnx_bytes()
    assert check_graph(model).nodes > 5
    with pytest.raises(VerifyError, match="more than 3 nodes"):
        check_graph(model, ModelLimits(nodes=3))
    with pytest.raises(VerifyError, match="at most 10 are allowed"):
        check_graph(model, ModelLimits(size_bytes=10))


@pytest.mark.parametrize("content", [b"", b"hello", b"\x3a\xff\xff\xff\xff\x0f", b"\x80" * 20, b"\x00" * 9])
def test_what_is_no_model_is_refused(content: bytes) -> None:
    with pytest.raises(VerifyError):
        check_graph(content)


def test_any_cut_of_a_model_is_refused_or_opened(small: SimpleNamespace) -> None:
    model, signature = small.onnx_bytes(), small.signature().model_dump_json().encode()
    for size in range(0, len(model), max(1, len(model) // 40)):
        with pytest.raises(VerifyError):
            Runtime.from_bytes(signature, model[:size])


def test_a_signature_of_another_model_is_refused(small: SimpleNamespace) -> None:
    with pytest.raises(VerifyError, match="'n2'"):
        Runtime.from_bytes(small.signature(numbers=3).model_dump_json().encode(), small.onnx_bytes())
    with pytest.raises(VerifyError, match="which the signature does not know"):
        Runtime.from_bytes(small.signature(numbers=1).model_dump_json().encode(), small.onnx_bytes())
    with pytest.raises(VerifyError, match="'value'"):
        Runtime.from_bytes(small.signature(Task.REGRESSION).model_dump_json().encode(), small.onnx_bytes())


def test_a_folder_that_is_no_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(VerifyError, match=r"signature\.json cannot be read"):
        Runtime.open(tmp_path)
