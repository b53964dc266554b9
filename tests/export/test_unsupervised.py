"""Clusters and detectors: what is stored and what ONNX gives is what was fitted."""

import numpy as np
import onnxruntime as ort
import pytest
from onnx import TensorProto, helper

from mlwright.base.errors import Infeasible
from mlwright.export.onnx.estimators import emit_estimator
from mlwright.export.onnx.graph import GraphBuilder
from mlwright.models.anomaly.protocol import fitted_detector
from mlwright.models.protocol import FitControl
from mlwright.models.signature import Task
from mlwright.models.tabular.loading import load_estimator
from mlwright.models.unsupervised import UNSUPERVISED

CONTROL = FitControl(seed=0, threads=1)
CLUSTERS = {
    "one_cluster": {},
    "kmeans": {"clusters": 3},
    "agglomerative": {"clusters": 3},
    "mixture": {"clusters": 3, "covariance": "full"},
    "hdbscan": {"least_share": 0.1},
}
DETECTORS = ("deviation", "mahalanobis", "components", "neighbours", "isolation_forest")


def _rows() -> np.ndarray:
    rng = np.random.default_rng(0)
    centers = np.array([[0, 0, 0, 0], [6, 0, 6, 1], [0, 6, -6, 2]])
    return (centers[rng.integers(0, 3, 240)] + rng.normal(size=(240, 4))).astype(np.float32)


def _fitted(name: str):
    X = _rows()
    family = UNSUPERVISED.load(name)()
    if name in CLUSTERS:
        return family.fit(X, CLUSTERS[name], CONTROL), X
    raw = family.fit(X[::2], {}, CONTROL).score(X[1::2])
    return fitted_detector(family, X, raw, {}, CONTROL), X


def _graph(estimator, X: np.ndarray, task: Task) -> np.ndarray:
    graph = GraphBuilder()
    graph.rename(emit_estimator(estimator, graph, "X", task.learned_as), "out")
    width = estimator.predict(X[:1]).reshape(1, -1).shape[1]
    model = graph.build(
        [helper.make_tensor_value_info("X", TensorProto.FLOAT, ["N", X.shape[1]])],
        [helper.make_tensor_value_info("out", TensorProto.FLOAT, ["N", width])],
        name="test",
    )
    options = ort.SessionOptions()
    options.log_severity_level = 3
    return ort.InferenceSession(model.SerializeToString(), options).run(None, {"X": X})[0]


@pytest.mark.parametrize("name", [*CLUSTERS, *DETECTORS])
def test_onnx_gives_what_the_estimator_gives(name):
    estimator, X = _fitted(name)
    task = Task.CLUSTERING if name in CLUSTERS else Task.ANOMALY
    found = _graph(estimator, np.concatenate([X, 10 * X]), task)
    native = estimator.predict(np.concatenate([X, 10 * X]))
    assert found == pytest.approx(native.reshape(found.shape), abs=1e-5)


@pytest.mark.parametrize("name", [*CLUSTERS, *DETECTORS])
def test_a_stored_estimator_is_the_same(name, tmp_path):
    estimator, X = _fitted(name)
    estimator.save(tmp_path)
    assert np.array_equal(load_estimator(tmp_path).predict(X), estimator.predict(X))


@pytest.mark.parametrize("name", CLUSTERS)
def test_memberships_sum_to_one(name):
    estimator, X = _fitted(name)
    assert estimator.predict(X).sum(axis=1) == pytest.approx(np.ones(len(X)))


@pytest.mark.parametrize("name", DETECTORS)
def test_a_far_row_is_strange(name):
    estimator, X = _fitted(name)
    far = estimator.predict(np.full((1, 4), 40.0, dtype=np.float32))[0]
    assert far > np.quantile(estimator.predict(X), 0.99)


def test_far_rows_are_noise_to_dense_clusters():
    estimator, _ = _fitted("hdbscan")
    assert estimator.predict(np.full((1, 4), 40.0, dtype=np.float32)).argmax() == estimator.noise


def test_the_isolation_forest_orders_rows_as_scikit_learn_does():
    from sklearn.ensemble import IsolationForest

    X = _rows()
    ours = UNSUPERVISED.load("isolation_forest")().fit(X, {}, CONTROL).score(X)
    theirs = -IsolationForest(n_estimators=100, max_samples=240, random_state=0).fit(X).score_samples(X)
    assert np.corrcoef(ours.argsort().argsort(), theirs.argsort().argsort())[0, 1] > 0.999


def test_one_column_leaves_principal_components_nothing_to_judge_by():
    with pytest.raises(Infeasible, match="leaves none"):
        UNSUPERVISED.load("components")().fit(_rows()[:, :1], {}, CONTROL)
