"""The baseline that knows nobody: what most people liked, or liked of late."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import numpy as np

from mlwright.base.traits import Traits
from mlwright.models.protocol import FitControl
from mlwright.models.recommend.factors import Encoder, Part
from mlwright.models.recommend.interactions import Interactions


class Popularity:
    """The logarithm of how many liked an item; with `half_life`, a share of the whole time, older
    likes count less."""

    traits: ClassVar[Traits] = Traits(summary="what most people liked", extra="train")
    name: ClassVar[str] = "popularity"
    predicts: ClassVar[Literal["preferences", "ratings"]] = "preferences"
    complexity: ClassVar[int] = 0

    def portfolio(self, rows: Interactions) -> list[dict[str, Any]]:
        sets: list[dict[str, Any]] = [{"half_life": None}]
        return sets if rows.ages is None else [*sets, {"half_life": 0.25}, {"half_life": 0.05}]

    def fit(self, rows: Interactions, params: Mapping[str, Any], control: FitControl) -> Part:
        """Count."""
        del control
        half_life, weight = params["half_life"], np.ones(rows.rows)
        if half_life is not None and rows.ages is not None:
            weight = 0.5 ** (rows.ages / half_life)
        mass = np.bincount(rows.items, weights=weight * rows.liked, minlength=rows.item_count)
        one = np.ones((rows.user_count, 1))
        return Part(one, np.log1p(mass)[:, np.newaxis], Encoder(), np.ones(1))
