"""Classes that a fold lacks."""

import numpy as np
import pytest

from mlwright.base.errors import Infeasible
from mlwright.models.protocol import FitData
from mlwright.models.signature import Task
from mlwright.models.tabular.labels import Labels
from mlwright.models.tabular.links import probabilities
from mlwright.models.tabular.problem import Problem


def data(codes: list[int], classes: int = 0, weight: list[float] | None = None) -> FitData:
    X = np.arange(len(codes), dtype=np.float32)[:, np.newaxis]
    return FitData(X, np.array(codes), None if weight is None else np.array(weight), classes)


def test_classes_are_those_of_training_and_validation_rows_together() -> None:
    labels = Labels.of(data([0, 2, 2]), data([3]))
    assert (labels.classes, labels.present) == (4, (0, 2))


def test_stated_classes_win_over_a_missing_last_one() -> None:
    assert Labels.of(data([0, 1], classes=5), None).classes == 5


def test_rows_of_absent_classes_leave_and_codes_close_ranks() -> None:
    kept = Labels.of(data([0, 2, 2]), None).restrict(data([2, 1, 0]))
    assert kept.y.tolist() == [1, 0]
    assert kept.X[:, 0].tolist() == [0, 2]


def test_an_absent_class_has_the_probability_of_laplace() -> None:
    wide = Labels.of(data([0, 2, 2]), None).expand(np.array([[0.25, 0.75]]))
    assert wide[0] == pytest.approx([0.25 * 5 / 6, 1 / 6, 0.75 * 5 / 6])


def test_one_class_alone_is_infeasible_and_says_which() -> None:
    with pytest.raises(Infeasible, match="only class 1 of 2"):
        Problem.of(data([1, 1]), None, Task.BINARY, {})


def test_balanced_classes_weigh_the_same() -> None:
    problem = Problem.of(data([0, 0, 0, 1], weight=[1, 1, 2, 1]), None, Task.BINARY, {"class_weight": "balanced"})
    assert problem.train.weight is not None
    assert np.bincount(problem.train.y, weights=problem.train.weight).tolist() == [2.5, 2.5]


def test_extreme_scores_give_finite_probabilities() -> None:
    assert probabilities(np.array([-1e4, 1e4])).tolist() == [[1, 0], [0, 1]]
    assert probabilities(np.array([[1e4, 0.0, -1e4]])).tolist() == [[1, 0, 0]]
