"""Trials: everything fitted inside the folds, deadlines kept, files exact."""

import time
from dataclasses import replace

import numpy as np
import pytest

from mlwright.base.errors import InputError
from mlwright.base.seeds import derive_seed
from mlwright.evaluation.metrics import metric
from mlwright.models.protocol import Facts, FitControl
from mlwright.models.signature import Task
from mlwright.models.tabular import MODELS
from mlwright.tuning.folds import PreparedFolds, stopping_data
from mlwright.tuning.trial import Trial, TrialSpec, run_trial

CONTROL = FitControl(seed=0, threads=1)


def spec(family: str, number: int = 0, **params) -> TrialSpec:
    """Return the family's first portfolio entry for a small table, made smaller still."""
    first = MODELS.load(family)().portfolio(Facts(task=Task.BINARY, rows=500, features=5, classes=2))[0]
    fewer = {name: 30 for name in ("rounds", "trees") if name in first}
    return TrialSpec(number, family, {**first, **fewer, **params})


def test_every_row_is_predicted_by_a_fold_that_did_not_see_it(diabetes):
    """The dummy predicts the mean of its training rows, so its predictions say which rows it saw."""
    trial = run_trial(spec("dummy"), diabetes, CONTROL)
    for train, valid in diabetes.folds:
        assert trial.oof[valid] == pytest.approx(diabetes.y[train].mean())
    assert trial.status == "complete"


def test_losses_are_those_of_the_metric(tumours):
    trial = run_trial(spec("linear"), tumours, CONTROL)
    log_loss = metric("log_loss")
    assert trial.loss == pytest.approx(log_loss.compute(tumours.y, trial.oof))
    rows = tumours.folds[1][1]
    assert trial.fold_losses[1] == pytest.approx(log_loss.compute(tumours.y[rows], trial.oof[rows]))
    auc = run_trial(spec("linear"), replace(tumours, metric="roc_auc"), CONTROL)
    assert -1 < auc.loss < -0.9
    assert auc.fold_scores("maximise")[0] == -auc.fold_losses[0]


def test_the_bag_predicts_the_mean_of_its_folds(wines):
    trial = run_trial(spec("linear"), wines, CONTROL)
    assert trial.member is not None
    pairs = zip(trial.member.preparations, trial.member.estimators, strict=True)
    parts = [estimator.predict(preparation.transform(wines.columns)) for preparation, estimator in pairs]
    assert trial.member.predict(wines.columns) == pytest.approx(np.mean(parts, axis=0), abs=1e-12)


def test_repeats_are_averaged_and_rows_without_a_fold_stay_empty(diabetes):
    first = diabetes.folds[0]
    twice = run_trial(spec("dummy"), replace(diabetes, folds=(first, first)), CONTROL)
    assert twice.oof[first[1]] == pytest.approx(diabetes.y[first[0]].mean())
    assert np.isnan(twice.oof[first[0]]).all()


@pytest.mark.parametrize("family", ["linear", "lightgbm"])
def test_two_runs_give_the_same_bytes(tmp_path, tumours, contents, family):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        run_trial(spec(family, 3), tumours, CONTROL).save(tmp_path / name)
    assert contents(tmp_path / "a") == contents(tmp_path / "b")


def test_a_loaded_trial_is_the_same_and_predicts_the_same(tmp_path, wines, contents):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    trial = run_trial(spec("lightgbm", 2), wines, CONTROL)
    trial.save(tmp_path / "a")
    loaded = Trial.load(tmp_path / "a")
    loaded.save(tmp_path / "b")
    assert contents(tmp_path / "a") == contents(tmp_path / "b")
    assert loaded.spec == trial.spec
    assert loaded.seconds == trial.seconds
    assert loaded.member is not None
    assert trial.member is not None
    assert loaded.member.predict(wines.columns) == pytest.approx(trial.member.predict(wines.columns), abs=1e-9)


def test_another_seed_gives_other_predictions(tumours):
    one, other = (run_trial(spec("extra_trees"), tumours, FitControl(seed=seed, threads=1)) for seed in (0, 1))
    assert not np.allclose(one.oof, other.oof)


