"""A score is a number with its interval, its metric and its basis; scores of different bases refuse comparison."""

import math
from typing import Literal

from pydantic import BaseModel, ConfigDict

from mlwright.base.errors import DataError


class Basis(BaseModel):
    """What a score was measured on. Immutable.

    Attributes:
        evaluator: Who measured: "out_of_fold", "holdout", "vault" ...
        split: Which rows: the digest or the name of the split.
        rows: How many rows.
        fraction: The share of the split's rows that was used, in (0, 1].
        seed: The seed of split and folds.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    evaluator: str
    split: str
    rows: int
    fraction: float = 1.0
    seed: int = 0


class Score(BaseModel):
    """A measured value. Immutable. `a > b` means that a is better than b, whatever the direction.

    Attributes:
        low, high: The interval, where it was measured.

    Example:
        >>> basis = Basis(evaluator="out_of_fold", split="train", rows=100)
        >>> small = Score(metric="rmse", value=1.0, direction="minimise", basis=basis)
        >>> large = Score(metric="rmse", value=2.0, direction="minimise", basis=basis)
        >>> small > large
        True
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    metric: str
    value: float
    low: float | None = None
    high: float | None = None
    direction: Literal["maximise", "minimise"]
    basis: Basis

    def gain_over(self, other: "Score") -> float:
        """Return by how much this score is better; negative when it is worse.

        Raises:
            DataError: Metric or basis differ, or a value is NaN.
        """
        self._require_comparable(other)
        return self.value - other.value if self.direction == "maximise" else other.value - self.value

    def better_than(self, other: "Score") -> bool:
        """Whether this score is better; see `gain_over` for what is refused."""
        return self.gain_over(other) > 0

    def meets(self, threshold: float) -> bool:
        """Whether the value is at least as good as the threshold; NaN never is."""
        return self.value >= threshold if self.direction == "maximise" else self.value <= threshold

    def __gt__(self, other: "Score") -> bool:
        return self.gain_over(other) > 0

    def __lt__(self, other: "Score") -> bool:
        return self.gain_over(other) < 0

    def __ge__(self, other: "Score") -> bool:
        return self.gain_over(other) >= 0

    def __le__(self, other: "Score") -> bool:
        return self.gain_over(other) <= 0

    def _require_comparable(self, other: "Score") -> None:
        if (self.metric, self.direction) != (other.metric, other.direction):
            raise DataError(
                f"A score in {self.metric} cannot be compared with one in {other.metric}.",
                hint="measure both with the same metric.",
            )
        if self.basis != other.basis:
            raise DataError(
                f"A score on ({_shown(self.basis)}) cannot be compared with one on ({_shown(other.basis)}).",
                hint="measure both on the same rows in the same way.",
            )
        if math.isnan(self.value) or math.isnan(other.value):
            raise DataError(
                f"A score in {self.metric} is NaN, so neither is better.",
                hint="the metric is not defined on these rows; choose another, or more rows.",
            )


def _shown(basis: Basis) -> str:
    fraction = f", fraction {basis.fraction:g}" if basis.fraction != 1 else ""
    return f"{basis.evaluator} of {basis.split}, {basis.rows} rows{fraction}, seed {basis.seed}"
