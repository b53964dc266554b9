"""Few directions that hold most of the spread: where distances and covariances can still be estimated."""

import numpy as np

from mlwright.data.columns import Array


def principal_directions(X: Array, most: int, share: float = 0.95) -> tuple[Array, Array]:
    """Return the mean, shape (d,), and the directions, shape (d, p), that hold `share` of the variance, at most `most`.

    Columns are not scaled: they come standardised.

    Example:
        >>> center, directions = principal_directions(np.array([[0.0, 1.0], [2.0, 1.0]]), most=5)
        >>> center.tolist(), np.abs(directions).tolist()
        ([1.0, 1.0], [[1.0], [0.0]])
    """
    wide = np.asarray(X, dtype=np.float64)
    center = wide.mean(axis=0)
    shifted = wide - center
    if shifted.shape[1] > shifted.shape[0]:  # the smaller of both products
        values, left = np.linalg.eigh(shifted @ shifted.T)
        values, left = values[::-1], left[:, ::-1]
        found = shifted.T @ left / np.sqrt(np.maximum(values, 1e-300))
    else:
        values, found = np.linalg.eigh(shifted.T @ shifted)
        values, found = values[::-1], found[:, ::-1]
    known = values > max(float(values[0]), 0.0) * 1e-10
    if not known.any():
        return center, np.eye(len(center))[:, :1]
    shares = np.cumsum(values[known]) / values[known].sum()
    kept = min(int(np.searchsorted(shares, share - 1e-12)) + 1, most, int(known.sum()))
    return center, _signed(found[:, :kept])


def _signed(directions: Array) -> Array:
    """Give each direction the sign that makes its largest entry positive: eigenvectors have none of their own."""
    largest = directions[np.abs(directions).argmax(axis=0), np.arange(directions.shape[1])]
    return directions * np.where(largest < 0, -1.0, 1.0)
