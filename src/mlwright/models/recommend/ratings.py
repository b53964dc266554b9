"""What a user would rate: means of users and items, and factors of what the means leave."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np

from mlwright.base.seeds import generator
from mlwright.base.traits import Traits
from mlwright.data.columns import Array
from mlwright.models.protocol import FitControl
from mlwright.models.recommend.factors import Encoder, Part
from mlwright.models.recommend.interactions import Interactions
from mlwright.models.recommend.least_squares import Ridges, solved_rows

_TURNS = 10


@dataclass(frozen=True, slots=True)
class Means:
    """The mean rating, and by how much users (U,) and items (I,) lie above it, drawn to 0 by few ratings."""

    whole: float
    users: Array
    items: Array


def means_of(rows: Interactions, damping: float) -> Means:
    """Return the means; users and items are fitted to each other in turn."""
    whole = float(rows.values.mean())
    users, items = np.zeros(rows.user_count), np.zeros(rows.item_count)
    for _ in range(_TURNS):
        items = _shift(rows.items, rows.values - whole - users[rows.users], rows.item_count, damping)
        users = _shift(rows.users, rows.values - whole - items[rows.items], rows.user_count, damping)
    return Means(whole, users, items)


def _shift(codes: Array, rest: Array, count: int, damping: float) -> Array:
    return np.bincount(codes, rest, minlength=count) / (np.bincount(codes, minlength=count) + damping)


class RatingMeans:
    """Mean + user's shift + item's shift.

    Source: Koren, "Factorization meets the neighborhood", KDD 2008, section 2.1.
    """

    traits: ClassVar[Traits] = Traits(summary="ratings by the means of users and items", extra="train")
    name: ClassVar[str] = "rating_means"
    predicts: ClassVar[Literal["preferences", "ratings"]] = "ratings"
    complexity: ClassVar[int] = 0

    def portfolio(self, rows: Interactions) -> list[dict[str, Any]]:
        return [{"damping": damping} for damping in (5.0, 15.0, 2.0)]

    def fit(self, rows: Interactions, params: Mapping[str, Any], control: FitControl) -> Part:
        """Average."""
        del control
        means = means_of(rows, float(params["damping"]))
        users = np.column_stack([np.ones(rows.user_count), means.whole + means.users])
        items = np.column_stack([means.items, np.ones(rows.item_count)])
        return Part(users, items, Encoder(), np.array([1.0, means.whole]))


class RatingAls:
    """The means, and vectors of users and items for what they leave, by alternating ridge regressions.

    The ridge grows with the number of ratings, as in the source.

    Source: Zhou et al., "Large-scale parallel collaborative filtering for the Netflix prize", 2008.
    """

    traits: ClassVar[Traits] = Traits(summary="ratings by means and factors", extra="train", requires=("scipy",))
    name: ClassVar[str] = "rating_als"
    predicts: ClassVar[Literal["preferences", "ratings"]] = "ratings"
    complexity: ClassVar[int] = 1

    def portfolio(self, rows: Interactions) -> list[dict[str, Any]]:
        plain = {"rank": 8, "strength": 0.2, "damping": 5.0, "iterations": 10}
        return [plain, {**plain, "rank": 16, "strength": 0.3}, {**plain, "rank": 4, "strength": 0.1}]

    def fit(self, rows: Interactions, params: Mapping[str, Any], control: FitControl) -> Part:
        """Alternate."""
        from scipy.sparse import csr_matrix

        means = means_of(rows, float(params["damping"]))
        rank, strength = int(params["rank"]), float(params["strength"])
        rest = rows.values - means.whole - means.users[rows.users] - means.items[rows.items]
        items = generator(control.seed, "ratings").normal(scale=0.1, size=(rows.item_count, rank))
        users = np.zeros((rows.user_count, rank))
        shape, places = (rows.user_count, rows.item_count), (rows.users, rows.items)
        rated, left = (csr_matrix((values, places), shape=shape) for values in (np.ones(rows.rows), rest))
        rated_by, left_by = rated.T.tocsr(), left.T.tocsr()
        for _ in range(int(params["iterations"])):
            users = _solved(rated, left, items, strength)
            items = _solved(rated_by, left_by, users, strength)
        encoder = Encoder("ratings", items, strength, offset=means.whole + means.items)
        return Part(
            np.column_stack([users, np.ones(rows.user_count), means.whole + means.users]),
            np.column_stack([items, means.items, np.ones(rows.item_count)]),
            encoder,
            np.concatenate([np.zeros(rank), [1.0, means.whole]]),
        )


def _solved(pattern: Any, rest: Any, other: Array, strength: float) -> Array:
    """Return the vectors of one side; 0 for what has no rating."""
    counts = np.asarray(pattern.sum(axis=1)).ravel()
    ridges = Ridges(np.zeros((other.shape[1], other.shape[1])), 1.0, strength * np.maximum(counts, 1.0))
    return solved_rows(pattern, np.asarray(rest @ other), other, ridges)
