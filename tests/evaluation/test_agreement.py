"""Agreement of partitions and separation of groups, against scikit-learn."""

import numpy as np
import pytest
from sklearn import metrics as reference

from mlwright.base.errors import DataError
from mlwright.evaluation.agreement import ari, best_jaccard, nmi
from mlwright.evaluation.metrics import metric
from mlwright.evaluation.separation import davies_bouldin, silhouettes


@pytest.fixture
def partitions() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    first = rng.integers(0, 4, 200)
    return first, np.where(rng.random(200) < 0.6, first, rng.integers(0, 5, 200))


def test_agreement_is_that_of_scikit_learn(partitions):
    first, second = partitions
    assert ari(first, second) == pytest.approx(reference.adjusted_rand_score(first, second))
    assert nmi(first, second) == pytest.approx(reference.normalized_mutual_info_score(first, second))


def test_one_group_on_both_sides_agrees_wholly():
    assert ari(np.zeros(5), np.ones(5)) == 1.0
    assert nmi(np.zeros(5), np.ones(5)) == 1.0


def test_weights_count_as_repeated_rows(partitions):
    first, second = partitions
    weight = np.arange(200) % 3 + 1
    repeated = np.repeat(np.arange(200), weight)
    assert ari(first, second, weight=weight) == pytest.approx(ari(first[repeated], second[repeated]))


def test_a_group_that_is_found_again_has_jaccard_one():
    assert best_jaccard(np.array([0, 0, 1, 1, 1]), np.array([2, 2, 0, 0, 1])).tolist() == pytest.approx([1.0, 2 / 3])


def test_separation_is_that_of_scikit_learn(partitions):
    X = np.random.default_rng(1).normal(size=(200, 3)) + partitions[0][:, None]
    labels = partitions[0]
    assert silhouettes(X, labels) == pytest.approx(reference.silhouette_samples(X, labels), abs=1e-6)
    assert davies_bouldin(X, labels) == pytest.approx(reference.davies_bouldin_score(X, labels))


def test_rows_left_out_as_noise_count_as_not_separated():
    X = np.array([[0.0], [1.0], [10.0], [11.0], [50.0]])
    found = silhouettes(X, np.array([0, 0, 1, 1, 2]), noise=2)
    assert found[-1] == 0.0
    assert found[:4].min() > 0.8


def test_separation_cannot_be_computed_from_labels_alone():
    with pytest.raises(DataError, match="labels alone"):
        metric("silhouette").compute(np.zeros(3), np.zeros(3))
