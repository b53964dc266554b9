"""The scale of a target: there and back, what is refused, and what no prediction may be."""

import json

import numpy as np
import pytest
from scipy import stats

from mlwright.base.errors import Infeasible
from mlwright.models.tabular.back import Back, yeo_johnson, yeo_johnson_inverse
from mlwright.models.tabular.mean_correction import mean_factors
from mlwright.models.tabular.target_scale import TARGETS, target_scale

DRAW = np.random.default_rng(0)
POSITIVE = np.exp(DRAW.normal(2, 1, 500))
SIGNED = DRAW.normal(size=500) ** 3
SHARES = DRAW.beta(0.5, 0.5, 500)


@pytest.mark.parametrize(
    ("kind", "y"),
    [
        ("identity", SIGNED),
        ("log1p", POSITIVE),
        ("yeo_johnson", POSITIVE),
        ("yeo_johnson", SIGNED),
        ("logit", SHARES),
        ("normal_scores", SIGNED),
    ],
)
def test_back_is_the_inverse_of_forward_on_all_training_values(kind, y):
    scale = target_scale(kind, y)
    inner = np.sort(y)[5:-5]  # the knots of normal scores end within the outermost rows
    edge = 2e-3 if kind in ("logit", "normal_scores") else 1e-12
    np.testing.assert_allclose(scale.back.apply(scale.forward(inner)), inner, rtol=0.2 * edge, atol=edge)


@pytest.mark.parametrize("kind", TARGETS)
def test_a_target_that_is_never_negative_is_never_predicted_negative(kind):
    y = SHARES if kind == "logit" else POSITIVE
    far = np.linspace(-1e3, 1e3, 201)
    values = target_scale(kind, y).back.apply(far)
    assert values.min() >= 0
    assert np.isfinite(values).all()


def test_a_target_below_zero_has_no_floor():
    assert target_scale("identity", SIGNED).back.is_identity
    assert target_scale("identity", POSITIVE).back == Back(minimum=0.0)


def test_a_prediction_stays_near_the_range_that_was_learned():
    back = target_scale("log1p", POSITIVE).back
    assert back.apply(np.array([1e6]))[0] < 3 * POSITIVE.max()


def test_shares_stay_within_zero_and_one_although_some_are_exactly_that():
    y = np.array([0.0, 0.2, 0.5, 1.0])
    back = target_scale("logit", y).back
    found = back.apply(np.array([-50.0, 0.0, 50.0]))
    assert 0 <= found[0] < 0.1
    assert found[1] == 0.5
    assert 0.9 < found[2] <= 1


@pytest.mark.parametrize("power", [-1.0, 0.0, 0.5, 1.0, 2.0, 3.0])
def test_yeo_johnson_is_that_of_scipy(power):
    np.testing.assert_allclose(yeo_johnson(SIGNED, power), stats.yeojohnson(SIGNED, power), rtol=1e-9)
    inside = np.clip(SIGNED, -2, 2)
    np.testing.assert_allclose(yeo_johnson_inverse(yeo_johnson(inside, power), power), inside, atol=1e-9)


@pytest.mark.parametrize("y", [POSITIVE, SIGNED])
def test_the_power_is_that_of_the_largest_likelihood(y):
    back = target_scale("yeo_johnson", y).back
    assert back.power == pytest.approx(stats.yeojohnson_normmax(y / back.unit), abs=5e-3)


def test_the_unit_of_the_target_does_not_matter():
    small, large = target_scale("yeo_johnson", POSITIVE), target_scale("yeo_johnson", POSITIVE * 1e6)
    assert small.back.power == large.back.power
    np.testing.assert_allclose(small.forward(POSITIVE), large.forward(POSITIVE * 1e6))


@pytest.mark.parametrize(
    ("kind", "y", "objective", "message"),
    [
        ("log1p", np.array([-1.0, 2.0]), "squared", "is not above -1"),
        ("logit", np.array([0.2, 1.2]), "squared", "not within 0 to 1"),
        ("identity", np.array([-1.0, 2.0]), "poisson", "are not positive"),
        ("identity", np.array([0.0, 2.0]), "gamma", "are not positive"),
        ("log1p", np.array([1.0, 2.0]), "poisson", "a logarithm of its own"),
        ("cubic", np.array([1.0, 2.0]), "squared", "no scale of a target"),
    ],
)
def test_what_does_not_suit_the_values_is_refused(kind, y, objective, message):
    with pytest.raises(Infeasible, match=message):
        target_scale(kind, y, objective=objective)


def test_a_back_survives_json():
    back = target_scale("normal_scores", SIGNED).back
    again = Back.model_validate(json.loads(json.dumps(back.model_dump(mode="json"))))
    np.testing.assert_array_equal(again.apply(np.linspace(-3, 3, 9)), back.apply(np.linspace(-3, 3, 9)))


def test_the_factor_of_a_fold_is_that_of_the_others():
    truth = [np.array([10.0]), np.array([20.0]), np.array([60.0])]
    assert mean_factors(truth, [np.array([10.0])] * 3) == [4.0, 3.5, 1.5]
    assert mean_factors([np.zeros(2)] * 2, [np.zeros(2)] * 2) == [1.0, 1.0]
