"""Rankings query by query: their scores, and intervals over queries.

Rows of one query are judged together, so a query is what is drawn: a bootstrap over rows would tear queries apart and
call the same query's rows independent.
"""

import numpy as np

from mlwright.base.seeds import generator
from mlwright.data.columns import Array
from mlwright.evaluation.intervals import Bootstrap, Interval
from mlwright.evaluation.metrics import Metric


def query_scores(metric: Metric, y: Array, prediction: Array, queries: Array) -> Array:
    """Return the metric of each query, float64, in the order of the queries' codes; NaN where it is not defined.

    Example:
        >>> from mlwright.evaluation.metrics import metric
        >>> y, score, query = np.array([1.0, 0.0, 0.0, 1.0]), np.array([2.0, 1.0, 2.0, 1.0]), np.array([0, 0, 1, 1])
        >>> query_scores(metric("mrr"), y, score, query).tolist()
        [1.0, 0.5]
    """
    codes = np.unique(queries, return_inverse=True)[1]
    order = np.argsort(codes, kind="stable")
    parts = np.split(order, np.flatnonzero(np.diff(codes[order])) + 1)
    return np.array([metric.compute(y[part], prediction[part]) for part in parts])


def query_interval(scores: Array, how: Bootstrap | None = None) -> Interval:
    """Return the mean over queries with its percentile bootstrap interval; queries with NaN are left out."""
    how = how or Bootstrap()
    known = scores[np.isfinite(scores)]
    count = how.count(len(known))
    if not len(known):
        return Interval(float("nan"), float("nan"), float("nan"), how.level, count, 0.0)
    drawn = generator(how.seed, "queries").integers(0, len(known), (count, len(known)))
    means = known[drawn].mean(axis=1)
    low, high = np.quantile(means, ((1 - how.level) / 2, (1 + how.level) / 2))
    return Interval(float(known.mean()), float(low), float(high), how.level, count)


def spread_within(scores: Array, queries: Array) -> float:
    """Return the pooled standard deviation of the scores around their query's mean; 0 where all are equal.

    Only differences within a query rank anything, so this is the scale of a ranking model's scores.
    """
    codes, sizes = np.unique(queries, return_inverse=True, return_counts=True)[1:]
    means = np.bincount(codes, scores) / sizes
    return float(np.sqrt(np.mean((scores - means[codes]) ** 2)))
