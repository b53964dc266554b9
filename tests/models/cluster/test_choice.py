"""Clusters are chosen when they are there, and not when they are not."""

import numpy as np
import pytest
from sklearn.datasets import make_blobs

from mlwright.base.errors import Infeasible
from mlwright.evaluation.agreement import ari
from mlwright.models.cluster.choice import ClusterPlan, choose_clusters
from mlwright.models.protocol import FitControl
from mlwright.models.unsupervised import UNSUPERVISED

QUICK = ClusterPlan(families=("kmeans", "mixture"), pairs=3, repeats=3)


def _blobs(centers: int) -> tuple[np.ndarray, np.ndarray]:
    X, y = make_blobs(150, centers=centers, n_features=3, random_state=4)
    return ((X - X.mean(axis=0)) / X.std(axis=0)).astype(np.float32), y


def test_blobs_are_found_with_their_number():
    X, y = _blobs(3)
    choice = choose_clusters(X, QUICK)
    assert choice.structure
    assert choice.chosen.clusters == 3
    fitted = UNSUPERVISED.load(choice.chosen.family)().fit(X, choice.chosen.params, FitControl(seed=0, threads=1))
    assert ari(y, fitted.predict(X)) > 0.95


@pytest.mark.parametrize("kind", ["Gaussian", "correlated", "uniform"])
def test_rows_without_clusters_are_said_to_have_none(kind):
    rng = np.random.default_rng(0)
    X = rng.uniform(size=(150, 3)) if kind == "uniform" else rng.normal(size=(150, 3))
    X = X @ np.array([[1, 0.9, 0.5], [0, 0.3, 0.2], [0, 0, 0.4]]) if kind == "correlated" else X
    choice = choose_clusters(X.astype(np.float32), QUICK)
    assert not choice.structure
    assert choice.chosen.family == "one_cluster"
    assert "No structure found" in choice.reason


def test_equal_rows_are_one_cluster():
    choice = choose_clusters(np.ones((40, 2), dtype=np.float32), QUICK)
    assert choice.chosen.family == "one_cluster"


def test_more_clusters_than_different_rows_are_refused():
    X = np.repeat(np.eye(3, dtype=np.float32), 10, axis=0)
    with pytest.raises(Infeasible, match="only 3 different rows"):
        choose_clusters(X, ClusterPlan(families=("kmeans",), clusters=5))


def test_a_wanted_number_is_delivered_and_called_what_it_is():
    X = np.random.default_rng(1).normal(size=(120, 4)).astype(np.float32)
    choice = choose_clusters(X, ClusterPlan(families=("kmeans",), clusters=4, pairs=3, repeats=3))
    assert choice.chosen.clusters == 4
    assert not choice.structure
    assert "no structure of the data" in choice.reason


def test_the_same_rows_and_seed_give_the_same_choice():
    X, _ = _blobs(2)
    first, second = (choose_clusters(X, QUICK) for _ in range(2))
    assert [one.value for one in first.trials] == [one.value for one in second.trials]
    assert first.chosen.number == second.chosen.number
