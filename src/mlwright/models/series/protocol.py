"""What a model of single histories is: it looks at a history, finds its few numbers, and continues it."""

from collections.abc import Mapping, Sequence
from typing import ClassVar, Protocol

from mlwright.base.traits import Traits
from mlwright.data.columns import Array
from mlwright.data.histories import Batch

Found = Mapping[str, float]  # the numbers of one history's model; empty for models that have none


class SeriesModel(Protocol):
    """One kind of model. Stateless; constructed with no arguments; numpy only.

    Attributes:
        complexity: Order of simplicity: within the noise floor the lower one is kept.
        baseline: It is one of those that every other must beat.
    """

    traits: ClassVar[Traits]
    name: ClassVar[str]
    complexity: ClassVar[int]
    baseline: ClassVar[bool]

    def fits(self, batch: Batch) -> bool:
        """Whether it can be used on such histories; for their seasons and lengths, not for their values."""
        ...

    def find(self, batch: Batch) -> list[Found]:
        """Return the numbers of the model of each history."""
        ...

    def forecast(self, batch: Batch, horizon: int, found: Sequence[Found]) -> Array:
        """Return the continuation of each history by its own numbers, shape (B, horizon), finite."""
        ...
