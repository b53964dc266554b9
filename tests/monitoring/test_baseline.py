import json

import numpy as np
import pytest

from mlwright.base.errors import DataError
from mlwright.data.schema import Column, SemanticType
from mlwright.models.signature import Task
from mlwright.monitoring.baseline import Baseline, Reference, encode_labels, make_baseline, prediction_columns


def test_a_baseline_is_small_and_the_same_bytes_every_time(draw, inputs, tmp_path):
    table = draw(20_000, 0)
    p = np.random.default_rng(0).random(20_000)
    for name in ("one", "two"):
        made = make_baseline(table, inputs, p, Task.BINARY, Reference(classes=("no", "yes")))
        made.save(tmp_path / name)
    content = (tmp_path / "one").read_bytes()
    assert content == (tmp_path / "two").read_bytes()
    assert len(content) < 200_000
    assert Baseline.load(tmp_path / "one") == made


def test_thirty_wide_columns_stay_near_a_hundred_kilobytes():
    rng = np.random.default_rng(0)
    table = {f"c{i}": rng.normal(size=5000) * 10.0 ** rng.integers(-6, 6) for i in range(30)}
    made = make_baseline(table, [Column(name=name, type=SemanticType.NUMBER) for name in table], None, Task.REGRESSION)
    assert len(made.model_dump_json(exclude_none=True)) < 250_000


def test_missing_cells_levels_and_lengths_are_counted(draw, inputs):
    table = draw(1000, 1)
    made = {column.name: column for column in make_baseline(table, inputs, None, Task.REGRESSION).columns}
    assert made["holes"].missing == np.isnan(table["holes"]).sum()
    assert made["city"].missing == (table["city"] == "").sum()
    assert made["note"].numbers is not None
    assert made["note"].numbers.mean == pytest.approx(21, abs=0.6)
    assert made["flag"].levels is not None
    assert set(made["flag"].levels.counts) == {"true", "false"}


def test_quality_at_delivery_is_measured_where_labels_are():
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 500)
    p = np.clip(0.3 * y + rng.random(500) * 0.7, 0, 1)
    table = {"a": rng.normal(size=500)}
    columns = [Column(name="a", type=SemanticType.NUMBER)]
    made = make_baseline(table, columns, p, Task.BINARY, Reference(classes=("n", "y"), labels=y))
    assert made.metric == "roc_auc"
    assert made.quality["roc_auc"].low < made.quality["roc_auc"].value < made.quality["roc_auc"].high


def test_predictions_become_named_columns():
    p = np.array([[0.2, 0.5, 0.3]])
    found = prediction_columns(p, Task.MULTICLASS, ("a", "b", "c"))
    assert list(found) == ["probability of a", "probability of b", "probability of c", "predicted class"]
    assert found["predicted class"][0] == "b"
    assert list(prediction_columns(np.ones(2), Task.REGRESSION, ())) == ["prediction"]
    with pytest.raises(DataError, match="expected"):
        prediction_columns(p, Task.BINARY, ("a", "b"))


def test_labels_are_looked_up_among_the_classes():
    assert encode_labels(np.array(["y", "n"], dtype=object), Task.BINARY, ("n", "y")).tolist() == [1, 0]
    with pytest.raises(DataError, match="'yes' is no class"):
        encode_labels(np.array(["yes"], dtype=object), Task.BINARY, ("n", "y"))


def test_faults_are_named(draw, inputs, tmp_path):
    with pytest.raises(DataError, match="lacks \\['normal'"):
        make_baseline({"x": np.zeros(3)}, inputs, None, Task.REGRESSION)
    with pytest.raises(DataError, match="'normal' is an array of object"):
        make_baseline({**draw(5, 0), "normal": np.array(["1"] * 5, dtype=object)}, inputs, None, Task.REGRESSION)
    with pytest.raises(DataError, match="cannot be read"):
        Baseline.load(tmp_path / "absent.json")
    (tmp_path / "bad.json").write_text(json.dumps({"format": 2}))
    with pytest.raises(DataError, match="not a baseline"):
        Baseline.load(tmp_path / "bad.json")
