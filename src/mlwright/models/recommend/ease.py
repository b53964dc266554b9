"""A linear autoencoder in closed form: the best weights of items by items with nothing on the diagonal."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import numpy as np

from mlwright.base.errors import Infeasible
from mlwright.base.traits import Traits
from mlwright.data.columns import Array
from mlwright.models.protocol import FitControl
from mlwright.models.recommend.factors import Part
from mlwright.models.recommend.interactions import Interactions
from mlwright.models.recommend.low_rank import ItemWeights, linear_part

_MOST = 8_000  # users or items, whichever are fewer: the matrix that is inverted has so many rows


class Ease:
    """Ridge regression of every item on all others, solved at once.

    With P = (XᵀX + rI)⁻¹ the weights are W = I - P / diag(P). Where there are fewer users than items the inverse is
    taken of users by users, which is the same.

    Source: Steck, "Embarrassingly shallow autoencoders for sparse data", WWW 2019.
    """

    traits: ClassVar[Traits] = Traits(summary="linear autoencoder in closed form", extra="train", requires=("scipy",))
    name: ClassVar[str] = "ease"
    predicts: ClassVar[Literal["preferences", "ratings"]] = "preferences"
    complexity: ClassVar[int] = 2

    def portfolio(self, rows: Interactions) -> list[dict[str, Any]]:
        return [{"ridge": ridge} for ridge in (300.0, 100.0, 1000.0, 30.0)]

    def fit(self, rows: Interactions, params: Mapping[str, Any], control: FitControl) -> Part:
        """Solve."""
        X = rows.matrix()
        smaller = min(X.shape)
        if smaller > _MOST or not X.nnz:
            raise Infeasible(
                f"EASE inverts a matrix of {smaller:,} rows, at most {_MOST:,}; {X.nnz:,} likes were given.",
                hint="use another family, such as als, for so large a catalogue.",
            )
        ridge = float(params["ridge"])
        solve = _by_users if X.shape[0] < X.shape[1] else _by_items
        return linear_part(X, solve(X, ridge), control.seed)


def _by_items(X: Any, ridge: float) -> ItemWeights:
    gram = np.asarray((X.T @ X).todense())
    gram[np.diag_indices_from(gram)] += ridge
    P = np.linalg.inv(gram)
    diagonal = np.diag(P).copy()
    return ItemWeights(
        lambda block: block - P @ (block / diagonal[:, np.newaxis]),
        lambda: np.asarray(X.todense()) - np.asarray(X @ P) / diagonal,
    )


def _by_users(X: Any, ridge: float) -> ItemWeights:
    """P = (I - Xᵀ K⁻¹ X) / r and X P = K⁻¹ X, with K = XXᵀ + rI."""
    gram = np.asarray((X @ X.T).todense())
    gram[np.diag_indices_from(gram)] += ridge
    K = np.linalg.inv(gram)
    diagonal = (1.0 - _column_products(X, K)) / ridge

    def times(block: Array) -> Array:
        scaled = block / diagonal[:, np.newaxis]
        return block - (scaled - np.asarray(X.T @ (K @ np.asarray(X @ scaled)))) / ridge

    def scores() -> Array:
        return np.asarray(X.todense()) - (K @ np.asarray(X.todense())) / diagonal

    return ItemWeights(times, scores)


def _column_products(X: Any, K: Array, width: int = 1024) -> Array:
    """Return xᵀ K x of every column x of X, a block of columns at a time."""
    blocks: list[Array] = []
    for first in range(0, X.shape[1], width):
        dense = np.asarray(X[:, first : first + width].todense())
        blocks.append(np.einsum("ui,ui->i", dense, K @ dense))
    return np.concatenate(blocks)
