"""From the choice to the model."""

import numpy as np
import pytest

from mlwright.base.errors import DataError
from mlwright.models.protocol import FitControl
from mlwright.models.signature import Signature
from mlwright.tuning.build import BuildPlan, build_model
from mlwright.tuning.front import measure_cost, single_variant
from mlwright.tuning.search import SearchPlan, search
from mlwright.tuning.select import candidates_of
from mlwright.tuning.single import refit_single
from mlwright.tuning.threshold import MetricGoal


@pytest.fixture(scope="module")
def trials(tumours):
    return search(tumours, SearchPlan(("dummy", "linear", "lightgbm"), trials=3), [], lambda trial: None).trials


def signature_of(table) -> Signature:
    positive = table.classes[0] if len(table.classes) == 2 else None
    return Signature(
        name="t",
        version="1",
        task=table.task,
        target="y",
        inputs=table.inputs,
        classes=table.classes,
        positive=positive,
    )


def test_the_model_holds_the_mix_and_its_threshold(tumours, trials):
    candidate = candidates_of(tumours, trials)[-1]
    built = build_model(tumours, candidate, trials, BuildPlan(signature_of(tumours), MetricGoal("f1")))
    assert len(built.model.members) == len(candidate.numbers)
    assert built.threshold is not None
    assert built.model.signature.threshold == built.threshold.threshold
    assert built.calibration.reason
    labels = built.model.labels(built.model.predict(tumours.columns))
    assert np.mean(labels == np.array(tumours.classes)[tumours.y]) > 0.9


def test_without_a_goal_there_is_no_threshold(wines):
    found = search(wines, SearchPlan(("dummy", "linear"), trials=2), [], lambda trial: None).trials
    built = build_model(wines, candidates_of(wines, found)[0], found, BuildPlan(signature_of(wines)))
    assert built.threshold is None
    assert built.model.signature.threshold is None


def test_the_single_variant_is_one_estimator_of_the_mean_rounds_and_nearly_as_good(tumours, trials):
    trial = trials[-1]
    assert trial.member is not None
    member = refit_single(trial, tumours, FitControl(0, 1))
    assert len(member.estimators) == 1
    rounds = [estimator.rounds for estimator in trial.member.estimators]
    assert member.estimators[0].rounds == round(np.mean(rounds))
    agree = np.abs(member.predict(tumours.columns) - trial.member.predict(tumours.columns))
    assert np.median(agree) < 0.05
    bag = next(one for one in candidates_of(tumours, trials) if one.numbers == (trial.spec.number,))
    single = single_variant(bag, trial, 0.01)
    plan = BuildPlan(signature_of(tumours), single=member)
    small, large = (
        measure_cost(build_model(tumours, one, trials, plan).model, tumours.columns) for one in (single, bag)
    )
    assert small.size_bytes < large.size_bytes


def test_what_is_missing_is_said(tumours, trials):
    bag = candidates_of(tumours, trials)[0]
    with pytest.raises(DataError, match="no member yet"):
        build_model(tumours, single_variant(bag, trials[-1], 0.0), trials, BuildPlan(signature_of(tumours)))
    with pytest.raises(DataError, match="no model"):
        build_model(tumours, bag, (), BuildPlan(signature_of(tumours)))
