"""The loop of rounds: patience, deadline, the best round."""

import time

import pytest

from mlwright.base.errors import Infeasible
from mlwright.models.protocol import FitControl
from mlwright.models.tabular.boosting import Round, boost

CONTROL = FitControl(seed=0, threads=1)


def run(losses: list[float], patience: int) -> tuple[int, int]:
    """Return the rounds kept and the rounds run."""
    done: list[int] = []

    def step(index: int) -> Round:
        done.append(index)
        return Round(losses[index])

    return boost(step, len(losses), patience, CONTROL), len(done)


def test_the_best_round_is_kept() -> None:
    assert run([5, 4, 3, 4, 5, 6], patience=10) == (3, 6)


def test_patience_ends_the_fit() -> None:
    assert run([5, 4, 6, 6, 6, 1], patience=3) == (2, 5)


def test_without_validation_rows_all_rounds_are_kept() -> None:
    assert boost(lambda _: Round(None), 7, 2, CONTROL) == 7


def test_a_finished_model_ends_the_fit() -> None:
    assert boost(lambda index: Round(None, finished=index == 3), 100, 5, CONTROL) == 4


def test_losses_that_are_never_finite_keep_one_round() -> None:
    assert run([float("nan")] * 5, patience=3)[0] == 1


def test_no_round_begins_that_would_end_after_the_deadline() -> None:
    control = FitControl(seed=0, threads=1, deadline=time.monotonic() + 0.25)

    def step(_index: int) -> Round:
        time.sleep(0.1)
        return Round(None)

    kept = boost(step, 100, 100, control)
    assert 1 <= kept <= 2


def test_a_passed_deadline_is_infeasible() -> None:
    with pytest.raises(Infeasible, match="deadline passed"):
        boost(lambda _: Round(None), 1, 1, FitControl(seed=0, threads=1, deadline=time.monotonic()))
