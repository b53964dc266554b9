"""Facts of the search and of the model that was delivered."""

from typing import Literal

from pydantic import Field

from mlwright.data.task import Task
from mlwright.explain.explanation import Explanation
from mlwright.report.blocks import Block, Estimate, Plain, Series


class CandidateFact(Block):
    """A candidate, or a baseline, as selection saw it.

    Attributes:
        score: Out-of-fold, in the headline metric.
        latency_ms: Time of one row, where it was measured.
        why: Why it was chosen or not.
    """

    name: str
    family: str
    score: Estimate | None = None
    seconds: float = 0.0
    latency_ms: float | None = None
    size_bytes: int | None = None
    status: Literal["chosen", "member", "rejected", "baseline", "failed"] = "rejected"
    why: str = ""
    params: dict[str, str] = Field(default_factory=dict[str, str])


class NoiseFloorFact(Block):
    """How much the score moves when nothing but seeds and folds change; smaller differences mean nothing."""

    metric: str
    value: float
    repeats: int


class MemberFact(Plain):
    """A part of the delivered model; weights sum to 1."""

    family: str
    weight: float
    estimators: int = 1
    params: dict[str, str] = Field(default_factory=dict[str, str])


class ModelFacts(Block):
    """The model that was delivered.

    Attributes:
        preparation: What is done to the raw columns, a sentence each.
        calibration: How probabilities were calibrated; "" for not at all.
    """

    name: str
    version: str
    task: Task
    members: tuple[MemberFact, ...]
    inputs: int
    classes: tuple[str, ...] = ()
    positive: str | None = None
    threshold: float | None = None
    preparation: tuple[str, ...] = ()
    calibration: str = ""
    size_bytes: int | None = None

    @property
    def gives_value(self) -> bool:
        """Whether a prediction is a number and not a label with probabilities."""
        return not self.task.is_classification


class ThresholdFact(Block):
    """How the decision threshold was chosen, on out-of-fold predictions.

    Attributes:
        objective: What was optimised ("f1", "cost: 1 a false positive, 10 a false negative", ...).
        curve: The objective over thresholds.
    """

    threshold: float
    objective: str
    value: float | None = None
    default_value: float | None = None  # at 0.5
    curve: Series | None = None


class ColumnImportance(Plain):
    """How much the score falls when the column is shuffled."""

    column: str
    importance: Estimate


class PermutationFact(Block):
    """Permutation importance on the test."""

    metric: str
    repeats: int = 0
    columns: tuple[ColumnImportance, ...]


class ExplanationFact(Block):
    """SHAP values, as the explain room wrote them."""

    explanation: Explanation
