"""Numbers of the families, against references and by hand."""

import csv
import gzip
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pytest
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import log_loss

from mlwright.data.task import TABULAR_TASKS
from mlwright.models.protocol import Facts, FitControl, FitData
from mlwright.models.signature import Task
from mlwright.models.tabular import MODELS
from mlwright.models.tabular.dummy import Dummy
from mlwright.models.tabular.linear import Linear
from mlwright.testing.models import made_table, short

CONTROL = FitControl(seed=0, threads=1)
BOOSTERS = ("lightgbm", "xgboost", "catboost", "hist_boosting")


def test_dummy_median_obeys_weights() -> None:
    rows = FitData(np.zeros((4, 1), np.float32), np.array([1.0, 2.0, 3.0, 10.0]), np.array([1.0, 1.0, 1.0, 9.0]))
    assert Dummy().fit(rows, None, Task.REGRESSION, {"strategy": "median"}, CONTROL).predict(rows.X)[0] == 10


def test_dummy_median_of_an_even_number_is_the_middle() -> None:
    rows = FitData(np.zeros((4, 1), np.float32), np.array([1.0, 2.0, 3.0, 10.0]))
    assert Dummy().fit(rows, None, Task.REGRESSION, {"strategy": "median"}, CONTROL).predict(rows.X)[0] == 2.5


def test_dummy_answers_the_shares_of_the_classes() -> None:
    rows = FitData(np.zeros((4, 1), np.float32), np.array([0, 0, 0, 1]))
    assert Dummy().fit(rows, None, Task.BINARY, {"strategy": "prior"}, CONTROL).predict(rows.X)[0].tolist() == [
        0.75,
        0.25,
    ]


def test_ridge_is_that_of_scikit_learn() -> None:
    rows = made_table(Task.REGRESSION, 200, "linear")
    weight = np.linspace(0.5, 2, 200)
    fitted = Linear().fit(
        FitData(rows.X, rows.y, weight), None, Task.REGRESSION, {"loss": "squared", "strength": 3.0}, CONTROL
    )
    reference = Ridge(3.0).fit(rows.X.astype(float), rows.y, sample_weight=weight)
    assert fitted.predict(rows.X) == pytest.approx(reference.predict(rows.X.astype(float)), rel=1e-9)


@pytest.mark.parametrize("task", [Task.BINARY, Task.MULTICLASS])
def test_logistic_regression_is_that_of_scikit_learn(task: Task) -> None:
    rows = made_table(task, 200, "linear")
    fitted = Linear().fit(rows, None, task, {"strength": 2.0}, CONTROL)
    reference = LogisticRegression(C=0.5, max_iter=1000).fit(rows.X.astype(float), rows.y)
    assert fitted.predict(rows.X) == pytest.approx(reference.predict_proba(rows.X.astype(float)), abs=1e-3)


def test_huber_withstands_outliers() -> None:
    rows = made_table(Task.REGRESSION, 300, "linear")
    y = (100 * rows.X[:, 0]).astype(np.float64)
    y[::20] = 1e6
    fitted = Linear().fit(
        FitData(rows.X, y), None, Task.REGRESSION, {"loss": "huber", "strength": 1e-4, "epsilon": 1.35}, CONTROL
    )
    assert fitted.coefficients[0, 0] == pytest.approx(100, rel=0.05)


@pytest.mark.parametrize("name", BOOSTERS)
def test_early_stopping_keeps_the_rounds_that_help_the_validation_rows(name: str) -> None:
    family = MODELS.load(name)()
    train, valid = made_table(Task.BINARY, 300), made_table(Task.BINARY, 300, seed=1)
    noisy = FitData(train.X, np.where(np.arange(300) % 4 == 0, 1 - train.y, train.y))
    params = {**family.portfolio(Facts(Task.BINARY, 300, 5, classes=2))[0], "rounds": 400, "patience": 20}
    params["learning_rate"] = 0.3
    early = family.fit(noisy, valid, Task.BINARY, params, CONTROL)
    late = family.fit(noisy, None, Task.BINARY, params, CONTROL)
    assert early.rounds < 200
    assert late.rounds == 400
    assert log_loss(valid.y, early.predict(valid.X)) < log_loss(valid.y, late.predict(valid.X))


@pytest.mark.parametrize("task", TABULAR_TASKS)
@pytest.mark.parametrize("name", list(MODELS))
def test_every_drawn_parameter_set_can_be_fitted(name: str, task: Task) -> None:
    family = MODELS.load(name)()
    rows = made_table(task, 120, family.preparation)
    facts = Facts(task, 120, 5, classes=0 if task is Task.REGRESSION else 3, minority_share=0.05)
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=1))
    drawn = [family.suggest(study.ask(), facts) for _ in range(3)]
    for params in [*drawn, *family.portfolio(facts)]:
        assert np.isfinite(family.fit(rows, None, task, short(params), CONTROL).predict(rows.X)).all()


@pytest.mark.parametrize("name", [name for name in MODELS if name != "dummy"])
def test_every_family_beats_the_baseline_on_real_houses(name: str, shared_data: Path) -> None:
    X, y = _houses(shared_data / "tabular" / "california_housing.csv.gz")
    family: Any = MODELS.load(name)()
    if family.preparation == "linear":
        X = ((X - X.mean(axis=0)) / X.std(axis=0)).astype(np.float32)
    train, valid = FitData(X[:1500], y[:1500]), FitData(X[1500:2000], y[1500:2000])
    params = {**family.portfolio(Facts(Task.REGRESSION, 1500, X.shape[1]))[0]}
    params |= {key: value for key, value in {"rounds": 150, "trees": 30}.items() if key in params}
    fitted = family.fit(train, valid, Task.REGRESSION, params, CONTROL)
    error = np.mean((fitted.predict(X[2000:]) - y[2000:]) ** 2)
    assert error < (0.45 if family.preparation == "linear" else 0.35) * np.var(y[2000:])


def _houses(path: Path) -> tuple[Any, Any]:
    with gzip.open(path, "rt") as stream:
        lines = list(csv.reader(stream))[1:]
    order = np.random.default_rng(0).permutation(len(lines))[:3000]
    # The last column is text, the one before it the price.
    table = np.array([[float(cell or "nan") for cell in lines[row][:-1]] for row in order])
    table = table[np.isfinite(table).all(axis=1)]
    return table[:, :-1].astype(np.float32), table[:, -1]
