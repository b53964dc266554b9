"""The protocol of a family of recommenders."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal, Protocol

from mlwright.base.traits import Traits
from mlwright.models.protocol import FitControl
from mlwright.models.recommend.factors import Part
from mlwright.models.recommend.interactions import Interactions


class RecommenderFamily(Protocol):
    """One kind of recommender. Stateless; constructed with no arguments.

    Attributes:
        predicts: "preferences", scores that order items; or "ratings", what a user would rate.
        complexity: Order of simplicity: within the noise floor the lower one is kept.
    """

    traits: ClassVar[Traits]
    name: ClassVar[str]
    predicts: ClassVar[Literal["preferences", "ratings"]]
    complexity: ClassVar[int]

    def portfolio(self, rows: Interactions) -> list[dict[str, Any]]:
        """Return parameter sets worth trying, best guess first, at least one."""
        ...

    def fit(self, rows: Interactions, params: Mapping[str, Any], control: FitControl) -> Part:
        """Fit.

        Raises:
            Infeasible: The catalogue is too large for this family, or nothing was liked.
        """
        ...
