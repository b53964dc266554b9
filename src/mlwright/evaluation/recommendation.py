"""Lists of recommendations against what users then chose. numpy only, so that a delivery can be checked anywhere.

A list has items a user has not met before; relevant is what the user liked among the sealed rows. A user who liked
nothing there says nothing of the order and is left out; all measures but coverage are means over users.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mlwright.data.columns import Array


@dataclass(frozen=True, slots=True)
class Lists:
    """Recommendations.

    Attributes:
        items: Codes, best first, int64, shape (users, k); -1 where a user has met all others.
        relevant: For each user the codes of what was then liked.
        popularity: Share of the training users who liked each item, (I,): what novelty is measured by.
    """

    items: Array
    relevant: Sequence[Array]
    popularity: Array


def top_items(scores: Array, met: Sequence[Array], k: int) -> Array:
    """Return the k best items of each user, int64, (n, k), without those met; equal scores by code, lower first.

    Example:
        >>> top_items(np.array([[0.1, 0.9, 0.5]]), [np.array([1])], 2).tolist()
        [[2, 0]]
    """
    open_scores = scores.copy()
    for row, items in enumerate(met):
        open_scores[row, items] = -np.inf
    k = min(k, scores.shape[1])
    least = np.partition(open_scores, -k, axis=1)[:, -k]
    found = np.full((len(scores), k), -1, dtype=np.int64)
    for row, border in enumerate(least):
        # Few are above the border, so that only these are sorted.
        best = np.flatnonzero((open_scores[row] >= border) & (open_scores[row] > -np.inf))
        best = best[np.argsort(-open_scores[row, best], kind="stable")][:k]
        found[row, : len(best)] = best
    return found


def list_scores(lists: Lists, k: int) -> dict[str, Array]:
    """Return each measure by name, one value a user who liked something, (n,)."""
    found: dict[str, list[float]] = {
        name: [] for name in ("ndcg", "recall_at_k", "precision_at_k", "hit_rate", "map", "mrr")
    }
    found["novelty"] = []
    discount = 1 / np.log2(np.arange(2, k + 2))
    for row, relevant in zip(lists.items, lists.relevant, strict=True):
        if not len(relevant):
            continue
        shown = row[:k]
        hit = np.isin(shown, relevant) & (shown >= 0)
        most, at = min(k, len(relevant)), np.flatnonzero(hit)
        found["ndcg"].append(float(hit @ discount[: len(hit)] / discount[:most].sum()))
        found["recall_at_k"].append(len(at) / len(relevant))
        found["precision_at_k"].append(len(at) / k)
        found["hit_rate"].append(float(len(at) > 0))
        found["map"].append(float(np.sum((1 + np.arange(len(at))) / (at + 1)) / most))
        found["mrr"].append(1 / (at[0] + 1) if len(at) else 0.0)
        found["novelty"].append(float(np.mean(-np.log2(np.maximum(lists.popularity[shown[shown >= 0]], 1e-6)))))
    return {name: np.array(values) for name, values in found.items()}


def coverage(lists: Lists, k: int) -> float:
    """Return the share of all items that somebody was recommended."""
    shown = lists.items[:, :k]
    return len(np.unique(shown[shown >= 0])) / len(lists.popularity)


def ndcg_by_user(scores: Array, met: Sequence[Array], relevant: Sequence[Array], k: int) -> Array:
    """Return NDCG@k of each user who liked something, (n,): what candidates are compared by."""
    lists = Lists(top_items(scores, met, k), relevant, np.ones(scores.shape[1]))
    return list_scores(lists, k)["ndcg"]
