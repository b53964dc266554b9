import numpy as np
from sklearn.datasets import make_blobs
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_predict

from mlwright.evaluation.hardest import hardest_rows, label_noise


def test_the_largest_losses_come_first():
    found = hardest_rows(np.array([0, 1, 1]), np.array([[0.9, 0.1], [0.99, 0.01], [0.4, 0.6]]), limit=2)
    assert [row.row for row in found] == [1, 2]
    values = hardest_rows(np.array([1.0, 5.0]), np.array([1.5, 9.0]))
    assert [(row.row, row.loss) for row in values] == [(1, 4.0), (0, 0.5)]


def test_planted_wrong_labels_are_found_and_few_others():
    X, clean = make_blobs(600, centers=3, cluster_std=0.9, random_state=0)
    rng = np.random.default_rng(0)
    wrong = rng.choice(600, 30, replace=False)
    y = clean.copy()
    y[wrong] = (y[wrong] + 1) % 3
    out_of_fold = cross_val_predict(LogisticRegression(), X, y, cv=5, method="predict_proba")
    found = {item.row for item in label_noise(y, out_of_fold).suspects}
    # The blobs overlap a little, so some flips can't be seen.
    assert len(found & set(wrong)) >= 24
    assert len(found - set(wrong)) <= 40


def test_right_confident_labels_are_not_suspected():
    y = np.array([0, 1, 0, 1])
    noise = label_noise(y, np.eye(2)[y])
    assert noise.share == 0
    assert noise.suspects == ()
