"""One side of an alternation: a ridge regression for every row of a sparse matrix, many rows at once."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from mlwright.data.columns import Array

_BLOCK_BYTES = 64 * 2**20


@dataclass(frozen=True, slots=True)
class Ridges:
    """What is added to the products of a row's own vectors.

    Attributes:
        base: (d, d), the same for every row.
        scale: Of the products.
        ridge: On the diagonal, (rows,).
    """

    base: Array
    scale: float
    ridge: Array


def solved_rows(pattern: Any, right: Array, vectors: Array, ridges: Ridges) -> Array:
    """Return for each row r the solution of (base + scale Σ v vᵀ + ridge_r I) x = right_r, float64, (rows, d).

    Args:
        pattern: Sparse ones, (rows, n): over which vectors the sum of a row goes.
        right: (rows, d).
        vectors: (n, d).
        ridges: The rest of the left side.
    """
    rows, d = right.shape
    found = np.zeros((rows, d))
    step = max(1, _BLOCK_BYTES // (8 * d * d))
    for first in range(0, rows, step):
        some = slice(first, min(first + step, rows))
        part = pattern[some]
        left = np.empty((part.shape[0], d, d))
        for column in range(d):
            left[:, column] = part @ (vectors * vectors[:, [column]])
        left = ridges.base + ridges.scale * left + ridges.ridge[some][:, np.newaxis, np.newaxis] * np.eye(d)
        found[some] = np.linalg.solve(left, right[some][:, :, np.newaxis])[:, :, 0]
    return found
