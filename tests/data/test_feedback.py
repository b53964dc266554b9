"""Interactions: which column is which, which rows are sealed, what is refused."""

import numpy as np
import polars as pl
import pytest

from mlwright.base.errors import BriefError, DataError
from mlwright.data.dataset import Dataset
from mlwright.data.feedback import after, check_feedback, feedback_roles, latest_rows
from mlwright.data.schema import Column, Role, Schema, SemanticType

CATEGORY, NUMBER = SemanticType.CATEGORY, SemanticType.NUMBER


def test_columns_are_told_by_their_names_unless_they_are_given():
    roles, guessed = feedback_roles(["userId", "movieId", "rating", "timestamp", "note"], {}, None)
    assert [roles[name] for name in ("userId", "movieId", "rating", "timestamp", "note")] == [
        Role.USER,
        Role.ITEM,
        Role.TARGET,
        Role.TIME,
        Role.IGNORED,
    ]
    assert guessed == ["userId", "movieId", "timestamp", "rating"]
    roles, guessed = feedback_roles(["who", "product"], {"who": Role.USER}, None)
    assert (roles["who"], roles["product"], guessed) == (Role.USER, Role.ITEM, ["product"])


def test_no_column_of_users_is_refused_with_what_to_write():
    with pytest.raises(BriefError, match="No column has the role user") as error:
        feedback_roles(["a", "b"], {}, None)
    assert "columns: {a: user}" in error.value.hint


def dataset(**columns: list) -> Dataset:
    roles = {"who": (CATEGORY, Role.USER), "what": (CATEGORY, Role.ITEM), "stars": (NUMBER, Role.TARGET)}
    roles["when"] = (NUMBER, Role.TIME)
    schema = tuple(Column(name=name, type=roles[name][0], role=roles[name][1]) for name in columns)
    return Dataset(pl.DataFrame(columns), Schema(columns=schema))


USERS = [f"u{at % 6}" for at in range(36)]
ITEMS = [f"i{at // 6}" for at in range(36)]


def test_a_pair_that_comes_twice_counts_once_the_latest():
    table = dataset(who=[*USERS, "u0"], what=[*ITEMS, "i0"], stars=[3.0] * 36 + [5.0], when=[9.0] * 36 + [1.0])
    kept, notes = check_feedback(table)
    assert kept.rows == 36
    assert kept.frame["stars"].to_list()[0] == 3.0  # the row of time 9, not that of time 1
    assert notes == ["1 earlier rows of the same user and item were left out"]


@pytest.mark.parametrize(
    ("columns", "fault"),
    [
        ({"who": [None, *USERS[1:]], "what": ITEMS}, "'who' is missing in 1 of 36"),
        ({"who": USERS, "what": ITEMS, "stars": [None, *[1.0] * 35]}, "'stars' is missing"),
        ({"who": ["u"] * 36, "what": [f"i{at}" for at in range(36)]}, "1 users and 36 items"),
    ],
)
def test_what_cannot_be_used_is_refused(columns, fault):
    with pytest.raises(DataError, match=fault):
        check_feedback(dataset(**columns))


def test_each_users_latest_rows_are_taken_and_of_short_users_none():
    users = np.array([0] * 10 + [1] * 4 + [2] * 3)
    times = np.concatenate([np.arange(10)[::-1], np.arange(4), np.arange(3)]).astype(float)
    mask = latest_rows(users, times, 0.2, seed=0)
    assert np.flatnonzero(mask).tolist() == [0, 1, 13]


def test_without_times_rows_are_drawn_by_the_seed_not_by_the_order_of_the_file():
    users = np.zeros(100, dtype=int)
    first, other = latest_rows(users, None, 0.2, 0), latest_rows(users, None, 0.2, 1)
    assert first.sum() == other.sum() == 20
    assert (first != other).any()
    assert not first[80:].all()


def test_after_one_moment():
    assert after(np.arange(10.0), 0.2).tolist() == [False] * 8 + [True] * 2
