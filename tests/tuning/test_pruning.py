"""Pruning: clearly worse stops, nearly as good goes on."""

from mlwright.tuning.pruning import Reference, why_prune, why_useless

BEST = Reference(fold_losses=(0.30, 0.31, 0.29, 0.30, 0.30), span=0.40)


def test_a_trial_far_worse_on_the_first_fold_stops_with_its_reason():
    assert why_prune([0.45], BEST).startswith("worse than the best by 0.15")


def test_a_trial_within_a_tenth_of_the_span_goes_on_for_it_may_help_a_mix():
    assert why_prune([0.33], BEST) == ""


def test_a_better_trial_goes_on():
    assert why_prune([0.2, 0.2], BEST) == ""


def test_with_wide_folds_one_bad_fold_is_not_enough():
    wide = Reference(fold_losses=(0.1, 0.5, 0.3, 0.2, 0.4), span=0.40)
    assert why_prune([0.35], wide) == ""


def test_two_folds_worse_by_the_same_gap_are_enough_even_when_folds_are_wide():
    wide = Reference(fold_losses=(0.1, 0.5, 0.3, 0.2, 0.4), span=0.40)
    assert why_prune([0.2, 0.61], wide)


def test_folds_on_which_the_metric_is_not_defined_are_left_out():
    assert why_prune([float("inf")], BEST) == ""


def test_what_adds_to_the_mix_goes_on_and_so_does_what_one_fold_alone_has_judged():
    assert not why_useless(2, promised=0.01, span=0.4)
    assert not why_useless(1, promised=0.0, span=0.4)
    assert why_useless(3, promised=0.0, span=0.4) == "adds nothing to the mix over 3 folds."
