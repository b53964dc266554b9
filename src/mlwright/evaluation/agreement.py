"""How far two partitions of the same rows agree: adjusted Rand index, normalised mutual information, Jaccard.

The numbers of the groups carry no meaning, so no group has to be matched with another by hand.

Sources: Hubert and Arabie 1985 (adjusted Rand), Strehl and Ghosh 2002 (NMI), Hennig 2007 (cluster-wise Jaccard).
"""

import numpy as np

from mlwright.base.errors import DataError
from mlwright.data.columns import Array


def ari(y: Array, prediction: Array, *, weight: Array | None = None) -> float:
    """Return the adjusted Rand index: 1 for equal partitions, about 0 for independent ones.

    Args:
        y: Codes, shape (n,).
        prediction: Codes, shape (n,), or memberships, shape (n, C), of which the largest counts.
        weight: How often each row counts, shape (n,).

    Example:
        >>> ari(np.array([0, 0, 1, 1]), np.array([5, 5, 3, 3]))
        1.0
    """
    table = contingency(y, prediction, weight)
    total = _pairs(np.array([table.sum()]))
    together = _pairs(table)
    rows, columns = _pairs(table.sum(axis=1)), _pairs(table.sum(axis=0))
    expected = rows * columns / total if total > 0 else 0.0
    most = (rows + columns) / 2
    if most == expected:  # both put all rows into one group, or each row into its own
        return 1.0
    return float((together - expected) / (most - expected))


def nmi(y: Array, prediction: Array, *, weight: Array | None = None) -> float:
    """Return the mutual information over the mean of both entropies, in [0, 1].

    Example:
        >>> round(nmi(np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])), 12)
        0.0
    """
    table = contingency(y, prediction, weight)
    joint = table / table.sum()
    rows, columns = joint.sum(axis=1), joint.sum(axis=0)
    both = (_entropy(rows) + _entropy(columns)) / 2
    if both == 0:
        return 1.0
    return float(np.clip((_entropy(rows) + _entropy(columns) - _entropy(joint.ravel())) / both, 0.0, 1.0))


def best_jaccard(y: Array, prediction: Array) -> Array:
    """Return, for each group of `y` in the order of its codes, the Jaccard index with its best match, shape (groups,).

    Above 0.75 a group is found again; below 0.5 it has dissolved.

    Example:
        >>> best_jaccard(np.array([0, 0, 1, 1]), np.array([1, 1, 1, 0])).round(2).tolist()
        [0.67, 0.5]
    """
    table = contingency(y, prediction, None)
    union = table.sum(axis=1)[:, np.newaxis] + table.sum(axis=0)[np.newaxis] - table
    return np.max(table / union, axis=1)


def contingency(y: Array, prediction: Array, weight: Array | None) -> Array:
    """Return how many rows fall into each pair of groups, float64, shape (groups of y, groups of prediction).

    Raises:
        DataError: The arrays do not fit each other.
    """
    given = np.asarray(prediction)
    other = given.argmax(axis=1) if given.ndim == 2 else given
    if len(y) != len(other) or not len(other):
        raise DataError(
            f"There are {len(y)} and {len(other)} rows to compare.", hint="pass two partitions of the same rows."
        )
    _, left = np.unique(np.asarray(y), return_inverse=True)
    _, right = np.unique(other, return_inverse=True)
    width = int(right.max()) + 1
    counts = np.bincount(left * width + right, weights=weight, minlength=(int(left.max()) + 1) * width)
    return counts.reshape(-1, width).astype(np.float64)


def _pairs(counts: Array) -> float:
    return float(np.sum(counts * (counts - 1)) / 2)


def _entropy(shares: Array) -> float:
    known = shares[shares > 0]
    return float(-np.sum(known * np.log(known)))
