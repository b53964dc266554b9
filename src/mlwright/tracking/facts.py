"""What a tracker is told of a run: plain names and numbers."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Point(_Frozen):
    """One value of a metric; `step` orders several of the same name (trial number, round, training rows)."""

    name: str
    value: float
    step: int = 0


class TrialFacts(_Frozen):
    """One trial of the search; becomes a nested run."""

    number: int
    family: str
    params: dict[str, str] = Field(default_factory=dict[str, str])
    metrics: tuple[Point, ...] = ()
    seconds: float = 0.0
    status: Literal["done", "failed", "pruned"] = "done"


class DatasetFacts(_Frozen):
    """The data of the run, by digest, not by copy.

    Attributes:
        digest: SHA-256 of the data as it was read.
    """

    name: str
    source: str
    digest: str
    rows: int
    columns: int
    target: str = ""


class ScoreFacts(_Frozen):
    """The score that a registered model is judged by.

    Attributes:
        basis: What it was measured on (evaluator, split, rows, fraction, seed, data digest), in one canonical text;
            two versions are only compared when metric, direction and basis are equal.
    """

    metric: str
    direction: Literal["maximise", "minimise"]
    value: float
    basis: str

    def better_than(self, other: "ScoreFacts") -> bool | None:
        """Whether this is better, or None when the two are not to be compared.

        Example:
            >>> old = ScoreFacts(metric="roc_auc", direction="maximise", value=0.90, basis="test of 114 rows")
            >>> old.model_copy(update={"value": 0.95}).better_than(old)
            True
            >>> old.model_copy(update={"basis": "another test"}).better_than(old) is None
            True
        """
        if (self.metric, self.direction, self.basis) != (other.metric, other.direction, other.basis):
            return None
        return self.value > other.value if self.direction == "maximise" else self.value < other.value


class RunFacts(_Frozen):
    """A finished run.

    Attributes:
        name: Of the registered model.
        run: Identity of the run.
        params: What decided the model, as text.
        metrics: Numbers that came out; several points of one name make a curve.
        score: On the sealed test; None registers a model that never becomes champion by itself when there is one.
        artifacts: Paths inside the delivery to copy (files or folders), beside the model.
    """

    name: str
    run: str
    params: dict[str, str] = Field(default_factory=dict[str, str])
    metrics: tuple[Point, ...] = ()
    tags: dict[str, str] = Field(default_factory=dict[str, str])
    trials: tuple[TrialFacts, ...] = ()
    dataset: DatasetFacts | None = None
    score: ScoreFacts | None = None
    artifacts: tuple[str, ...] = ("SUMMARY.md", "report.html", "model_card.md", "MANIFEST.json", "evaluation")
