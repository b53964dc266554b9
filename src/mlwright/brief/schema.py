"""The typed form of a brief. Units are parsed: seconds, bytes, dollars, rows a second."""

from collections.abc import Mapping
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Op = Literal[">=", "<="]
KINDS = ("classification", "regression", "ordinal", "ranking", "recommendation", "clustering", "anomaly", "forecast")
RoleWord = Literal["feature", "target", "group", "time", "weight", "sensitive", "id", "ignored", "user", "item"]
SplitStrategy = Literal["auto", "random", "stratified", "group", "time"]
SpaceValue = tuple[bool | int | float | str | None, ...] | bool | int | float | str


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Threshold(_Frozen):
    """What a number must reach."""

    op: Op
    value: float

    def met(self, value: float) -> bool:
        """Whether `value` is good enough.

        Example:
            >>> Threshold(op=">=", value=0.9).met(0.95)
            True
        """
        return value >= self.value if self.op == ">=" else value <= self.value

    def __str__(self) -> str:
        return f"{self.op} {self.value:g}"


class Gate(_Frozen):
    """A condition that fails the run when it is missed.

    Attributes:
        metric: A metric of `mlwright.evaluation.metrics`, or a fairness measure when `fairness` is set.
        at_metric, at_value: Measure `metric` at the threshold where `at_metric` reaches `at_value`.
        fairness: The gate is on the gap between groups of the sensitive columns.
    """

    metric: str
    op: Op
    value: float
    at_metric: str | None = None
    at_value: float | None = None
    fairness: bool = False

    def met(self, value: float) -> bool:
        """Whether `value` passes the gate."""
        return Threshold(op=self.op, value=self.value).met(value)

    def __str__(self) -> str:
        at = f" at {self.at_metric} {self.at_value:g}" if self.at_metric is not None else ""
        return f"{self.metric} {self.op} {self.value:g}{at}"


class DataSpec(_Frozen):
    """Where the data is, what is predicted and what the columns are for."""

    source: str | tuple[str, ...]
    query: str | None = None
    table: str | None = None
    sheet: str | None = None
    target: str | None = None
    columns: Mapping[str, RoleWord] = Field(default_factory=dict[str, RoleWord])

    @property
    def sources(self) -> tuple[str, ...]:
        return (self.source,) if isinstance(self.source, str) else self.source


class Requirements(_Frozen):
    """What the result must reach; measured at the end, reported met or missed."""

    metrics: Mapping[str, Threshold] = Field(default_factory=dict[str, Threshold])
    latency_p95_seconds: float | None = None
    throughput_rows_per_second: float | None = None
    size_bytes: int | None = None


class AlarmBudget(_Frozen):
    """How many alarms people can look at: a share of the rows, or so many a day; one of the two."""

    share: float | None = None
    per_day: float | None = None

    def __str__(self) -> str:
        return f"{self.per_day:g} per day" if self.share is None else f"{100 * self.share:g}%"


class Constraints(_Frozen):
    """What the work may use, and what shape its result may have.

    `clusters` and `alarms` speak of clustering and of anomalies alone; left out, the data decide, or a default does.
    `compute` is where trials run: "local", or a Ray cluster as ray://host:port.
    """

    time_seconds: float | None = None
    trials: int | None = None
    memory_bytes: int | None = None
    usd: float | None = None
    hardware: Literal["cpu", "gpu"] = "cpu"
    platform: Literal["container", "python", "any"] = "any"
    interpretability: Literal["any", "explainable", "linear"] = "any"
    onnx: Literal["required", "preferred", "no"] = "required"
    compute: str = "local"
    clusters: int | None = None
    alarms: AlarmBudget | None = None


class Costs(_Frozen):
    """What a wrong decision costs, in any one unit."""

    false_positive: float
    false_negative: float


class SplitSpec(_Frozen):
    """How the sealed test is taken from the data."""

    test_share: float | None = None
    strategy: SplitStrategy = "auto"


class ForecastSpec(_Frozen):
    """What is forecast; what is left open is found in the data and stated.

    Attributes:
        horizon: Steps ahead.
        season: Lengths of the seasons, in steps, shortest first; empty for none.
        frequency: What a step is: "hour", "15 min", "day", "business day", "month" ...
        interval: Share of values that the interval around a forecast is to hold.
        known: Columns whose values are known ahead, such as prices and holidays.
        windows: Horizons of the sealed test, one after the other at the end of every series.
    """

    horizon: int | None = None
    season: tuple[int, ...] | None = None
    frequency: str | None = None
    interval: float = 0.9
    known: tuple[str, ...] = ()
    windows: int | None = None


class SearchSpec(_Frozen):
    """How models are searched for.

    Attributes:
        method: A name in `mlwright.tuning.searchers.SEARCHERS`; "auto" spends the time where a second gains most.
        families: Families to search; empty for all that the brief's other wishes allow.
        space: Family to parameter to values: `0.01 to 0.3 log`, `8 to 256`, a list of choices, or one value.
        pruner: Who stops a trial that does badly on its first folds.
    """

    method: str = "auto"
    families: tuple[str, ...] = ()
    space: Mapping[str, Mapping[str, SpaceValue]] = Field(default_factory=dict[str, Mapping[str, SpaceValue]])
    pruner: Literal["auto", "median", "hyperband", "none"] = "auto"


class Assumption(_Frozen):
    """Something the brief left open.

    Attributes:
        field: Which field, as in the file ("kind", "data.target", "constraints.time"), or a few words for a decision
            that no field holds.
        value: What was taken, as one would write it in the file.
        why: One sentence.
    """

    field: str
    value: str | float | int | bool
    why: str


class Brief(_Frozen):
    """What is wanted. Only `objective` and `data.source` must be given; the rest is inferred, stated and written back.

    `interval` is the share of true values that the band around a predicted value is to hold, such as 0.9.

    Example:
        >>> Brief(objective="Predict churn", data=DataSpec(source="customers.csv", target="churned")).seed
        0
    """

    objective: str
    data: DataSpec
    kind: str | None = None
    requirements: Requirements = Requirements()
    constraints: Constraints = Constraints()
    success: tuple[Gate, ...] = ()
    on_leak: Literal["stop", "drop"] = "stop"
    costs: Costs | None = None
    metric: str | None = None
    interval: float | None = None
    split: SplitSpec | None = None
    search: SearchSpec | None = None
    forecast: ForecastSpec | None = None
    seed: int = 0

    @property
    def headline_metric(self) -> str | None:
        """The metric that decides: `metric`, else the first one required, else None (the default of the task)."""
        return self.metric or next(iter(self.requirements.metrics), None)

    @property
    def gates(self) -> tuple[Gate, ...]:
        return self.success
