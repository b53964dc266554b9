"""Nearest neighbours, by hand and against scikit-learn."""

import numpy as np
import pytest
from sklearn.neighbors import KNeighborsRegressor

from mlwright.base.errors import Infeasible
from mlwright.models.protocol import FitControl, FitData
from mlwright.models.signature import Task
from mlwright.models.tabular.neighbours import FLOOR, NearestNeighbours
from mlwright.testing.models import made_table

CONTROL = FitControl(seed=0, threads=1)
PLAIN = {"neighbours": 2, "sharpness": 1.0, "scale": "plain"}


def test_votes_fade_towards_the_first_row_that_has_none() -> None:
    rows = FitData(np.array([[0.0], [1.0], [2.0], [9.0]], dtype=np.float32), np.array([0, 1, 1, 0]))
    shares = NearestNeighbours().fit(rows, None, Task.BINARY, PLAIN, CONTROL).predict(np.zeros((1, 1), np.float32))
    # Squared distances 0 and 1, beyond them 4; the classes are equally many, so that the prior vote is split.
    near, far = 1.0 + FLOOR, 0.75 + FLOOR
    assert shares[0, 0] == pytest.approx((near + 0.5) / (near + far + 1.0))


def test_equal_votes_are_the_mean_of_scikit_learn() -> None:
    rows = made_table(Task.REGRESSION, 200, "linear")
    params = {"neighbours": 7, "sharpness": 0.0, "scale": "plain"}
    got = NearestNeighbours().fit(rows, None, Task.REGRESSION, params, CONTROL).predict(rows.X)
    reference = KNeighborsRegressor(7).fit(rows.X, rows.y).predict(rows.X)
    votes = 7 * (1.0 + FLOOR)
    assert got == pytest.approx((votes * reference + rows.y.mean()) / (votes + 1.0))


def test_a_column_that_says_nothing_counts_less() -> None:
    draw = np.random.default_rng(0)
    X = draw.normal(size=(300, 2)).astype(np.float32)
    rows = FitData(X, X[:, 0].astype(np.float64))
    fitted = NearestNeighbours().fit(rows, None, Task.REGRESSION, {**PLAIN, "scale": "target"}, CONTROL)
    assert fitted.scale.tolist() == pytest.approx([1.0, 0.2], abs=0.01)


@pytest.mark.parametrize("rows", [1, 9_000])
def test_too_few_or_too_many_rows_are_refused(rows: int) -> None:
    data = FitData(np.zeros((rows, 1), np.float32), np.zeros(rows))
    with pytest.raises(Infeasible):
        NearestNeighbours().fit(data, None, Task.REGRESSION, PLAIN, CONTROL)
