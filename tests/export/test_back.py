"""Every scale, objective and resampling of every family: stored, loaded, and as one ONNX graph."""

from pathlib import Path

import numpy as np
import onnxruntime as ort
import pytest
from onnx import TensorProto, helper

from mlwright.export.onnx.estimators import emit_estimator
from mlwright.export.onnx.graph import GraphBuilder
from mlwright.models.protocol import FitControl, FitData
from mlwright.models.signature import Task
from mlwright.models.tabular import MODELS

DRAW = np.random.default_rng(0)
ROWS = 300
X = DRAW.normal(size=(ROWS, 3)).astype(np.float32)
TARGETS = {
    "price": np.exp(8 + X[:, 0] + 0.3 * DRAW.normal(size=ROWS)),
    "count": DRAW.poisson(np.exp(0.5 * X[:, 0])).astype(float),
    "share": 1 / (1 + np.exp(-X[:, 0].astype(float))),
    "signed": np.sign(X[:, 0]) * np.exp(2.0 * np.abs(X[:, 0])),
}
BOOSTED = {"rounds": 20, "patience": 10, "learning_rate": 0.2}
FAMILIES = {
    "lightgbm": {**BOOSTED, "num_leaves": 6},
    "xgboost": {**BOOSTED, "max_depth": 3},
    "catboost": {**BOOSTED, "depth": 3},
    "hist_boosting": BOOSTED,
    "linear": {"loss": "squared", "strength": 1.0},
}
SCALES = [
    ("log1p", "price"), ("yeo_johnson", "price"), ("yeo_johnson", "signed"), ("logit", "share"),
    ("normal_scores", "signed"), ("identity", "count"),
]  # fmt: skip
OBJECTIVES = [("absolute", "price"), ("quantile", "signed"), ("poisson", "count"), ("gamma", "price"),
              ("tweedie", "count")]  # fmt: skip
ABSENT = {("catboost", "gamma"), ("hist_boosting", "tweedie")}


def agreed(family, params, y, task, folder: Path):
    """Fit, store, load and export; return what all three say."""
    kind = MODELS.load(family)()
    classes = 2 if task is Task.BINARY else 0
    train, valid = FitData(X[:200], y[:200], classes=classes), FitData(X[200:], y[200:], classes=classes)
    fitted = kind.fit(train, valid if "patience" in params else None, task, params, FitControl(0, 1))
    said = fitted.predict(X)
    fitted.save(folder)
    np.testing.assert_array_equal(kind.estimator.load(folder).predict(X), said)
    graph = GraphBuilder()
    graph.rename(emit_estimator(fitted, graph, "X", task), "out")
    given = [helper.make_tensor_value_info("X", TensorProto.FLOAT, ["N", 3])]
    outputs = [helper.make_tensor_value_info("out", TensorProto.FLOAT, ["N", max(classes, 1)])]
    built = graph.build(given, outputs, name="test")
    session = ort.InferenceSession(built.SerializeToString(), providers=["CPUExecutionProvider"])
    exported = session.run(None, {"X": X})[0].reshape(said.shape)
    np.testing.assert_allclose(exported, said, rtol=2e-5, atol=1e-5 * np.abs(said).max())
    return said


@pytest.mark.parametrize(("target", "name"), SCALES)
@pytest.mark.parametrize("family", FAMILIES)
def test_a_scale_is_taken_back_exactly(family, target, name, tmp_path):
    said = agreed(family, {**FAMILIES[family], "target": target}, TARGETS[name], Task.REGRESSION, tmp_path)
    ranks = [np.argsort(np.argsort(values)) for values in (said, TARGETS[name])]
    assert max(np.corrcoef(*ranks)[0, 1], np.corrcoef(said, TARGETS[name])[0, 1]) > 0.3
    if name != "signed":
        assert said.min() >= 0


@pytest.mark.parametrize(("objective", "name"), OBJECTIVES)
@pytest.mark.parametrize("family", FAMILIES)
def test_an_objective_is_exported_with_its_link(family, objective, name, tmp_path):
    if (family, objective) in ABSENT or (family == "linear" and objective != "quantile"):
        pytest.skip("the library has no such objective")
    y = TARGETS[name]
    said = agreed(family, {**FAMILIES[family], "objective": objective, "quantile": 0.9}, y, Task.REGRESSION, tmp_path)
    if objective == "quantile":
        assert 0.75 < np.mean(y <= said) <= 0.98
    if objective in ("poisson", "gamma", "tweedie"):
        assert said.min() > 0
        assert said[:200].mean() == pytest.approx(y[:200].mean(), rel=0.15)


@pytest.mark.parametrize(
    ("family", "more"),
    [("lightgbm", {"objective": "focal", "focal_gamma": 2.0}), ("lightgbm", {"resample": "under"}),
     ("linear", {"resample": "smote", "class_weight": None})],
)  # fmt: skip
def test_rare_classes_are_learned_and_exported(family, more, tmp_path):
    y = (X[:, 0] > 1.2).astype(np.int64)
    params = {name: value for name, value in FAMILIES[family].items() if name != "loss"}
    said = agreed(family, {**params, **more}, y, Task.BINARY, tmp_path)
    assert said[y == 1, 1].mean() > said[y == 0, 1].mean() + 0.2


def test_focal_loss_goes_on_after_a_round_whose_sample_has_no_split():
    kind, draw = MODELS.load("lightgbm")(), np.random.default_rng(0)
    inputs = draw.normal(size=(1600, 4)).astype(np.float32)
    y = (inputs[:, 0] + 0.5 * inputs[:, 1] + 0.5 * draw.normal(size=1600) > 2).astype(np.int64)
    params = {
        "rounds": 60, "patience": 20, "learning_rate": 0.03, "num_leaves": 8, "min_data_in_leaf": 20, "lambda_l2": 5.0,
        "feature_fraction": 0.7, "bagging_fraction": 0.8, "objective": "focal",
    }  # fmt: skip
    train, valid = FitData(inputs[:1000], y[:1000], classes=2), FitData(inputs[1000:], y[1000:], classes=2)
    assert kind.fit(train, valid, Task.BINARY, params, FitControl(0, 1)).rounds > 40
