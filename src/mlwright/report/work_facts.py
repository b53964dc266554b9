"""Facts of the work itself: what was asked, assumed, planned, decided, spent and run on."""

from typing import Literal

from pydantic import Field

from mlwright.report.blocks import Block, Plain


class RequirementFact(Block):
    """One requirement of the brief against its measurement.

    Attributes:
        name: "roc_auc", "latency p95", "throughput", "size", ...
        wanted, measured: In `unit`; measured is None when it was not measured.
        low, high: Interval of the measurement, if there is one.
        met: None when it could not be judged.
        where: What was measured: "test, 114 rows", "load test, 1 row a request", ...
    """

    name: str
    op: Literal[">=", "<="]
    wanted: float
    measured: float | None = None
    low: float | None = None
    high: float | None = None
    unit: str = ""
    met: bool | None = None
    where: str = ""


class GateFact(Block):
    """A condition that fails the run when missed ("recall >= 0.95 at precision 0.9")."""

    name: str
    condition: str
    measured: float | None = None
    passed: bool | None = None
    detail: str = ""


class AssumptionFact(Block):
    """What the brief left open and what was taken."""

    field: str
    value: str
    why: str


class StepFact(Block):
    """One step of the plan.

    Attributes:
        start, seconds: Since the start of the run, and how long it took.
        result: One line on what came out.
    """

    name: str
    tool: str
    status: Literal["done", "skipped", "failed"] = "done"
    start: float = 0.0
    seconds: float = 0.0
    result: str = ""


class DecisionFact(Block):
    """A choice between alternatives: what was taken, why, and what was not."""

    what: str
    why: str
    rejected: str = ""


class BudgetFact(Block):
    """What was spent of what was allowed; `limit` None means unlimited. Names: seconds, memory, usd, trials."""

    name: str
    spent: float
    limit: float | None = None
    unit: str = ""


class EnvironmentFacts(Block):
    """What it takes to do it again.

    Attributes:
        packages: Name to version.
        seeds: What was seeded to its seed ("brief" first).
        hashes: What was hashed ("data", "model", "split", ...) to SHA-256.
    """

    python: str
    platform: str
    cpus: int
    memory_bytes: int | None = None
    mlwright: str = ""
    packages: dict[str, str] = Field(default_factory=dict[str, str])
    seeds: dict[str, int] = Field(default_factory=dict[str, int])
    hashes: dict[str, str] = Field(default_factory=dict[str, str])


class CheckFact(Block):
    """One line of the success checklist; `passed` None means not applicable or not judged, and `evidence` says why.

    Attributes:
        item: One of CHECKLIST.
        file: Path inside the delivery that shows it.
    """

    item: str
    passed: bool | None
    evidence: str
    file: str = ""


CHECKLIST = (
    "requirements met",
    "evaluated",
    "tested",
    "deployable",
    "monitored",
    "documented",
    "secure",
    "cost considered",
)


class Advice(Plain):
    """Something to do next, and why it is worth it."""

    what: str
    why: str


class FileFact(Plain):
    """A file of the delivery."""

    path: str
    what: str
    size_bytes: int | None = None
