import pytest

from mlwright.base.errors import DataError
from mlwright.evaluation.score import Basis, Score

BASIS = Basis(evaluator="out_of_fold", split="train", rows=100, seed=3)


def score(value: float, basis: Basis = BASIS, metric: str = "rmse") -> Score:
    return Score(metric=metric, value=value, direction="minimise", basis=basis)


def test_the_lower_error_is_the_better_score():
    assert score(1.0) > score(2.0)
    assert max([score(3.0), score(1.0), score(2.0)]).value == 1.0
    assert score(1.0).gain_over(score(1.5)) == 0.5
    assert score(1.0) >= score(1.0)
    assert score(1.0) <= score(1.0)


def test_scores_of_other_bases_refuse_comparison():
    other = BASIS.model_copy(update={"evaluator": "vault"})
    with pytest.raises(DataError, match=r"out_of_fold of train.*vault of train"):
        score(1.0).better_than(score(2.0, other))
    with pytest.raises(DataError, match="same rows"):
        _ = score(1.0) < score(2.0, BASIS.model_copy(update={"fraction": 0.5}))


def test_scores_of_other_metrics_and_nan_refuse_comparison():
    with pytest.raises(DataError, match="rmse cannot be compared with one in mae"):
        _ = score(1.0) > score(2.0, metric="mae")
    with pytest.raises(DataError, match="NaN"):
        _ = score(1.0) > score(float("nan"))


def test_a_score_meets_a_threshold_in_its_direction_and_nan_never_does():
    assert score(1.0).meets(1.0)
    assert not score(1.1).meets(1.0)
    assert not score(float("nan")).meets(1.0)


def test_a_score_survives_json():
    assert Score.model_validate_json(score(1.25).model_dump_json()) == score(1.25)
