import numpy as np
import pytest
from sklearn.datasets import make_regression
from sklearn.linear_model import Ridge

from mlwright.base.errors import DataError
from mlwright.evaluation.learning_curve import growing_subsets, learning_curve
from mlwright.evaluation.metrics import METRICS


def test_subsets_are_nested_and_keep_rare_classes():
    y = np.array([0] * 97 + [1] * 3)
    subsets = growing_subsets(y, (0.1, 0.5, 1.0), 0, stratify=True)
    assert [len(rows) for rows in subsets] == [11, 50, 100]
    assert set(subsets[0]) <= set(subsets[1]) <= set(subsets[2])
    assert y[subsets[0]].sum() == 1


def test_a_model_short_of_rows_asks_for_more_and_a_saturated_one_does_not():
    X, y = make_regression(400, 60, noise=1, random_state=0)
    test = np.arange(200, 400)

    def fit_score(features: int):
        def score(rows: np.ndarray) -> float:
            model = Ridge(1e-6).fit(X[rows, :features], y[rows])
            return METRICS["rmse"].compute(y[test], model.predict(X[test, :features]))

        return score

    hungry = learning_curve(fit_score(60), y[:200], METRICS["rmse"], shares=(0.2, 0.4), repeats=4)
    assert hungry.more_rows_help
    assert hungry.points[1].rows == 80
    rng = np.random.default_rng(0)
    sated = learning_curve(lambda _: float(rng.normal(1, 0.01)), y[:200], METRICS["rmse"], repeats=4, seed=3)
    assert not sated.more_rows_help


@pytest.mark.parametrize("shares", [(), (0.5, 0.2), (0.0, 1.0), (0.5, 1.5)])
def test_shares_must_grow_within_one(shares):
    with pytest.raises(DataError, match="grow"):
        learning_curve(lambda _: 0.0, np.zeros(10), METRICS["rmse"], shares=shares)
