"""What steps take from a brief, alike for every kind of problem, and how every delivery is written and told."""

from collections.abc import Mapping
from typing import Any

from mlwright.brief.schema import Brief
from mlwright.run.types import Step


def reading(brief: Brief) -> dict[str, Any]:
    """Return where the data is and what the brief says of it."""
    data = brief.data
    return {
        "source": list(data.sources),
        "query": data.query,
        "table": data.table,
        "sheet": data.sheet,
        "target": data.target,
        "roles": dict(data.columns),
        "metric": brief.headline_metric,
        "objective": brief.objective,
    }


def splitting(brief: Brief) -> dict[str, Any]:
    """Return how the sealed test is taken."""
    split = brief.split
    return {
        "test_share": split.test_share if split else None,
        "strategy": split.strategy if split else "auto",
        "seed": brief.seed,
    }


def limits(brief: Brief) -> dict[str, Any]:
    """Return what the service must keep under load."""
    wanted = brief.requirements
    return {
        "latency_p95_seconds": wanted.latency_p95_seconds,
        "throughput_rows_per_second": wanted.throughput_rows_per_second,
        "size_bytes": wanted.size_bytes,
    }


def judging(brief: Brief) -> dict[str, Any]:
    """Return what the sealed test is judged by."""
    return {
        "seed": brief.seed,
        "requirements": {name: limit.model_dump(mode="json") for name, limit in brief.requirements.metrics.items()},
        "gates": [gate.model_dump(mode="json") for gate in brief.gates],
    }


def hand_over(brief: Brief, reported: Mapping[str, str]) -> tuple[Step, ...]:
    """Write and seal the delivery from what is `reported`, then tell the tracker."""
    tracked = {"verdict": "report.verdict", "signature": reported["signature"], "selection": "select.selection"}
    tracked |= {
        "search": "train.search",
        "evaluation": "evaluate.evaluation",
        "reading": "read.reading",
        "split": "split.split",
    }
    return (
        Step(name="report", tool="report", inputs=dict(reported), params={"brief": brief.model_dump(mode="json")}),
        Step(name="track", tool="track", inputs=tracked, params={"seed": brief.seed}),
    )
