"""Targets, good and bad."""

import json

import numpy as np
import polars as pl
import pytest

from mlwright.base.errors import DataError
from mlwright.data.dataset import to_dataset
from mlwright.data.infer import infer_schema
from mlwright.data.readers import Raw, read_raw
from mlwright.data.target import encode_target, infer_task
from mlwright.data.task import Task


def table(cells, target="y"):
    frame = pl.DataFrame({"x": [float(i) for i in range(len(cells))], "y": cells})
    raw = Raw(frame, (), "t.csv", "", (("t.csv", len(cells)),))
    return to_dataset(raw, infer_schema(raw, target=target))[0]


def test_labels_become_codes_in_order():
    target = encode_target(table(["b", "a", "b", "a"]), Task.BINARY)
    assert (target.codes_or_values.tolist(), target.classes, target.label_type) == ([1, 0, 1, 0], ("a", "b"), "string")
    assert target.codes_or_values.dtype == np.int64


@pytest.mark.parametrize(
    ("cells", "classes", "label_type"),
    [
        (["0", "1"] * 4, ("0", "1"), "integer"),
        (["10", "9", "-1"] * 4, ("-1", "9", "10"), "integer"),
        ([True, False] * 4, ("false", "true"), "boolean"),
        (["yes", "no"] * 4, ("no", "yes"), "string"),
        (["0.5", "1.5"] * 4, ("0.5", "1.5"), "string"),
    ],
)
def test_label_types(cells, classes, label_type):
    target = encode_target(table(cells), Task.MULTICLASS if len(classes) > 2 else Task.BINARY)
    assert (target.classes, target.label_type) == (classes, label_type)


def test_values_of_regression():
    assert encode_target(table(["1.5", "2", "3"]), Task.REGRESSION).codes_or_values.tolist() == [1.5, 2.0, 3.0]


def test_tasks_of_real_tables(shared_data):
    known = json.loads((shared_data / "tabular" / "datasets.json").read_text())
    for facts in known.values():
        raw = read_raw(facts["file"], base=shared_data / "tabular")
        dataset, _ = to_dataset(raw, infer_schema(raw, target=facts["target"]))
        task, why = infer_task(dataset)
        assert (task, facts["target"] in why) == (facts["task"], True)
        assert len(encode_target(dataset, task).classes) == (facts["classes"] or 0)


@pytest.mark.parametrize(
    ("cells", "task", "message"),
    [
        ([None] * 6, Task.BINARY, "All 6 values of the target 'y' are missing"),
        (["a", None, "b", "a", "b", None], Task.BINARY, "missing .* in 2 of 6 rows: rows 2, 6"),
        ([1.0, float("nan"), 2.5, 3.5, 4.5, 5.5], Task.REGRESSION, "missing"),
        (["a"] * 6, Task.BINARY, "always 'a'"),
        (["5"] * 6, Task.REGRESSION, "always '5'"),
        (["a", "b", "c"] * 3, Task.BINARY, "3 classes; two were expected"),
        (["a", "b", "c"] * 3, Task.REGRESSION, "numbers were expected"),
        ([f"k{i}" for i in range(50)], Task.MULTICLASS, "50 different values in 50 rows"),
        ([str(i + 0.5) for i in range(50)], Task.MULTICLASS, "50 different values"),
    ],
)
def test_a_bad_target_is_refused(cells, task, message):
    frame = pl.DataFrame({"x": [float(i) for i in range(len(cells))], "y": cells})
    frame = frame.with_columns(pl.col("y").fill_nan(None)) if frame["y"].dtype == pl.Float64 else frame
    raw = Raw(frame, (), "t.csv", "", ())
    dataset, _ = to_dataset(raw, infer_schema(raw, target="y"))
    with pytest.raises(DataError, match=message) as caught:
        encode_target(dataset, task)
    assert caught.value.hint


def test_a_table_without_target_says_so():
    with pytest.raises(DataError, match="No column is the target") as caught:
        infer_task(table(["a", "b"], target=None))
    assert "data.target" in caught.value.hint


def test_a_date_is_no_target():
    with pytest.raises(DataError, match="is a date"):
        infer_task(table(["2020-01-01", "2020-01-02", "2020-01-03"]))


def test_a_class_of_one_row_is_a_class():
    target = encode_target(table(["a", "a", "b", "b", "b", "c"]), Task.MULTICLASS)
    assert target.classes == ("a", "b", "c")
    assert target.codes_or_values.tolist() == [0, 0, 1, 1, 1, 2]
