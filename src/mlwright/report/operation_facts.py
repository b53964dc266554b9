"""Facts of operation: load test, ONNX parity, drift self-test."""

from pydantic import Field

from mlwright.report.blocks import Block, Histogram


class LoadTestFact(Block):
    """The delivered service under load, started in a clean process.

    Attributes:
        latency_p50_ms, ...: Of whole requests over keep-alive connections.
        histogram: Of latencies in ms.
        server: What it ran on.
    """

    requests: int
    connections: int = 1
    rows_per_request: int = 1
    latency_p50_ms: float
    latency_p95_ms: float
    latency_p99_ms: float | None = None
    rows_per_second: float
    errors: int = 0
    histogram: Histogram | None = None
    server: str = ""


class ParityFact(Block):
    """The ONNX graph against the native model on the same rows."""

    rows: int
    max_abs_difference: float
    gate: float
    label_flips: int = 0
    passed: bool


class DriftFact(Block):
    """The monitor's own test: a fresh sample must be quiet, a shifted column must raise an alarm.

    Attributes:
        fresh, shifted: The drift statistic per column on both samples.
        statistic: What it is ("PSI", "KS", ...).
        alarm_at: Value from which an alarm is raised.
    """

    shifted_column: str
    fresh_alarm: bool
    shifted_alarm: bool
    fresh: dict[str, float] = Field(default_factory=dict[str, float])
    shifted: dict[str, float] = Field(default_factory=dict[str, float])
    statistic: str = ""
    alarm_at: float | None = None
    passed: bool
