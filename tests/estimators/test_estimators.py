"""The estimators on what people have: frames of mixed columns, missing cells, weights, groups, bad input."""

import pickle
import time
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pandas as pd
import polars as pl
import pytest
from sklearn.exceptions import NotFittedError

from mlwright import MLWrightClassifier, MLWrightRegressor
from mlwright.base.errors import DataError, MlwrightError
from mlwright.data.schema import Role, SemanticType
from mlwright.estimators.rows import InvalidInput

QUICK: dict[str, Any] = {"trials": 3, "families": ("dummy", "linear", "lightgbm"), "threads": 1}


def people(rows: int = 240, seed: int = 0) -> tuple[pd.DataFrame, np.ndarray]:
    random = np.random.default_rng(seed)
    age = random.integers(18, 80, rows).astype(float)
    city = random.choice(["Rome", "Oslo", "Lima"], rows)
    joined = pd.Timestamp("2020-01-01") + pd.to_timedelta(random.integers(0, 900, rows), unit="D")
    score = age / 30 + (city == "Rome") * 2.0 + random.normal(size=rows) * 0.5
    age[::17] = np.nan
    frame = pd.DataFrame(
        {
            "age": age,
            "city": city,
            "member": random.random(rows) < 0.5,
            "joined": joined,
            "grade": pd.Categorical(random.choice([1, 2, 3], rows)),
            "same": 7,
        }
    )
    frame.loc[::23, "city"] = None
    return frame, np.where(score > 2.3, "yes", "no")


@pytest.fixture(scope="module")
def fitted() -> tuple[MLWrightClassifier, pd.DataFrame, np.ndarray]:
    X, y = people()
    return MLWrightClassifier(**QUICK).fit(X, y), X, y


def test_it_learns_from_mixed_columns(fitted: Any) -> None:
    model, X, _ = fitted
    new, truth = people(seed=1)
    assert model.score(new, truth) > 0.8
    assert model.classes_.tolist() == ["no", "yes"]
    assert model.feature_names_in_.tolist() == list(X.columns)


def test_columns_are_understood_as_a_run_understands_them(fitted: Any) -> None:
    schema = fitted[0].schema_
    kinds = {column.name: column.type for column in schema.columns}
    assert kinds["age"] is SemanticType.NUMBER
    assert kinds["joined"] is SemanticType.DATETIME
    assert {kinds["city"], kinds["member"], kinds["grade"]} == {SemanticType.CATEGORY}
    assert schema["same"].role is Role.IGNORED


def test_polars_pandas_and_single_rows_give_the_same_answers(fitted: Any) -> None:
    model, X, _ = fitted
    whole = model.predict_proba(pd.concat([X] * 2, ignore_index=True))[: len(X)]  # over 300 rows: the other road
    assert np.allclose(model.predict_proba(X), whole, atol=1e-12)
    assert np.allclose(model.predict_proba(pl.from_pandas(X)), whole, atol=1e-12)
    single = np.vstack([model.predict_proba(X.iloc[[row]]) for row in range(20)])
    assert np.allclose(single, whole[:20], atol=1e-12)


def test_arrow_tables_are_taken(fitted: Any) -> None:
    model, X, _ = fitted
    assert np.array_equal(model.predict(pl.from_pandas(X).to_arrow()), model.predict(X))


def test_lists_of_mixed_rows_are_taken() -> None:
    rows = [[number, "red" if number % 2 else "blue"] for number in range(60)]
    target = [number % 2 for number in range(60)]
    model = MLWrightClassifier(**QUICK).fit(rows, target)
    assert model.predict([[5, "red"], [4, "blue"]]).tolist() == [1, 0]


def test_the_same_rows_give_the_same_model() -> None:
    X, y = people()
    first, second = (MLWrightClassifier(**QUICK).fit(X, y).predict_proba(X) for _ in range(2))
    assert np.array_equal(first, second)


