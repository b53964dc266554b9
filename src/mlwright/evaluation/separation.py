"""How well groups of rows lie apart: silhouette and Davies-Bouldin index.

Sources: Rousseeuw 1987; Davies and Bouldin 1979.
"""

from typing import NoReturn

import numpy as np

from mlwright.base.errors import DataError
from mlwright.base.seeds import generator
from mlwright.data.columns import Array

_CHUNK_CELLS = 4_000_000


def silhouettes(X: Array, labels: Array, *, noise: int | None = None) -> Array:
    """Return the silhouette of each row, float64, shape (n,), in [-1, 1]; of a row alone in its group it is 0.

    Args:
        X: Rows as the model sees them, shape (n, d).
        labels: Codes, shape (n,).
        noise: The code of rows that belong to no group; they get 0, so that leaving rows out is not rewarded.

    Example:
        >>> silhouettes(np.array([[0.0], [1.0], [10.0], [11.0]]), np.array([0, 0, 1, 1])).round(2).tolist()
        [0.9, 0.89, 0.89, 0.9]
    """
    kept = np.ones(len(labels), dtype=bool) if noise is None else labels != noise
    found = np.zeros(len(labels))
    groups, codes = np.unique(labels[kept], return_inverse=True)
    if len(groups) >= 2:
        found[kept] = _silhouettes(np.asarray(X[kept], dtype=np.float64), codes)
    return found


def davies_bouldin(X: Array, labels: Array) -> float:
    """Return the Davies-Bouldin index, at least 0, less is better; NaN with fewer than two groups.

    Example:
        >>> round(davies_bouldin(np.array([[0.0], [1.0], [10.0], [11.0]]), np.array([0, 0, 1, 1])), 3)
        0.1
    """
    groups, codes = np.unique(labels, return_inverse=True)
    if len(groups) < 2:
        return float("nan")
    wide = np.asarray(X, dtype=np.float64)
    centers = np.stack([wide[codes == k].mean(axis=0) for k in range(len(groups))])
    spread = np.array([np.linalg.norm(wide[codes == k] - centers[k], axis=1).mean() for k in range(len(groups))])
    apart = np.sqrt(squared_distances(centers, centers))
    np.fill_diagonal(apart, np.inf)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.nan_to_num((spread[:, np.newaxis] + spread[np.newaxis]) / apart, nan=0.0)
    return float(ratio.max(axis=1).mean())


def squared_distances(X: Array, points: Array) -> Array:
    """Return squared Euclidean distances, float64, shape (n, m), never negative."""
    cross = X @ points.T
    return np.maximum(np.sum(X**2, axis=1)[:, np.newaxis] - 2 * cross + np.sum(points**2, axis=1)[np.newaxis], 0.0)


def mean_interval(values: Array, seed: int, resamples: int = 200) -> tuple[float, float, float]:
    """Return a mean with its 95 % bootstrap interval."""
    rng = generator(seed, "mean")
    draws = values[rng.integers(0, len(values), (resamples, len(values)))].mean(axis=1)
    low, high = np.quantile(draws, [0.025, 0.975])
    return float(values.mean()), float(low), float(high)


def needs_rows(y: Array, prediction: Array, *, weight: Array | None = None) -> NoReturn:
    """Refuse to measure separation without the rows."""
    del y, prediction, weight
    raise DataError(
        "How well clusters lie apart cannot be told from labels alone; the prepared rows were expected.",
        hint="use mlwright.evaluation.separation.silhouettes(X, labels).",
    )


def _silhouettes(X: Array, codes: Array) -> Array:
    count = int(codes.max()) + 1
    member = np.eye(count)[codes]
    sizes = member.sum(axis=0)
    found = np.empty(len(X))
    step = max(1, _CHUNK_CELLS // len(X))
    for start in range(0, len(X), step):
        part = slice(start, start + step)
        rows = np.arange(len(X))[part]
        apart = np.sqrt(squared_distances(X[part], X))
        apart[np.arange(len(rows)), rows] = 0.0
        sums = apart @ member
        own = codes[part]
        inside = sums[np.arange(len(rows)), own] / np.maximum(sizes[own] - 1, 1)
        others = sums / sizes
        others[np.arange(len(rows)), own] = np.inf
        nearest = others.min(axis=1)
        widest = np.maximum(inside, nearest)
        score = np.divide(nearest - inside, widest, out=np.zeros(len(rows)), where=widest > 0)
        found[part] = np.where(sizes[own] > 1, score, 0.0)
    return found
