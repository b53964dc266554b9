"""The final model: mixes, labels, files."""

from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes

from mlwright.base.errors import DataError
from mlwright.data.columns import take
from mlwright.data.schema import Column, SemanticType
from mlwright.features.preparation import PreparationPlan, fit_preparation
from mlwright.models.protocol import FitControl, FitData
from mlwright.models.signature import Signature, Task
from mlwright.models.tabular import MODELS
from mlwright.models.tabular.calibration import Platt
from mlwright.models.tabular.ensemble import Member, TabularModel, label_codes, with_shared_preparations


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def signature_of(names, task: Task, **more) -> Signature:
    inputs = tuple(Column(name=name, type=SemanticType.NUMBER) for name in names)
    classes = () if task is Task.REGRESSION else ("malignant", "benign")
    return Signature(name="test", version="1", task=task, target="y", inputs=inputs, classes=classes, **more)


def bag(family: str, params, columns, y, task: Task) -> Member:
    """Fit two estimators on the two halves of the rows."""
    inputs = tuple(Column(name=name, type=SemanticType.NUMBER) for name in columns)
    chosen = MODELS.load(family)()
    parts = []
    for half in (0, 1):
        rows = np.flatnonzero(np.arange(len(y)) % 2 == half)
        plan = PreparationPlan(inputs, chosen.preparation, task, seed=half)
        preparation, matrix = fit_preparation(take(columns, rows), y[rows], plan)
        parts.append((preparation, chosen.fit(FitData(matrix, y[rows]), None, task, params, FitControl(half, 1))))
    return Member(family, params, tuple(one for one, _ in parts), tuple(one for _, one in parts))


@pytest.fixture(scope="module")
def tumour():
    bunch = load_breast_cancer()
    columns = {f"x{index}": bunch.data[:, index].copy() for index in range(6)}
    y = bunch.target.astype(np.int64)
    linear = bag("linear", {"strength": 1.0, "class_weight": None}, columns, y, Task.BINARY)
    dummy = bag("dummy", {"strategy": "prior"}, columns, y, Task.BINARY)
    return columns, y, (linear, dummy)


def model_of(tumour, calibrator=None, **more) -> TabularModel:
    columns, _, members = tumour
    return TabularModel(signature_of(columns, Task.BINARY, **more), members, (0.75, 0.25), calibrator)


def test_the_model_is_the_weighted_mean_of_its_members(tumour):
    columns, _, (linear, dummy) = tumour
    expected = 0.75 * linear.predict(columns) + 0.25 * dummy.predict(columns)
    predicted = model_of(tumour).predict(columns)
    assert predicted == pytest.approx(expected, abs=1e-12)
    assert predicted.sum(axis=1) == pytest.approx(1.0)


def test_the_calibrator_is_applied_to_the_mix(tumour):
    columns, _, _ = tumour
    calibrator = Platt(2.0, 0.5)
    plain, calibrated = model_of(tumour), model_of(tumour, calibrator)
    assert calibrated.predict(columns) == pytest.approx(calibrator.apply(plain.predict(columns)))


def test_labels_follow_the_threshold_of_the_positive_class(tumour):
    model = model_of(tumour, positive="malignant", threshold=0.2)
    probabilities = np.array([[0.2, 0.8], [0.19, 0.81], [0.9, 0.1]])
    assert model.labels(probabilities).tolist() == ["malignant", "benign", "malignant"]
    assert label_codes(model_of(tumour).signature, probabilities).tolist() == [1, 1, 0]


def test_a_saved_model_is_small_exact_and_the_same_when_saved_again(tmp_path, tumour):
    columns, _, _ = tumour
    model = model_of(tumour, Platt(2.0, 0.5), positive="benign", threshold=0.25)
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    model.save(tmp_path / "a")
    loaded = TabularModel.load(tmp_path / "a")
    loaded.save(tmp_path / "b")
    assert contents(tmp_path / "a") == contents(tmp_path / "b")
    assert (loaded.predict(columns) == model.predict(columns)).all()
    assert loaded.signature == model.signature


def test_equal_preparations_are_stored_and_held_once(tmp_path, tumour):
    columns, _, (linear, dummy) = tumour
    model_of(tumour).save(tmp_path)
    # linear: one per half, for each half has its own means; dummy: both halves pass the numbers through.
    assert len(list((tmp_path / "preparations").iterdir())) == 3
    shared = with_shared_preparations((linear, dummy))
    assert shared[1].preparations[0] is shared[1].preparations[1]
    assert (shared[0].predict(columns) == linear.predict(columns)).all()


def test_regression_predicts_values(tmp_path):
    bunch = load_diabetes()
    columns = {f"x{index}": bunch.data[:, index].copy() for index in range(10)}
    y = bunch.target.astype(np.float64)
    member = bag("linear", {"loss": "squared", "strength": 1.0}, columns, y, Task.REGRESSION)
    model = TabularModel(signature_of(columns, Task.REGRESSION), (member,), (1.0,))
    values = model.predict(columns)
    assert values.shape == (442,)
    assert np.corrcoef(values, y)[0, 1] > 0.7
    model.save(tmp_path)
    assert (TabularModel.load(tmp_path).predict(columns) == values).all()


def test_a_missing_column_is_named(tumour):
    columns, _, _ = tumour
    with pytest.raises(DataError, match="'x3'"):
        model_of(tumour).predict({name: values for name, values in columns.items() if name != "x3"})


def test_an_empty_bag_is_an_error(tumour):
    with pytest.raises(DataError, match="empty"):
        Member("linear", {}, (), ()).predict(tumour[0])
