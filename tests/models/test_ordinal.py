"""Ordered classes: metrics against scikit-learn, cuts that pay, and the same decision in the graph."""

import numpy as np
import pytest

from mlwright.evaluation.metrics import metric, metrics_for
from mlwright.evaluation.ordinal import ordinal_mae, quadratic_kappa
from mlwright.models.signature import Signature, Task
from mlwright.models.tabular.ensemble import label_codes
from mlwright.models.tabular.ordinal import OrdinalData, choose_cuts, cut_codes, expected_codes, ordinal_codes

DRAW = np.random.default_rng(0)
CODES = DRAW.integers(0, 5, 400)
GUESSES = np.clip(CODES + DRAW.integers(-1, 2, 400), 0, 4)


def test_the_metrics_are_those_of_scikit_learn():
    from sklearn.metrics import cohen_kappa_score, mean_absolute_error

    weight = DRAW.random(400)
    assert quadratic_kappa(CODES, GUESSES) == pytest.approx(cohen_kappa_score(CODES, GUESSES, weights="quadratic"))
    expected = cohen_kappa_score(CODES, GUESSES, weights="quadratic", sample_weight=weight)
    assert quadratic_kappa(CODES, GUESSES, weight=weight) == pytest.approx(expected)
    assert ordinal_mae(CODES, GUESSES) == pytest.approx(mean_absolute_error(CODES, GUESSES))


def test_a_kappa_of_one_class_is_not_defined():
    assert np.isnan(quadratic_kappa(np.zeros(5), np.zeros(5)))


def test_metrics_of_an_order_are_measured_only_where_they_are_asked_for():
    assert metric("QWK").name == "quadratic_kappa"
    assert metric("quadratic_kappa").fits("multiclass")
    assert not {"quadratic_kappa", "ordinal_mae"} & {one.name for one in metrics_for("multiclass")}


def blurred(count, seed):
    """Ordered classes seen through noise by a model that leans to the middle."""
    draw = np.random.default_rng(seed)
    y = draw.integers(0, 5, count)
    seen = 0.4 * (y + draw.normal(0, 1.0, count)) + 1.2
    logits = -((np.arange(5)[np.newaxis] - seen[:, np.newaxis]) ** 2) / 0.8
    powers = np.exp(logits)
    return y, powers / powers.sum(axis=1, keepdims=True)


def test_fitted_cuts_raise_the_kappa_on_new_rows():
    y, chances = blurred(1500, 0)
    data = OrdinalData(chances, lambda codes, at: -quadratic_kappa(y[at], codes), np.arange(1500) % 5)
    choice = choose_cuts(data)
    assert list(choice.cuts) == sorted(choice.cuts)
    assert len(choice.cuts) == 4
    assert choice.losses["fitted"] == min(choice.losses.values())
    fresh, seen = blurred(3000, 1)
    plain = quadratic_kappa(fresh, np.argmax(seen, axis=1))
    assert quadratic_kappa(fresh, ordinal_codes(seen, choice.cuts)) > plain + 0.1


def test_where_the_most_probable_class_is_best_no_cuts_are_made():
    y = CODES
    chances = np.where(np.arange(5)[np.newaxis] == y[:, np.newaxis], 0.6, 0.1)
    choice = choose_cuts(OrdinalData(chances, lambda codes, at: float(np.mean(codes != y[at])), np.arange(400) % 5))
    assert choice.cuts == ()
    assert "most probable" in choice.reason


def test_a_place_on_a_cut_has_reached_it():
    assert cut_codes(np.array([0.0, 0.5, 1.4, 3.0]), (0.5, 1.5)).tolist() == [0, 1, 1, 2]
    assert expected_codes(np.array([[0.5, 0.0, 0.5]])).tolist() == [1.0]


def test_the_signature_decides_by_its_cuts():
    signature = Signature(
        name="m", version="1", task=Task.MULTICLASS, target="y", inputs=(), classes=("a", "b", "c"), cuts=(0.9, 1.9)
    )
    assert label_codes(signature, np.array([[0.5, 0.0, 0.5], [0.6, 0.4, 0.0]])).tolist() == [1, 0]
