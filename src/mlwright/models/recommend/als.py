"""Matrix factorisation of implicit feedback by alternating least squares."""

import time
from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import numpy as np

from mlwright.base.errors import Infeasible
from mlwright.base.seeds import generator
from mlwright.base.traits import Traits
from mlwright.data.columns import Array
from mlwright.models.protocol import FitControl
from mlwright.models.recommend.factors import Encoder, Part
from mlwright.models.recommend.interactions import Interactions
from mlwright.models.recommend.least_squares import Ridges, solved_rows


class ImplicitAls:
    """Vectors whose product is 1 where something was liked and 0 elsewhere, the former counting 1 + `confidence`.

    Source: Hu, Koren and Volinsky, "Collaborative filtering for implicit feedback datasets", ICDM 2008.
    """

    traits: ClassVar[Traits] = Traits(
        summary="factors of users and items by alternating least squares", extra="train", requires=("scipy",)
    )
    name: ClassVar[str] = "als"
    predicts: ClassVar[Literal["preferences", "ratings"]] = "preferences"
    complexity: ClassVar[int] = 3

    def portfolio(self, rows: Interactions) -> list[dict[str, Any]]:
        plain = {"rank": 32, "strength": 10.0, "confidence": 5.0, "iterations": 8}
        return [plain, {**plain, "rank": 16, "confidence": 2.0}, {**plain, "rank": 64, "strength": 30.0}]

    def fit(self, rows: Interactions, params: Mapping[str, Any], control: FitControl) -> Part:
        """Alternate; at the deadline the vectors so far are returned."""
        X = rows.matrix()
        if not X.nnz:
            raise Infeasible("Nothing was liked in the training rows.", hint="check the ratings' scale.")
        rank = min(int(params["rank"]), *X.shape)
        strength, confidence = float(params["strength"]), float(params["confidence"])
        items = generator(control.seed, "als").normal(scale=0.1, size=(X.shape[1], rank))
        users, turned = np.zeros((X.shape[0], rank)), X.T.tocsr()
        for _ in range(int(params["iterations"])):
            users = _solved(X, items, strength, confidence)
            items = _solved(turned, users, strength, confidence)
            if control.deadline is not None and time.monotonic() > control.deadline:
                break
        users = _solved(X, items, strength, confidence)
        return Part(users, items, Encoder("confidence", items, strength, confidence), np.zeros(rank))


def _solved(X: Any, other: Array, strength: float, confidence: float) -> Array:
    """Return the vector of each row of X that is best for the other side's vectors; 0 where nothing was liked."""
    ridges = Ridges(other.T @ other, confidence, np.full(X.shape[0], strength))
    return solved_rows(X, (1 + confidence) * np.asarray(X @ other), other, ridges)
