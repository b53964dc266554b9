"""Facts of the evaluation: scores, curves, errors, slices, fairness."""

from typing import Literal

from pydantic import Field

from mlwright.report.blocks import Block, Estimate, Histogram, Plain, Series

Direction = Literal["maximise", "minimise"]


class ScoreFact(Block):
    """The headline metric at one stage.

    Attributes:
        stage: "search" is the best that the search saw (it flatters), "selection" is the chosen model on out-of-fold
            rows, "test" is the sealed test, opened once.
        basis: What it was measured on, in words; scores of different bases are not to be compared.
    """

    stage: Literal["search", "selection", "test"]
    metric: str
    direction: Direction
    estimate: Estimate
    basis: str
    rows: int


class MetricFact(Block):
    """A further metric on the test."""

    metric: str
    direction: Direction
    estimate: Estimate


class ConfusionFact(Block):
    """Rows of the test by true class (first index) and predicted class."""

    classes: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]


class CurvesFact(Block):
    """ROC (false over true positive rate) and precision over recall; one series a class, or one for binary."""

    roc: tuple[Series, ...] = ()
    precision_recall: tuple[Series, ...] = ()
    roc_auc: float | None = None
    average_precision: float | None = None
    base_rate: float | None = None


class CalibrationFact(Block):
    """Predicted against observed share per bin.

    Attributes:
        curve: x predicted, y observed, with a band.
        counts: Rows in each bin.
        error: Expected calibration error.
    """

    curve: Series
    counts: tuple[int, ...] = ()
    error: float | None = None


class ResidualFact(Block):
    """Actual minus predicted, regression only.

    Attributes:
        predicted, actual: A sample of rows.
        coverage: Share of rows inside the prediction interval, if one is delivered.
    """

    predicted: tuple[float, ...]
    actual: tuple[float, ...]
    histogram: Histogram | None = None
    bias: float | None = None
    coverage: float | None = None


class SliceFact(Plain):
    """One group of rows of the test."""

    column: str
    group: str
    rows: int
    score: Estimate
    gap: float  # score less the overall score


class SlicesFact(Block):
    """The slices on which the model does worst, worst first."""

    metric: str
    overall: float
    worst: tuple[SliceFact, ...]


class HardRow(Plain):
    """A row of the test that the model got most wrong."""

    row: int
    actual: str
    predicted: str
    loss: float
    cells: dict[str, str] = Field(default_factory=dict[str, str])


class HardRowsFact(Block):
    """The hardest rows."""

    rows: tuple[HardRow, ...]


class LearningCurveFact(Block):
    """Score over training rows, and what it says about more data."""

    metric: str
    curve: Series
    verdict: str = ""


class GroupFact(Plain):
    """One group of a sensitive attribute; `rates` as "selection rate", "true positive rate", ... in [0, 1]."""

    group: str
    rows: int
    rates: dict[str, float]


class MeasureFact(Plain):
    """A fairness measure; `limit` None means that the brief set none."""

    name: str
    value: float
    limit: float | None = None
    passed: bool | None = None


class FairnessFact(Block):
    """One sensitive attribute."""

    attribute: str
    groups: tuple[GroupFact, ...]
    measures: tuple[MeasureFact, ...] = ()
