"""Thresholds against brute force and by hand."""

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score, f1_score, matthews_corrcoef

from mlwright.base.errors import DataError
from mlwright.tuning.threshold import (
    RATES,
    ConstraintGoal,
    CostGoal,
    MetricGoal,
    Scored,
    choose_threshold,
    confusion_curve,
    counts_at,
)


def rare(rows: int = 600, seed: int = 0) -> Scored:
    """Positives are one in ten and well ranked, but their probabilities are far too low."""
    random = np.random.default_rng(seed)
    positive = random.random(rows) < 0.1
    return Scored(1 / (1 + np.exp(-(random.normal(size=rows) + 2.5 * positive - 3.5))), positive)


@pytest.mark.parametrize(
    ("name", "reference"),
    [("f1", f1_score), ("mcc", matthews_corrcoef), ("balanced_accuracy", balanced_accuracy_score)],
)
def test_the_curve_agrees_with_scikit_learn_at_every_threshold(name, reference):
    scored = rare(120)
    thresholds, counts = confusion_curve(scored)
    values = RATES[name](counts)
    for threshold, value in list(zip(thresholds, values, strict=True))[:-1:7]:
        assert value == pytest.approx(reference(scored.positive, scored.probabilities >= threshold), abs=1e-12)


def test_the_curve_agrees_with_counting_when_scores_tie_and_rows_have_weights():
    scored = Scored(
        np.array([0.2, 0.2, 0.5, 0.5, 0.9]), np.array([0, 1, 0, 1, 1], dtype=bool), np.array([1.0, 2, 3, 4, 5])
    )
    thresholds, counts = confusion_curve(scored)
    assert thresholds == pytest.approx([0.0, 0.35, 0.7, 0.95], abs=1e-7)
    assert counts.tp.tolist() == [11, 9, 5, 0]
    assert counts.fp.tolist() == [4, 3, 0, 0]
    assert counts.fn.tolist() == [0, 2, 6, 11]


def test_a_certain_row_is_positive_at_every_threshold():
    thresholds, _ = confusion_curve(Scored(np.array([0.0, 1.0]), np.array([False, True])))
    assert thresholds.max() == 0.5


def test_the_best_threshold_for_f1_is_that_of_brute_force():
    scored = rare()
    choice = choose_threshold(scored, MetricGoal("f1"))
    brute = max(f1_score(scored.positive, scored.probabilities >= t) for t in scored.probabilities[scored.positive])
    assert choice.value == pytest.approx(brute)
    assert choice.value > choice.plain_value
    assert choice.threshold == np.float32(choice.threshold)


def test_half_stays_when_nothing_better_is_beyond_noise():
    random = np.random.default_rng(1)
    p = random.random(400)
    choice = choose_threshold(Scored(p, random.random(400) < p), MetricGoal("accuracy"))
    assert choice.threshold == 0.5
    assert "noise" in choice.reason


def test_a_constraint_is_held_with_room_on_both_sides():
    p = np.array([0.1, 0.2, 0.3, 0.6, 0.7, 0.8, 0.9])
    choice = choose_threshold(Scored(p, p > 0.5), ConstraintGoal("recall", 0.9, "precision", 0.9))
    assert choice.met
    assert choice.threshold == pytest.approx(0.45)


def test_a_constraint_out_of_reach_is_said_and_the_given_side_kept():
    scored = rare()
    choice = choose_threshold(scored, ConstraintGoal("recall", 0.99, "precision", 0.8))
    assert not choice.met
    assert "can't be met" in choice.reason
    assert RATES["precision"](counts_at(scored, choice.threshold)) >= 0.8


def test_costs_move_the_threshold_as_bayes_would_for_calibrated_probabilities():
    random = np.random.default_rng(2)
    p = random.random(20_000)
    choice = choose_threshold(Scored(p, random.random(20_000) < p), CostGoal(false_positive=1, false_negative=9))
    assert choice.threshold == pytest.approx(0.1, abs=0.05)
    assert choice.value == pytest.approx(0.45, abs=0.02)  # by integration: 9·0.1²/2 + 0.9²/2


def test_errors_say_what_was_expected():
    with pytest.raises(DataError, match="one of accuracy"):
        choose_threshold(rare(), MetricGoal("recall"))
    with pytest.raises(DataError, match="precision") as caught:
        choose_threshold(rare(), ConstraintGoal("recal", 0.9, "precision", 0.9))
    assert "recall" in caught.value.hint
    with pytest.raises(DataError, match="one class only"):
        choose_threshold(Scored(np.array([0.1, 0.2]), np.array([True, True])), MetricGoal("f1"))
