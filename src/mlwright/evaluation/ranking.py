"""Metrics of rankings. y holds relevance (0 is irrelevant, more is better), the prediction a score per row.

`group` says which rows are ranked against each other (the query); None is one query. The result is the mean over the
queries. Ties never earn credit by luck: NDCG, precision and recall at k take the mean over the orders of tied rows,
MAP treats tied rows as one step, MRR puts the relevant row last among its ties.
"""

from collections.abc import Callable

import numpy as np

from mlwright.base.errors import DataError
from mlwright.data.columns import Array
from mlwright.evaluation.classification import pr_auc
from mlwright.evaluation.inputs import checked_weight, values


def _mean_over_queries(
    compute: Callable[[Array, Array], float], y: Array, prediction: Array, group: Array | None, weight: Array | None
) -> float:
    """Mean over queries, a query weighing the mean weight of its rows; queries that give NaN are left out."""
    truth, score = _checked(y, prediction)
    row_weight = checked_weight(weight, len(truth))
    if group is None:
        return compute(truth, score)
    codes = np.unique(np.asarray(group), return_inverse=True)[1]
    order = np.argsort(codes, kind="stable")
    parts = np.split(order, np.flatnonzero(np.diff(codes[order])) + 1)
    found = np.array([compute(truth[part], score[part]) for part in parts])
    query_weight = np.array([row_weight[part].mean() for part in parts])
    known = ~np.isnan(found)
    return float(np.average(found[known], weights=query_weight[known])) if known.any() else float("nan")


def _checked(y: Array, prediction: Array) -> tuple[Array, Array]:
    truth, score = values(y, prediction)
    if truth.min() < 0:
        raise DataError(
            f"The relevance {truth.min():.6g} is negative, expected 0 or more.", hint="code irrelevant rows as 0."
        )
    return truth, score


def _checked_k(k: int | None) -> int | None:
    if k is not None and k < 1:
        raise DataError(f"k is {k}, expected 1 or more.", hint="write precision_at_k@10, say.")
    return k


def _tied_mean(truth: Array, score: Array) -> tuple[Array, Array]:
    """Return relevance by rank, each tied row carrying the mean of its ties, and the tie group of each rank."""
    ties, sizes = np.unique(-score, return_inverse=True, return_counts=True)[1:]
    means = np.bincount(ties, truth) / sizes
    by_rank = np.repeat(np.arange(len(sizes)), sizes)
    return means[by_rank], by_rank


def ndcg(
    y: Array, prediction: Array, *, weight: Array | None = None, group: Array | None = None, k: int | None = None
) -> float:
    """Return the normalised discounted cumulative gain with linear gains, over the first k ranks (all for None).

    A query without a relevant row counts 0, as in scikit-learn.

    Source: McSherry and Najork, Computing information retrieval performance measures efficiently in the presence of
    tied scores, 2008.
    """
    depth = _checked_k(k)
    truth, score = _checked(y, prediction)
    row_weight = checked_weight(weight, len(truth))
    codes = np.zeros(len(truth), np.int64) if group is None else np.unique(np.asarray(group), return_inverse=True)[1]
    sizes = np.bincount(codes)
    found = _gains_by_query(truth, score, codes, depth)
    return float(np.average(found, weights=np.bincount(codes, row_weight) / sizes))


def ndcg_exponential(
    y: Array, prediction: Array, *, weight: Array | None = None, group: Array | None = None, k: int | None = None
) -> float:
    """Return NDCG with the gain 2^grade - 1, as LightGBM, XGBoost and the web search literature have it.

    A query without a relevant row counts 0, where LightGBM and XGBoost count 1.

    Source: Burges et al., Learning to rank using gradient descent, 2005.
    """
    truth, _ = _checked(y, prediction)
    return ndcg(np.exp2(truth) - 1.0, prediction, weight=weight, group=group, k=k)


