"""Everything that is measured on a recommender against sealed interactions, computed again by `mlwright verify`.

numpy only, from the front and the sealed rows alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from mlwright.base.seeds import generator
from mlwright.data.columns import Array
from mlwright.evaluation.intervals import Bootstrap, Interval
from mlwright.evaluation.queries import query_interval
from mlwright.evaluation.recommendation import Lists, coverage, list_scores, top_items

DEPTHS = (5, 10, 20)
_BLOCK = 2_000


class ListMaker(Protocol):
    """What a front can do; see `models.recommend.front`."""

    def all_scores(self, users: Sequence[str]) -> Array: ...

    def met_of(self, user: str) -> Array: ...

    def item_codes(self, names: Sequence[str]) -> Array: ...


@dataclass(frozen=True, slots=True)
class SealedRows:
    """Sealed interactions.

    Attributes:
        users, items: Names, (n,).
        liked: Whether the user liked it, bool, (n,).
        popularity: Share of the training users who liked each item, (I,).
    """

    users: Sequence[str]
    items: Sequence[str]
    liked: Array
    popularity: Array


def lists_of(front: ListMaker, sealed: SealedRows, depth: int) -> tuple[Lists, list[str]]:
    """Return the recommendations of every user of the sealed rows, and the users' names.

    An item that training never saw cannot be recommended; it stays among the relevant, so that it counts as missed.
    """
    names = sorted(set(sealed.users))
    place = {name: at for at, name in enumerate(names)}
    codes = front.item_codes(sealed.items)
    # Items never seen get codes of their own, which no list has.
    unseen = {name for name, code in zip(sealed.items, codes, strict=True) if code < 0}
    strange = {name: -2 - at for at, name in enumerate(sorted(unseen))}
    relevant: list[list[int]] = [[] for _ in names]
    for user, item, code, liked in zip(sealed.users, sealed.items, codes, sealed.liked, strict=True):
        if liked:
            relevant[place[user]].append(int(code) if code >= 0 else strange[item])
    blocks: list[Array] = []
    for first in range(0, len(names), _BLOCK):
        some = names[first : first + _BLOCK]
        blocks.append(top_items(front.all_scores(some), [front.met_of(name) for name in some], depth))
    return Lists(np.vstack(blocks), [np.array(one, dtype=np.int64) for one in relevant], sealed.popularity), names


def recommendation_metrics(lists: Lists, depths: Sequence[int], how: Bootstrap) -> dict[str, dict[str, Any]]:
    """Return every measure at every depth with its interval over users; coverage is of all lists, without one."""
    found: dict[str, dict[str, Any]] = {}
    for k in depths:
        for name, values in list_scores(lists, k).items():
            if name in ("map", "mrr") and k != 10:
                continue
            found[name if name in ("map", "mrr") else f"{name}@{k}"] = _estimate(query_interval(values, how))
        covered = coverage(lists, k)
        found[f"coverage@{k}"] = {"value": covered, "low": None, "high": None, "direction": "maximise"}
    return found


def rating_metrics(users: Sequence[str], truth: Array, predicted: Array, how: Bootstrap) -> dict[str, dict[str, Any]]:
    """Return RMSE and MAE of ratings; intervals draw users with all their rows."""
    codes = np.unique(np.array(users), return_inverse=True)[1]
    counts, gaps = np.bincount(codes).astype(np.float64), truth - predicted
    sums = {"rmse": np.bincount(codes, gaps**2), "mae": np.bincount(codes, np.abs(gaps))}
    found: dict[str, dict[str, Any]] = {}
    drawn = generator(how.seed, "users").integers(0, len(counts), (how.count(len(counts)), len(counts)))
    for name, total in sums.items():
        means = total[drawn].sum(axis=1) / counts[drawn].sum(axis=1)
        low, high = np.quantile(means, ((1 - how.level) / 2, (1 + how.level) / 2))
        ends = [float(total.sum() / counts.sum()), float(low), float(high)]
        value, low, high = np.sqrt(ends).tolist() if name == "rmse" else ends
        found[name] = {"value": value, "low": low, "high": high, "direction": "minimise"}
    return found


def _estimate(one: Interval) -> dict[str, Any]:
    value, low, high = (float(end) if np.isfinite(end) else None for end in (one.value, one.low, one.high))
    return {"value": value, "low": low, "high": high, "direction": "maximise"}


def shown(metrics: Mapping[str, Mapping[str, Any]], name: str) -> str:
    """Return a measure as a person reads it."""
    one = metrics.get(name)
    if one is None or one["value"] is None:
        return "-"
    band = "" if one["low"] is None else f" ({one['low']:.3f} to {one['high']:.3f})"
    return f"{one['value']:.3f}{band}"
