"""Items like those that the user liked: cosine between items, the nearest of each."""

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

_BLOCK = 512


class ItemKnn:
    """The score of an item is the sum of its similarities to the liked items among whose `neighbours` it is.

    Source: Sarwar et al., "Item-based collaborative filtering recommendation algorithms", WWW 2001.
    """

    traits: ClassVar[Traits] = Traits(summary="items like those liked, by cosine", extra="train", requires=("scipy",))
    name: ClassVar[str] = "item_knn"
    predicts: ClassVar[Literal["preferences", "ratings"]] = "preferences"
    complexity: ClassVar[int] = 1

    def portfolio(self, rows: Interactions) -> list[dict[str, Any]]:
        return [{"neighbours": 50, "shrinkage": 0.0}, {"neighbours": 200, "shrinkage": 10.0}]

    def fit(self, rows: Interactions, params: Mapping[str, Any], control: FitControl) -> Part:
        """Compute the similarities, a block of items at a time."""
        X = rows.matrix()
        if not X.nnz:
            raise Infeasible("Nothing was liked in the training rows.", hint="check the ratings' scale.")
        W = similarities(X, int(params["neighbours"]), float(params["shrinkage"]))
        weights = ItemWeights(lambda block: np.asarray(W @ block), lambda: np.asarray((X @ W).todense()))
        return linear_part(X, weights, control.seed)


def similarities(X: Any, neighbours: int, shrinkage: float) -> Any:
    """Return cosines between the columns of X, sparse (I, I); each row keeps its largest, the diagonal is 0.

    `shrinkage` is added to the product of the norms: items that few liked are like nothing.
    """
    from scipy.sparse import csr_matrix, vstack

    norms = np.sqrt(np.asarray(X.power(2).sum(axis=0)).ravel())
    blocks: list[Any] = []
    for first in range(0, X.shape[1], _BLOCK):
        some = X[:, first : first + _BLOCK]
        products = np.asarray((some.T @ X).todense())
        scale = np.outer(norms[first : first + _BLOCK], norms) + shrinkage
        cosine = np.divide(products, scale, out=np.zeros_like(products), where=scale > 0)
        cosine[np.arange(len(cosine)), first + np.arange(len(cosine))] = 0.0
        blocks.append(csr_matrix(_largest(cosine, neighbours)))
    return vstack(blocks, format="csr")


def _largest(cosine: Array, count: int) -> Array:
    """Return the rows with all but their largest entries set to 0; of equal ones exactly so many stay."""
    if count >= cosine.shape[1]:
        return cosine
    places = np.argpartition(-cosine, count, axis=1)[:, :count]
    kept = np.zeros_like(cosine)
    np.put_along_axis(kept, places, np.take_along_axis(cosine, places, axis=1), axis=1)
    return kept
