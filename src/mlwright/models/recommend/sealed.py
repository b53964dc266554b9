"""Sealed interactions and the lists that a front makes for their users: what evaluation and `verify` both measure."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from mlwright.data.columns import Array
from mlwright.evaluation.recommendation import Lists
from mlwright.evaluation.recommendation_report import ListMaker, SealedRows, lists_of
from mlwright.models.recommend.front import FrontFile, RecommendFront


class Popular:
    """The front that recommends to everybody what most liked: the baseline of every recommender."""

    def __init__(self, front: RecommendFront) -> None:
        self._front = front
        self._popularity = front.popularity()
        # Foreseen ratings order by means; what most have met is the stronger list.
        liked = front.file.predicts == "preferences"
        self._scores = front.recommender.popular if liked else self._popularity

    @property
    def file(self) -> FrontFile:
        return self._front.file

    def popularity(self) -> Array:
        return self._popularity

    def all_scores(self, users: Sequence[str]) -> Array:
        return np.tile(self._scores, (len(users), 1))

    def met_of(self, user: str) -> Array:
        return self._front.met_of(user)

    def item_codes(self, names: Sequence[str]) -> Array:
        return self._front.item_codes(names)


def sealed_lists(
    front: "RecommendFront | Popular", rows: Mapping[str, Sequence[Any]], target: str, depth: int
) -> tuple[Lists, list[str]]:
    """Return the list of each user of the sealed rows, `depth` items long, and the users' names.

    Args:
        front: Makes the lists.
        rows: Cells by column: the user, the item and, where there are ratings, the target.
        target: The column of ratings.
        depth: Length of the lists.
    """
    file = front.file
    values = np.array(rows[target], dtype=np.float64)
    liked = np.ones(len(values), dtype=bool) if file.liked_from is None else values >= file.liked_from
    users, items = [str(name) for name in rows[file.user]], [str(name) for name in rows[file.item]]
    maker: ListMaker = front
    return lists_of(maker, SealedRows(users, items, liked, front.popularity()), depth)
