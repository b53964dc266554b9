"""Facts of operation: load test, parity, drift self-test."""

from collections.abc import Mapping
from typing import Any

from mlwright.report.operation_facts import DriftFact, LoadTestFact, ParityFact
from mlwright.tools.reporting.evidence import Evidence


def load_test(inputs: Mapping[str, Any], evidence: Evidence) -> LoadTestFact | None:
    """Return how the delivered service did under load, None when it was not loaded."""
    found = inputs.get("load")
    if found is None:
        return None
    kept = ("requests", "latency_p50_ms", "latency_p95_ms", "latency_p99_ms", "rows_per_second", "errors", "server")
    return LoadTestFact(event=evidence.of("load"), **{key: found[key] for key in kept})


def parity(inputs: Mapping[str, Any], evidence: Evidence) -> ParityFact | None:
    """Return how far the graph is from the native model, None where there is no other model than the graph."""
    if "parity" not in inputs:
        return None
    kept = ("rows", "max_abs_difference", "gate", "label_flips", "passed")
    return ParityFact(event=evidence.of("export"), **{key: inputs["parity"][key] for key in kept})


def drift(inputs: Mapping[str, Any], evidence: Evidence) -> DriftFact | None:
    """Return the monitor's own test, None when there was none."""
    found = inputs.get("drift")
    if found is None:
        return None
    return DriftFact(
        event=evidence.of("watch"),
        shifted_column=found["column"],
        fresh_alarm=found["fresh"] == "alarm",
        shifted_alarm=found["smallest_detected"] is not None,
        statistic=f"smallest shift noticed: {found['smallest_detected']} {found['unit']}"
        if found["smallest_detected"] is not None
        else "",
        passed=found["passed"],
    )
