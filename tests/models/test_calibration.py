"""Calibrators against known distortions."""

import json

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from mlwright.base.errors import DataError
from mlwright.models.signature import Task
from mlwright.models.tabular.calibration import (
    CalibrationData,
    Isotonic,
    Platt,
    Temperature,
    calibrator_from_state,
    choose_calibrator,
    fit_platt,
    fit_temperature,
    row_log_loss,
)


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def binary(rows: int, slope: float, shift: float, seed: int = 0):
    """Labels follow sigmoid(z); the probabilities say sigmoid(slope·z + shift)."""
    random = np.random.default_rng(seed)
    z = 2 * random.normal(size=rows)
    p = sigmoid(slope * z + shift)
    return np.column_stack([1 - p, p]), (random.random(rows) < sigmoid(z)).astype(np.int64)


def three_classes(rows: int, sharpness: float, seed: int = 0):
    random = np.random.default_rng(seed)
    logits = 1.5 * random.normal(size=(rows, 3))
    true = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    y = (random.random(rows)[:, None] > true.cumsum(axis=1)).sum(axis=1).astype(np.int64)
    told = np.exp(sharpness * logits)
    return told / told.sum(axis=1, keepdims=True), y


def test_platt_undoes_a_known_distortion():
    probabilities, y = binary(20_000, slope=3.0, shift=1.5)
    fitted = fit_platt(probabilities, y)
    assert fitted.slope == pytest.approx(1 / 3, abs=0.02)
    assert fitted.intercept == pytest.approx(-0.5, abs=0.05)


def test_platt_is_near_logistic_regression_on_the_logit():
    probabilities, y = binary(2_000, slope=0.5, shift=-1.0)
    fitted = fit_platt(probabilities, y)
    logit = np.log(probabilities[:, 1] / probabilities[:, 0])[:, None]
    reference = LogisticRegression(C=1e9).fit(logit, y)
    assert fitted.slope == pytest.approx(reference.coef_[0, 0], rel=0.02)
    assert fitted.intercept == pytest.approx(reference.intercept_[0], rel=0.02)


def test_platt_is_finite_on_a_separable_sample():
    p = np.repeat([0.01, 0.99], 50)
    fitted = fit_platt(np.column_stack([1 - p, p]), np.repeat([0, 1], 50))
    assert np.isfinite([fitted.slope, fitted.intercept]).all()


def test_temperature_finds_the_sharpness():
    probabilities, y = three_classes(20_000, sharpness=2.5)
    assert fit_temperature(probabilities, y).temperature == pytest.approx(2.5, rel=0.05)


def test_a_distorted_binary_model_is_calibrated_and_loses_less():
    probabilities, y = binary(3_000, slope=3.0, shift=1.0)
    choice = choose_calibrator(CalibrationData(probabilities, y, Task.BINARY))
    assert choice.calibrator is not None
    fresh, labels = binary(3_000, slope=3.0, shift=1.0, seed=1)
    assert row_log_loss(labels, choice.calibrator.apply(fresh)).mean() < row_log_loss(labels, fresh).mean() - 0.05


def test_a_step_shaped_distortion_needs_isotonic():
    random = np.random.default_rng(0)
    p = random.random(8_000)
    y = (random.random(8_000) < np.where(p < 0.3, 0.05, np.where(p < 0.8, 0.5, 0.95))).astype(np.int64)
    choice = choose_calibrator(CalibrationData(np.column_stack([1 - p, p]), y, Task.BINARY))
    assert isinstance(choice.calibrator, Isotonic)
    assert np.all(np.diff(choice.calibrator.y) >= 0)


def test_a_calibrated_model_is_left_alone():
    probabilities, y = binary(3_000, slope=1.0, shift=0.0)
    choice = choose_calibrator(CalibrationData(probabilities, y, Task.BINARY))
    assert choice.calibrator is None
    assert "noise" in choice.reason
    assert set(choice.losses) == {"none", "platt", "isotonic"}


def test_few_rows_and_regression_are_never_calibrated():
    probabilities, y = binary(100, slope=5.0, shift=3.0)
    assert choose_calibrator(CalibrationData(probabilities, y, Task.BINARY)).calibrator is None
    assert choose_calibrator(CalibrationData(np.empty((0, 0)), np.ones(500), Task.REGRESSION)).calibrator is None


@pytest.mark.parametrize("calibrator", [Platt(1 / 3, -0.1), Isotonic((0.1, 0.5, 0.9), (0.05, 0.6, 0.7))])
def test_binary_calibrators_rise_sum_to_one_and_survive_json(calibrator):
    p = np.linspace(0, 1, 101)
    out = calibrator.apply(np.column_stack([1 - p, p]))
    assert np.all(np.diff(out[:, 1]) >= 0)
    assert out.sum(axis=1) == pytest.approx(1.0)
    assert calibrator_from_state(json.loads(json.dumps(calibrator.state()))) == calibrator


def test_temperature_keeps_the_first_class_first_and_survives_json():
    probabilities, _ = three_classes(200, sharpness=1.0)
    calibrator = Temperature(1.7)
    out = calibrator.apply(probabilities)
    assert (out.argmax(axis=1) == probabilities.argmax(axis=1)).all()
    assert calibrator_from_state(json.loads(json.dumps(calibrator.state()))) == calibrator


def test_an_unknown_kind_is_an_error():
    with pytest.raises(DataError, match="temperature, platt or isotonic"):
        calibrator_from_state({"kind": "beta"})