def test_a_regression_is_learnt() -> None:
    random = np.random.default_rng(0)
    X = random.normal(size=(300, 4))
    y = 3 * X[:, 0] - X[:, 1] + random.normal(size=300) * 0.1
    model = MLWrightRegressor(**QUICK).fit(X[:200], y[:200])
    assert model.score(X[200:], y[200:]) > 0.95
    assert model.leaderboard_[0]["family"] == "linear"


def test_weights_count_like_repeated_rows() -> None:
    random = np.random.default_rng(0)
    X, weight = random.normal(size=(60, 3)), random.integers(0, 4, 60)
    y = (X[:, 0] + random.normal(size=60) > 0).astype(int)
    weighted = MLWrightClassifier(**QUICK).fit(X, y, sample_weight=weight)
    repeated = MLWrightClassifier(**QUICK).fit(np.repeat(X, weight, axis=0), np.repeat(y, weight))
    assert np.array_equal(weighted.predict_proba(X), repeated.predict_proba(X))


def test_groups_are_never_parted() -> None:
    random = np.random.default_rng(0)
    groups = np.repeat(np.arange(30), 6)
    level = random.integers(0, 2, 30)
    X = np.column_stack([groups * 1.0, random.normal(size=180)])
    parted = MLWrightClassifier(**QUICK).fit(X, level[groups])
    whole = MLWrightClassifier(**QUICK).fit(X, level[groups], groups=groups)
    # The group's number says little of another group; parted, it says all.
    assert parted.leaderboard_[0]["score"] > 0.95
    assert whole.leaderboard_[0]["score"] < parted.leaderboard_[0]["score"] - 0.1


def test_the_leaderboard_names_what_the_model_is_made_of(fitted: Any) -> None:
    board = fitted[0].leaderboard_
    assert sum(line["share"] for line in board) == pytest.approx(1.0)
    assert [line["score"] for line in board] == sorted((line["score"] for line in board), reverse=True)
    assert {line["family"] for line in board} == {"dummy", "linear", "lightgbm"}


def test_the_graph_says_the_same(fitted: Any) -> None:
    model = fitted[0]
    session = onnxruntime.InferenceSession(model.to_onnx())
    assert {value.name for value in session.get_inputs()} == {"age", "city", "member", "joined", "grade"}


def test_compiled_it_predicts_the_same(fitted: Any) -> None:
    model, X, _ = fitted
    other = pickle.loads(pickle.dumps(model)).compile()
    assert np.allclose(other.predict_proba(X), model.predict_proba(X), atol=1e-6)
    again = pickle.loads(pickle.dumps(other))
    assert np.array_equal(again.predict_proba(X), other.predict_proba(X))


def test_saved_and_loaded_it_predicts_the_same(fitted: Any, tmp_path: Path) -> None:
    model, X, _ = fitted
    model.save(tmp_path / "model")
    loaded = MLWrightClassifier.load(tmp_path / "model")
    assert np.array_equal(loaded.predict_proba(X), model.predict_proba(X))
    assert loaded.predict(X).dtype == model.predict(X).dtype
    assert loaded.leaderboard_ == model.leaderboard_
    with pytest.raises(DataError, match="MLWrightRegressor was expected"):
        MLWrightRegressor.load(tmp_path / "model")
    with pytest.raises(DataError, match="not empty"):
        model.save(tmp_path / "model")


@pytest.mark.parametrize("classes", [[True, False], [3, 7], [0.5, 1.5], ["a", "b"]])
def test_classes_come_back_as_they_were(classes: list[Any], tmp_path: Path) -> None:
    X = np.arange(40.0).reshape(-1, 1)
    y = np.array([classes[int(row % 40 >= 20)] for row in range(40)])
    if y.dtype.kind == "f":  # scikit-learn takes fractions for a regression
        with pytest.raises(ValueError, match="Unknown label type"):
            MLWrightClassifier(**QUICK).fit(X, y)
        return
    model = MLWrightClassifier(**QUICK).fit(X, y)
    model.save(tmp_path / "model")
    loaded = MLWrightClassifier.load(tmp_path / "model")
    assert np.array_equal(loaded.predict(X), model.predict(X))
    assert model.predict(X).dtype == loaded.predict(X).dtype == y.dtype
    assert np.mean(model.predict(X) == y) > 0.9


