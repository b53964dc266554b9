"""The ledger never lets more be reserved than is left."""

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlwright.base.errors import BudgetError
from mlwright.contract.ledger import Ledger, Limits


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_share_of_the_time_is_kept_for_finishing() -> None:
    clock = Clock()
    ledger = Ledger(Limits(seconds=100, finalisation_share=0.2), clock)
    clock.now += 30
    assert (ledger.remaining_seconds(), ledger.remaining_seconds(final=True)) == (50, 70)
    assert (ledger.deadline(), ledger.deadline(final=True)) == (180, 200)
    clock.now += 60
    assert (ledger.remaining_seconds(), ledger.remaining_seconds(final=True)) == (0, 10)


def test_earlier_sessions_count() -> None:
    clock = Clock()
    ledger = Ledger(Limits(seconds=100, usd=1), clock, spent_seconds=40, spent_usd=0.75)
    assert ledger.remaining_seconds(final=True) == 60
    with pytest.raises(BudgetError, match=r"\$0\.2500 of \$1\.00 are left"):
        ledger.reserve("a call", usd=0.5)


def test_without_limits_time_is_free_and_money_is_not() -> None:
    ledger = Ledger(Limits())
    assert ledger.remaining_seconds() is None
    ledger.reserve("a step", seconds=1e9)
    with pytest.raises(BudgetError):
        ledger.reserve("a call", usd=0.01)


def test_a_reservation_is_settled_once_and_not_above_itself() -> None:
    ledger = Ledger(Limits(usd=1))
    held = ledger.reserve("a call", usd=0.5)
    ledger.settle(held, usd=0.1)
    with pytest.raises(BudgetError, match="settled before"):
        ledger.settle(held, usd=0.1)
    with pytest.raises(BudgetError, match="more than"):
        ledger.settle(ledger.reserve("another", usd=0.1), usd=0.2)
    assert ledger.spent_usd == pytest.approx(0.3)


@given(st.lists(st.tuples(st.floats(0, 0.5), st.floats(0, 1)), max_size=30))
def test_what_is_spent_and_held_never_passes_the_limit(calls: list[tuple[float, float]]) -> None:
    ledger = Ledger(Limits(usd=1.0))
    for amount, share in calls:
        try:
            held = ledger.reserve("a call", usd=amount)
        except BudgetError:
            continue
        assert ledger.remaining_usd() >= -1e-9
        ledger.settle(held, usd=amount * share)
    assert ledger.spent_usd <= 1.0 + 1e-9


def test_threads_cannot_reserve_the_same_dollar() -> None:
    ledger, got = Ledger(Limits(usd=1.0)), []

    def take() -> None:
        for _ in range(50):
            try:
                got.append(ledger.reserve("a call", usd=0.1))
            except BudgetError:
                continue

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) in (9, 10)  # ten tenths may be a hair above one
