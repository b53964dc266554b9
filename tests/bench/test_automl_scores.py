import math

import numpy as np
import pytest
from bench.automl.scores import DRAWS, by_code, draws, score
from sklearn.metrics import log_loss, roc_auc_score

RNG = np.random.default_rng(0)


def test_the_area_is_that_of_scikit_learn_ties_included() -> None:
    truth = RNG.integers(0, 2, 300)
    positive = np.round(RNG.random(300), 1)
    found = score("roc_auc", truth, np.column_stack([1 - positive, positive]))
    assert found == pytest.approx(roc_auc_score(truth, positive), abs=1e-12)


def test_the_area_of_one_class_is_not_a_number() -> None:
    assert math.isnan(score("roc_auc", np.zeros(3), np.full((3, 2), 0.5)))


def test_log_loss_is_that_of_scikit_learn() -> None:
    truth = RNG.integers(0, 4, 200)
    probabilities = RNG.dirichlet(np.ones(4), 200)
    assert score("log_loss", truth, probabilities) == pytest.approx(log_loss(truth, probabilities), abs=1e-12)


def test_certainty_of_the_wrong_class_costs_much_and_not_infinitely() -> None:
    assert score("log_loss", np.array([1]), np.array([[1.0, 0.0]])) == pytest.approx(-math.log(1e-15))


def test_rmse_by_hand() -> None:
    assert score("rmse", np.array([0.0, 3.0]), np.array([4.0, 0.0])) == pytest.approx(math.sqrt(12.5))


def test_predictions_that_are_not_finite_have_no_score() -> None:
    with pytest.raises(ValueError, match="finite"):
        score("rmse", np.array([1.0]), np.array([math.nan]))


def test_probabilities_are_put_in_the_order_of_the_classes() -> None:
    found = by_code(np.array([[0.2, 0.6]]), ["c", "a"], ["a", "b", "c"])
    assert found.tolist() == [[pytest.approx(0.75), 0.0, pytest.approx(0.25)]]


@pytest.mark.parametrize(("shape", "labels"), [((2, 2), ["a"]), ((2,), ["a", "b"]), ((2, 2), ["a", "z"])])
def test_probabilities_of_other_classes_are_refused(shape: tuple[int, ...], labels: list[str]) -> None:
    with pytest.raises(ValueError, match=r"classes|list"):
        by_code(np.ones(shape), labels, ["a", "b"])


def test_resampled_scores_are_of_the_same_rows_for_every_system() -> None:
    truth = RNG.normal(size=50)
    found = draws("rmse", truth, truth + 1, "table 0")
    assert found == [1.0] * DRAWS
    first = draws("rmse", truth, np.zeros(50), "table 0")
    assert first == draws("rmse", truth, np.zeros(50), "table 0")
    assert first != draws("rmse", truth, np.zeros(50), "table 1")