def test_a_metric_of_labels_gets_its_threshold() -> None:
    random = np.random.default_rng(0)
    X = random.normal(size=(600, 2))
    y = (X[:, 0] + random.normal(size=600) > 1.6).astype(int)
    model = MLWrightClassifier(**{**QUICK, "metric": "f1"}).fit(X, y)
    assert model.model_.signature.threshold is not None
    assert model.predict(X).mean() > np.argmax(model.predict_proba(X), axis=1).mean()


def test_the_simpler_model_can_be_preferred() -> None:
    random = np.random.default_rng(0)
    X = random.normal(size=(200, 3))
    y = X[:, 0] + random.normal(size=200) * 0.3
    model = MLWrightRegressor(**{**QUICK, "trials": 8, "prefer": "simplicity"}).fit(X, y)
    assert [line["family"] for line in model.leaderboard_ if line["share"]] == ["linear"]


def test_cells_that_no_longer_parse_are_counted(fitted: Any) -> None:
    model, X, _ = fitted
    broken = X.astype({"age": object})
    broken.loc[3, "age"] = "forty"
    with pytest.warns(UserWarning, match="'age' that are not a number were taken as missing: 1, such as 'forty'"):
        model.predict(broken)


def test_a_missing_column_is_named(fitted: Any) -> None:
    model, X, _ = fitted
    with pytest.raises(ValueError, match=r"yet now missing:\n- city"):
        model.predict(X.drop(columns="city"))


@pytest.mark.parametrize("kind", [MLWrightClassifier, MLWrightRegressor])
def test_an_infinite_number_is_refused_with_its_column(kind: Any) -> None:
    X, y = people()
    X["age"] = X["age"].replace(np.nan, np.inf)
    with pytest.raises(InvalidInput, match=r"'age' contains infinity in 15 of 240 rows, first in row 1"):
        kind(**QUICK).fit(X, y == "yes")


def test_a_missing_target_is_refused_with_its_row() -> None:
    X, y = people()
    target = pd.Series(y, dtype=object)
    target[4] = None
    with pytest.raises(InvalidInput, match=r"y contains NaN: .* 1 of 240 rows \(row 5\)"):
        MLWrightClassifier(**QUICK).fit(X, target)


def test_what_is_not_fitted_says_so() -> None:
    with pytest.raises(NotFittedError):
        MLWrightClassifier().predict(np.zeros((2, 2)))


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"time": None}, "Neither time nor trials"),
        ({"time": -1}, "seconds above 0"),
        ({"trials": 0}, "1 or more"),
        ({"families": ("lightgmb",)}, "no family 'lightgmb'"),
        ({"metric": "rmse"}, "does not fit"),
        ({"prefer": "speed"}, "'accuracy' or 'simplicity'"),
    ],
)
def test_a_wrong_parameter_is_named(params: dict[str, Any], said: str) -> None:
    with pytest.raises(MlwrightError, match=said):
        MLWrightClassifier(**params).fit(np.arange(20.0).reshape(10, 2), [0, 1] * 5)


@pytest.mark.slow
def test_a_few_seconds_give_a_model_in_time(shared_data: Path) -> None:
    frame = pd.read_csv(shared_data / "tabular" / "titanic.csv")
    target = frame.pop("Survived")
    began = time.monotonic()
    model = MLWrightClassifier(time=8.0).fit(frame[:600], target[:600])
    assert time.monotonic() - began < 8.0 * 1.05
    assert model.score(frame[600:], target[600:]) > 0.75
