"""From "the score of an item is a weighted sum over what the user liked" to vectors of users and items.

Such a model is a matrix W of items by items. With V the leading right singular vectors of X W (all users' scores) the
scores are nearly X W V Vᵀ: rows of X W V are the users' vectors, rows of V the items', and W V makes the vector of any
list of items. With as many vectors as users it is exact.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from mlwright.base.seeds import generator
from mlwright.data.columns import Array
from mlwright.models.recommend.factors import Encoder, Part

MAX_RANK = 256
_DENSE_CELLS = 40_000_000


@dataclass(frozen=True, slots=True)
class ItemWeights:
    """A model W that is never formed.

    Attributes:
        times: W M for a dense M (I, k).
        scores: X W, dense (U, I).
    """

    times: Callable[[Array], Array]
    scores: Callable[[], Array]


def linear_part(X: Any, weights: ItemWeights, seed: int) -> Part:
    """Return the part of a model.

    Args:
        X: What was liked, sparse, (U, I).
        weights: The model.
        seed: Of the start of the singular vectors where there are too many users and items for all scores.
    """
    V = _leading(X, weights, min(MAX_RANK, *X.shape), seed)
    matrix = weights.times(V)
    return Part(np.asarray(X @ matrix), V, Encoder("linear", matrix), np.zeros(V.shape[1]))


def _leading(X: Any, weights: ItemWeights, rank: int, seed: int) -> Array:
    """Return the leading right singular vectors of X W, (I, rank); of very many scores, those of a random sketch.

    Source: Halko, Martinsson and Tropp, "Finding structure with randomness", 2011.
    """
    if X.shape[0] * X.shape[1] <= _DENSE_CELLS:
        return _fixed(np.linalg.svd(weights.scores(), full_matrices=False)[2][:rank].T)
    start = generator(seed, "low rank").normal(size=(X.shape[1], rank + 10))
    Q = np.linalg.qr(np.asarray(X @ weights.times(start)))[0]
    return _fixed(np.linalg.qr(np.asarray(X.T @ Q))[0][:, :rank])


def _fixed(V: Array) -> Array:
    """Give every vector the sign in which its largest entry is positive: a sign is the library's whim."""
    largest = V[np.abs(V).argmax(axis=0), np.arange(V.shape[1])]
    return V * np.where(largest < 0, -1.0, 1.0)