def _gains_by_query(truth: Array, score: Array, codes: Array, depth: int | None) -> Array:
    """Return the NDCG of each query, 0 where nothing is relevant; tied rows carry the mean of their ties."""
    order = np.lexsort((-score, codes))
    query, ranked = codes[order], score[order]
    first = np.concatenate([[0], np.cumsum(np.bincount(codes))[:-1]])
    rank = np.arange(len(codes)) - first[query]
    discount = 1.0 / np.log2(rank + 2.0)
    if depth is not None:
        discount[rank >= depth] = 0.0
    new = np.ones(len(codes), dtype=bool)
    new[1:] = (query[1:] != query[:-1]) | (ranked[1:] != ranked[:-1])
    tie = np.cumsum(new) - 1
    means = np.bincount(tie, truth[order]) / np.bincount(tie)
    reached = np.bincount(query, means[tie] * discount)
    # Rows of a query stand together in both orders, so their discounts are the same.
    best = np.bincount(query, truth[np.lexsort((-truth, codes))] * discount)
    return np.divide(reached, best, out=np.zeros(len(best)), where=best > 0)


def mean_average_precision(
    y: Array, prediction: Array, *, weight: Array | None = None, group: Array | None = None
) -> float:
    """Return the mean over queries of average precision; queries without a relevant row are left out."""
    return _mean_over_queries(lambda t, s: pr_auc((t > 0).astype(np.int64), s), y, prediction, group, weight)


def mrr(y: Array, prediction: Array, *, weight: Array | None = None, group: Array | None = None) -> float:
    """Return the mean over queries of 1 / rank of the first relevant row; 0 where there is none."""

    def one(truth: Array, score: Array) -> float:
        if not (truth > 0).any():
            return 0.0
        best = score[truth > 0].max()
        # Behind every row that scores higher and every irrelevant row that scores the same.
        return 1.0 / (1 + int((score > best).sum()) + int(((score == best) & (truth <= 0)).sum()))

    return _mean_over_queries(one, y, prediction, group, weight)


def precision_at_k(
    y: Array, prediction: Array, *, weight: Array | None = None, group: Array | None = None, k: int = 10
) -> float:
    """Return the share of relevant rows among the first k ranks (or among all, where a query has fewer rows)."""
    depth = _checked_k(k)

    def one(truth: Array, score: Array) -> float:
        return float(_tied_mean((truth > 0).astype(float), score)[0][:depth].mean())

    return _mean_over_queries(one, y, prediction, group, weight)


def recall_at_k(
    y: Array, prediction: Array, *, weight: Array | None = None, group: Array | None = None, k: int = 10
) -> float:
    """Return the share of a query's relevant rows that stand among the first k; queries without one are left out."""
    depth = _checked_k(k)

    def one(truth: Array, score: Array) -> float:
        relevant = (truth > 0).astype(float)
        if not relevant.any():
            return float("nan")
        return float(_tied_mean(relevant, score)[0][:depth].sum() / relevant.sum())

    return _mean_over_queries(one, y, prediction, group, weight)


def hit_rate(
    y: Array, prediction: Array, *, weight: Array | None = None, group: Array | None = None, k: int = 10
) -> float:
    """Return the share of queries with a relevant row among the first k; queries without one are left out."""
    depth = _checked_k(k)

    def one(truth: Array, score: Array) -> float:
        if not (truth > 0).any():
            return float("nan")
        return float((truth[np.argsort(-score, kind="stable")[:depth]] > 0).any())

    return _mean_over_queries(one, y, prediction, group, weight)


def of_lists(
    y: Array, prediction: Array, *, weight: Array | None = None, group: Array | None = None, k: int = 10
) -> float:
    """Refuse: a measure of whole lists of recommendations, which `evaluation.recommendation` computes.

    Raises:
        DataError: Always.
    """
    del y, prediction, weight, group, k
    raise DataError(
        "Coverage and novelty are measures of lists of recommendations; they cannot be computed from single rows.",
        hint="use them in a brief of kind recommendation.",
    )