def test_a_deadline_that_is_over_fails_the_trial_with_its_reason(tumours):
    control = replace(CONTROL, deadline=time.monotonic() - 1)
    trial = run_trial(spec("lightgbm"), tumours, control)
    assert (trial.status, trial.member, trial.loss) == ("failed", None, float("inf"))
    assert "out of time" in trial.reason


class _SlowPreparation(PreparedFolds):
    """Takes until the deadline for every fold but the first."""

    deadline = 0.0

    def get(self, flavour, index):
        if index:
            time.sleep(max(self.deadline - time.monotonic(), 0.0))
        return super().get(flavour, index)


def test_out_of_time_after_a_fold_is_partial_and_keeps_the_fold(tumours):
    control = replace(CONTROL, deadline=time.monotonic() + 1.0)
    prepared = _SlowPreparation(tumours, 0)
    prepared.deadline = control.deadline
    trial = run_trial(spec("linear"), tumours, control, prepared=prepared)
    assert trial.status == "partial"
    assert "after 1 of 3 folds" in trial.reason
    assert trial.member is not None
    assert len(trial.member.estimators) == 1
    assert np.isfinite(trial.oof).all(axis=1).sum() == len(tumours.folds[0][1])


def test_a_trial_the_judge_stops_is_pruned_and_keeps_no_model(tumours):
    trial = run_trial(spec("linear"), tumours, CONTROL, judge=lambda losses, so_far: "worse")
    assert (trial.status, trial.reason, trial.member, len(trial.fold_losses)) == ("pruned", "worse", None, 1)


def test_a_failure_inside_the_fit_is_recorded_with_its_reason(tumours):
    trial = run_trial(spec("lightgbm", learning_rate="fast"), tumours, CONTROL)
    assert trial.status == "failed"
    assert trial.reason
    assert trial.member is None


def test_an_unknown_family_is_an_error_not_a_failed_trial(tumours):
    with pytest.raises(InputError, match="lightgmb"):
        run_trial(spec("lightgmb"), tumours, CONTROL)


@pytest.mark.parametrize("family", ["linear", "lightgbm", "extra_trees"])
def test_permuted_labels_give_chance(noise, family):
    """No leak through preparation, early stopping or folds: a model of noise scores as noise."""
    table = noise(1_600)
    trial = run_trial(spec(family), table, CONTROL)
    assert -trial.loss == pytest.approx(0.5, abs=4 * 0.5 / np.sqrt(3 * 1_600 / 4))


def test_the_rounds_of_a_fold_are_those_that_the_other_fold_found_best(tumours):
    """So no row has a say in the model that predicts it."""
    table = replace(tumours, folds=tumours.folds[:2])
    # A patience as long as the whole: every round is there to be kept.
    lightgbm = spec("lightgbm", 4, rounds=60, patience=60, learning_rate=0.3)
    own = []
    for index in range(2):
        data = stopping_data(table, index, PreparedFolds(table, CONTROL.seed).get("tree", index))
        control = replace(CONTROL, seed=derive_seed(CONTROL.seed, "trial", 4, index))
        own.append(MODELS.load("lightgbm")().fit(*data, table.task, lightgbm.params, control).rounds)
    trial = run_trial(lightgbm, table, CONTROL)
    assert trial.member is not None
    assert own[0] != own[1]
    assert [estimator.rounds for estimator in trial.member.estimators] == [own[1], own[0]]


def test_a_forest_is_delivered_as_one_of_all_rows(tumours):
    trial = run_trial(spec("extra_trees", min_samples_leaf=1), tumours, CONTROL)
    assert trial.member is not None
    (forest,) = trial.member.estimators
    # Pure leaves remember every row, and so every row was there.
    codes = forest.predict(trial.member.preparations[0].transform(tumours.columns)).argmax(axis=1)
    assert (codes == tumours.y).all()
    assert (trial.oof.argmax(axis=1) != tumours.y).any()


def test_prepared_folds_are_shared_and_bounded(tumours):
    prepared = PreparedFolds(tumours, 0)
    assert prepared.get("tree", 0) is prepared.get("tree", 0)
    tight = PreparedFolds(tumours, 0, max_bytes=1)
    first = tight.get("tree", 0)
    tight.get("tree", 1)
    assert tight.get("tree", 0) is not first
