"""Interactions of users with items: which columns say what, which rows are sealed, and what is wrong with them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mlwright.base.errors import BriefError, DataError
from mlwright.base.seeds import generator
from mlwright.data.columns import Array
from mlwright.data.dataset import Dataset
from mlwright.data.schema import Role, SemanticType

if TYPE_CHECKING:
    import polars as pl

_NAMES = {
    Role.USER: ("user", "userid", "customer", "customerid", "member", "memberid", "visitor", "visitorid", "reader"),
    Role.ITEM: (
        "item",
        "itemid",
        "product",
        "productid",
        "movie",
        "movieid",
        "film",
        "book",
        "bookid",
        "article",
        "song",
    ),
    Role.TIME: ("time", "timestamp", "date", "when", "datetime", "at"),
    Role.TARGET: ("rating", "stars", "score"),
}
_LEAST_TO_SEAL = 4  # rows of a user: of fewer none is taken away
_LEAST_USERS, _LEAST_ITEMS = 5, 5


@dataclass(frozen=True, slots=True)
class FeedbackColumns:
    """Names of the columns; `rating` and `time` may be absent."""

    user: str
    item: str
    rating: str | None = None
    time: str | None = None


def feedback_roles(
    names: list[str], given: Mapping[str, Role], target: str | None
) -> tuple[dict[str, Role], list[str]]:
    """Return a role for every column, and those that were told by their names.

    Raises:
        BriefError: No column, or several, could be the user or the item.
    """
    roles = dict(given)
    if target is not None:
        roles[target] = Role.TARGET
    guessed: list[str] = []
    for role, words in _NAMES.items():
        if role in roles.values():
            continue
        fitting = [name for name in names if name not in roles and _plain(name) in words]
        if len(fitting) == 1:
            roles[fitting[0]] = role
            guessed.append(fitting[0])
        elif role in (Role.USER, Role.ITEM):
            raise BriefError(
                f"No column has the role {role}, and the names {', '.join(names[:12])} do not tell which one it is.",
                hint=f"set data.columns in the brief, such as columns: {{{names[0]}: {role}}}.",
            )
    return {name: roles.get(name, Role.IGNORED) for name in names}, guessed


def _plain(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalnum())


def feedback_columns(dataset: Dataset) -> FeedbackColumns:
    """Return the columns by their roles."""
    found = {role: [column.name for column in dataset.schema.with_role(role)] for role in _NAMES}
    rating, time = found[Role.TARGET], found[Role.TIME]
    return FeedbackColumns(
        user=found[Role.USER][0],
        item=found[Role.ITEM][0],
        rating=rating[0] if rating else None,
        time=time[0] if time else None,
    )


def check_feedback(dataset: Dataset) -> "tuple[Dataset, list[str]]":
    """Return the rows with each (user, item) once, the latest, and what was left out, in sentences.

    Raises:
        DataError: A name, a rating or a time is missing; ratings are no numbers; too few users or items.
    """
    columns, frame = feedback_columns(dataset), dataset.frame
    for name in (columns.user, columns.item, columns.rating, columns.time):
        if name is not None and (count := frame[name].null_count()):
            raise DataError(
                f"'{name}' is missing in {count:,} of {frame.height:,} rows; every row's was expected.",
                hint="remove these rows, or leave the column out of the brief.",
            )
    if columns.rating is not None and dataset.schema[columns.rating].type is not SemanticType.NUMBER:
        raise DataError(f"The ratings '{columns.rating}' are no numbers.", hint="code them as numbers, more is better.")
    kept = _latest_of_pairs(frame, columns)
    notes: list[str] = []
    if len(kept) < frame.height:
        notes.append(f"{frame.height - len(kept):,} earlier rows of the same user and item were left out")
    users, items = frame[columns.user].n_unique(), frame[columns.item].n_unique()
    if users < _LEAST_USERS or items < _LEAST_ITEMS:
        raise DataError(
            f"There are {users:,} users and {items:,} items; at least {_LEAST_USERS} and {_LEAST_ITEMS} were expected.",
            hint="give more interactions; are the roles user and item on the right columns?",
        )
    return dataset.take(kept), notes


def _latest_of_pairs(frame: "pl.DataFrame", columns: FeedbackColumns) -> Array:
    import polars as pl

    order = [columns.time, "__row"] if columns.time else ["__row"]
    last = frame.with_row_index("__row").sort(order, maintain_order=True)
    last = last.unique([columns.user, columns.item], keep="last", maintain_order=True)
    return np.sort(last["__row"].cast(pl.Int64).to_numpy())


def latest_rows(users: Array, times: Array | None, share: float, seed: int) -> Array:
    """Return the mask of each user's latest rows, bool, (n,): `share` of them, one at least; of short users none.

    Rows of one time are ordered at random, and without times all are: the order of a file must not tell.
    """
    chance = generator(seed, "latest").random(len(users))
    order = np.lexsort((chance, times, users) if times is not None else (chance, users))
    sizes = np.bincount(users)
    rank = np.arange(len(users)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    taken = np.where(sizes >= _LEAST_TO_SEAL, np.maximum(1, np.floor(sizes * share)), 0)
    mask = np.zeros(len(users), dtype=bool)
    mask[order] = rank >= (sizes - taken)[users[order]]
    return mask


def after(times: Array, share: float) -> Array:
    """Return the mask of the latest rows of all, bool, (n,): what everybody did from one moment on."""
    return np.asarray(times >= np.quantile(times, 1 - share))
