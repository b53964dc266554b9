"""What a target's shape adds to the portfolios, and that no habit decides."""

import numpy as np
import pytest

from mlwright.base.errors import Infeasible
from mlwright.models.protocol import Facts, FitData
from mlwright.models.signature import Task
from mlwright.models.tabular.focal import focal_gradients, focal_loss
from mlwright.models.tabular.resample import resampled
from mlwright.models.tabular.shapes import best_shape, shaped, target_facts

SETS = [{"rounds": 10}, {"rounds": 20}]
DRAW = np.random.default_rng(0)


def facts(y, metric="rmse", **more):
    return Facts(
        Task.REGRESSION, len(y), 3, **target_facts(np.asarray(y, dtype=float), Task.REGRESSION, metric), **more
    )


def shapes(family, found):
    return [{k: v for k, v in one.items() if k != "rounds"} for one in shaped(family, SETS, found)]


def test_an_ordinary_target_adds_nothing():
    assert shaped("lightgbm", SETS, facts(DRAW.normal(size=300))) == SETS


def test_counts_add_poisson_behind_the_plain_set():
    assert shapes("lightgbm", facts(DRAW.poisson(3.0, 300))) == [{}, {"objective": "poisson"}, {}]
    assert shapes("linear", facts(DRAW.poisson(3.0, 300))) == [{}, {}]


def test_a_skewed_positive_target_adds_a_logarithm_with_its_mean_mended():
    found = shapes("xgboost", facts(np.exp(DRAW.normal(size=300))))
    assert found == [{}, {"target": "log1p", "correct_mean": True}, {"objective": "gamma"}, {}]


def test_many_zeros_add_tweedie_and_catboost_gets_no_gamma():
    y = np.where(DRAW.random(300) < 0.6, 0.0, np.exp(DRAW.normal(size=300)))
    assert {"objective": "tweedie", "tweedie_power": 1.5} in shapes("catboost", facts(y))
    assert {"objective": "gamma"} not in shapes("catboost", facts(np.exp(DRAW.normal(size=300))))


def test_a_skewed_signed_target_adds_yeo_johnson_and_shares_add_a_logit():
    assert {"target": "yeo_johnson"} in shapes("extra_trees", facts(DRAW.exponential(size=300) - 1))
    assert {"target": "logit"} in shapes("extra_trees", facts(DRAW.random(300)))


def test_a_metric_with_an_objective_of_its_own_leads_with_it():
    y = DRAW.normal(size=300)
    assert shapes("hist_boosting", facts(y, "mae"))[:2] == [{"objective": "absolute"}, {}]
    quantile = {"objective": "quantile", "quantile": 0.9}
    assert shapes("hist_boosting", facts(y, "pinball@0.9")) == [quantile, quantile]
    assert shapes("linear", facts(y, "pinball@0.9")) == [quantile, quantile]
    assert shapes("extra_trees", facts(y, "pinball@0.9")) == [{}, {}]
    assert shapes("linear", facts(np.abs(y), "rmsle"))[0] == {"target": "log1p"}


def test_rare_classes_add_resampling_and_focal_loss_where_a_ranking_or_labels_are_judged():
    rare = Facts(Task.BINARY, 5_000, 3, classes=2, minority_share=0.05, metric="pr_auc")
    assert shapes("lightgbm", rare)[1:3] == [{"resample": "under"}, {"objective": "focal", "focal_gamma": 2.0}]
    assert {"resample": "smote"} in shapes("linear", rare)
    assert shaped("catboost", SETS, rare) == SETS
    for metric, share in (("log_loss", 0.05), ("pr_auc", 0.4)):
        ordinary = Facts(Task.BINARY, 5_000, 3, classes=2, minority_share=share, metric=metric)
        assert shaped("lightgbm", SETS, ordinary) == SETS


def test_further_draws_keep_the_shape_that_was_best():
    trials = [(0.5, {"rounds": 3}), (0.4, {"rounds": 3, "target": "log1p", "correct_mean": True}), (0.6, {})]
    assert best_shape(trials) == {"target": "log1p", "correct_mean": True}
    assert best_shape([]) == {}


@pytest.mark.parametrize(("how", "sizes"), [("none", [90, 10]), ("under", [10, 10]), ("over", [90, 90])])
def test_resampling_evens_the_classes_out(how, sizes):
    y = np.repeat([0, 1], [90, 10])
    train = FitData(np.arange(100.0).reshape(-1, 1).astype(np.float32), y, weight=np.arange(100.0))
    found = resampled(train, how)
    assert np.bincount(found.y).tolist() == sizes
    np.testing.assert_array_equal(found.weight, found.X[:, 0])  # rows stay whole
    np.testing.assert_array_equal(resampled(train, how).X, found.X)


def test_smote_puts_new_rows_between_neighbours_of_a_class():
    X = np.concatenate([DRAW.normal(size=(90, 2)), DRAW.normal(9, 1, size=(10, 2))]).astype(np.float32)
    found = resampled(FitData(X, np.repeat([0, 1], [90, 10])), "smote")
    new = found.X[found.y == 1]
    assert len(new) == 90
    assert (new >= X[90:].min(axis=0)).all()
    assert (new <= X[90:].max(axis=0)).all()


@pytest.mark.parametrize(
    ("X", "y", "weight"),
    [
        (np.full((20, 1), np.nan), np.repeat([0, 1], 10), None),
        (np.zeros((20, 1)), np.repeat([0, 1], [19, 1]), None),
        (np.zeros((20, 1)), np.repeat([0, 1], 10), np.ones(20)),
    ],
)
def test_smote_says_what_it_cannot_do(X, y, weight):
    with pytest.raises(Infeasible, match="SMOTE needs two rows"):
        resampled(FitData(X.astype(np.float32), y, weight), "smote")


def test_focal_derivatives_are_those_of_the_loss():
    raw, y, step = np.linspace(-4, 4, 41), np.arange(41) % 2, 1e-5
    for gamma in (0.0, 1.0, 2.0):
        first, second = focal_gradients(raw, y, gamma)
        numeric = (focal_loss(raw + step, y, gamma) - focal_loss(raw - step, y, gamma)) / (2 * step)
        np.testing.assert_allclose(first, numeric, atol=1e-8)
        up, down = focal_gradients(raw + step, y, gamma)[0], focal_gradients(raw - step, y, gamma)[0]
        np.testing.assert_allclose(second, np.maximum((up - down) / (2 * step), 1e-6), atol=1e-7)


def test_focal_loss_without_gamma_is_the_log_loss():
    np.testing.assert_allclose(focal_loss(np.zeros(2), np.array([0, 1]), 0.0), np.log(2))
