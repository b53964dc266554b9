"""All encoders, and what they have in common."""

from collections.abc import Mapping
from typing import Any, ClassVar, Protocol, Self

from mlwright.data.columns import Array, Columns
from mlwright.features.categories import OneHot, Ordinal
from mlwright.features.dates import DateParts
from mlwright.features.numeric import Passthrough, Scaled
from mlwright.features.target_mean import TargetMean
from mlwright.features.texts import TextTopics

__all__ = ["ENCODERS", "DateParts", "Encoder", "OneHot", "Ordinal", "Passthrough", "Scaled", "TargetMean", "TextTopics"]


class Encoder(Protocol):
    """A fitted encoder of one column. Immutable; made by its `fit_...` function, by hand only in tests."""

    kind: ClassVar[str]

    @property
    def column(self) -> str: ...

    @property
    def names(self) -> tuple[str, ...]:
        """What each output column is, for people."""
        ...

    @property
    def width(self) -> int: ...

    def transform(self, columns: Columns) -> Array:
        """Return float64, shape (n, width)."""
        ...

    def state(self) -> dict[str, Any]:
        """Return JSON values from which `from_state` makes the same encoder, to the last bit."""
        ...

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self: ...


ENCODERS: Mapping[str, type[Encoder]] = {
    encoder.kind: encoder for encoder in (Passthrough, Scaled, Ordinal, OneHot, TargetMean, DateParts, TextTopics)
}
