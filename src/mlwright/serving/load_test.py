"""How fast a delivered service is: started in a clean process, asked by another one over keep-alive connections."""

import gzip
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from mlwright.base.errors import RunError
from mlwright.serving.load_client import LoadOrder, LoadPhase
from mlwright.serving.process import cpu_seconds, resident_bytes
from mlwright.serving.runtime import parse_signature
from mlwright.serving.server import Started, started
from mlwright.serving.settings import Settings


class LoadPlan(BaseModel):
    """What to measure. Immutable; bounded in time and count.

    Attributes:
        connections: Of the single-row phases, one phase each.
        batch_rows: Rows of one request of the batch phase, which uses one connection.
        seconds: Of one phase at most.
        requests: Of one phase at most.
        warm_up_requests: Before each phase, not counted.
        rows: Different rows taken from the test set.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    connections: tuple[int, ...] = (1, 8)
    batch_rows: int = 100
    seconds: float = 3.0
    requests: int = 2_000
    warm_up_requests: int = 100
    rows: int = 200


class LoadResult(BaseModel):
    """One phase. Latencies are from the first byte sent to the last byte received."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    connections: int
    rows_per_request: int
    requests: int
    errors: int
    seconds: float
    p50_ms: float
    p95_ms: float
    p99_ms: float
    max_ms: float
    requests_per_second: float
    rows_per_second: float
    cpu_ms_per_request: float | None = None


class LoadTest(BaseModel):
    """`evaluation/load_test.json`: every phase, and what the service needed.

    Attributes:
        startup_seconds: From the start of the process to /ready.
        resident_mb: Memory of the server's process after the test, None where the system doesn't tell.
        first_error: What the first reply that was no 200 said.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    phases: tuple[LoadResult, ...]
    startup_seconds: float
    resident_mb: float | None
    errors: int
    first_error: str = ""

    @property
    def latency_p95_ms(self) -> float:
        """Of single rows on one connection: what a brief's `latency_p95` is compared with."""
        return next(each.p95_ms for each in self.phases if each.rows_per_request == 1)

    @property
    def rows_per_second(self) -> float:
        """The best of all phases: what a brief's `throughput` is compared with."""
        return max(each.rows_per_second for each in self.phases)


def load_test(delivery_dir: Path | str, plan: LoadPlan | None = None, settings: Settings | None = None) -> LoadTest:
    """Start the service of a delivery, load it, and return what was measured. Loopback only.

    The manifest is not asked for, because a delivery is measured before it is sealed.

    Raises:
        RunError: The service or the client did not work.
    """
    root = Path(delivery_dir)
    plan = plan or LoadPlan()
    rows = request_rows(root, plan.rows)
    with started(root, settings or Settings(require_manifest=False)) as service:
        orders = [_order(service, plan, rows, connections, 1) for connections in plan.connections]
        orders.append(_order(service, plan, rows, 1, plan.batch_rows))
        measured = [_phase(service, order) for order in orders]
        resident = resident_bytes(service.pid)
        return LoadTest(
            phases=tuple(result for result, _ in measured),
            startup_seconds=round(service.startup_seconds, 3),
            resident_mb=None if resident is None else round(resident / 1e6, 1),
            errors=sum(result.errors for result, _ in measured),
            first_error=next((said for _, said in measured if said), ""),
        )


def request_rows(delivery_dir: Path, limit: int) -> list[dict[str, Any]]:
    """Return rows as callers send them: of the test set where it is there, else the example row.

    Raises:
        RunError: There is neither.
    """
    signature = parse_signature((delivery_dir / "model" / "signature.json").read_bytes())
    names = [column.name for column in signature.inputs]
    path = delivery_dir / "evaluation" / "test_rows.jsonl.gz"
    rows: list[dict[str, Any]] = []
    if path.is_file():
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for line in lines:
                row = json.loads(line)
                rows.append({name: row.get(name) for name in names})
                if len(rows) >= limit:
                    break
    example = delivery_dir / "service" / "example.json"
    if not rows and example.is_file():
        rows = [json.loads(example.read_bytes())["row"]]
    if not rows:
        raise RunError(
            f"There are no rows to load the service with in {delivery_dir}.",
            hint="write evaluation/test_rows.jsonl.gz or service/example.json first.",
        )
    return rows


def _order(
    service: Started, plan: LoadPlan, rows: list[dict[str, Any]], connections: int, rows_per_request: int
) -> LoadOrder:
    if rows_per_request == 1:
        bodies = [json.dumps(row) for row in rows]
    else:
        table = [rows[at % len(rows)] for at in range(rows_per_request)]
        bodies = [json.dumps({"columns": {name: [row[name] for row in table] for name in rows[0]}})]
    return LoadOrder(
        port=service.port,
        bodies=tuple(bodies),
        connections=connections,
        rows_per_request=rows_per_request,
        seconds=plan.seconds,
        requests=plan.requests,
        warm_up_requests=plan.warm_up_requests if rows_per_request == 1 else 5,
    )


def _phase(service: Started, order: LoadOrder) -> tuple[LoadResult, str]:
    before = cpu_seconds(service.pid)
    phase = _ask(order)
    after = cpu_seconds(service.pid)
    count, asked = len(phase.milliseconds), len(phase.milliseconds) + phase.errors
    sorted_ms = sorted(phase.milliseconds) or [float("inf")]
    cpu = None if before is None or after is None else (after - before) * 1000 / (asked + order.warm_up_requests or 1)
    result = LoadResult(
        connections=order.connections,
        rows_per_request=order.rows_per_request,
        requests=asked,
        errors=phase.errors,
        seconds=round(phase.seconds, 4),
        p50_ms=_quantile(sorted_ms, 0.50),
        p95_ms=_quantile(sorted_ms, 0.95),
        p99_ms=_quantile(sorted_ms, 0.99),
        max_ms=round(sorted_ms[-1], 4),
        requests_per_second=round(count / phase.seconds, 1),
        rows_per_second=round(count * order.rows_per_request / phase.seconds, 1),
        cpu_ms_per_request=None if cpu is None else round(cpu, 4),
    )
    return result, phase.first_error


def _quantile(ordered: list[float], share: float) -> float:
    """Return the smallest value that at least `share` of all values do not exceed."""
    at = max(0, -int(-share * len(ordered) // 1) - 1)
    return round(ordered[min(at, len(ordered) - 1)], 4)


def _ask(order: LoadOrder) -> LoadPhase:
    """Run the client in a process of its own, so that its work is not the server's."""
    command = [sys.executable, "-P", "-m", "mlwright.serving.load_client"]
    limit = order.seconds + 60
    try:
        done = subprocess.run(
            command, input=order.model_dump_json(), capture_output=True, text=True, timeout=limit, check=False
        )
    except subprocess.TimeoutExpired as error:
        hint = "run the load test again on a less busy machine."
        raise RunError(f"The load client did not end within {limit:g} s.", hint=hint) from error
    try:
        return LoadPhase.model_validate_json(done.stdout)
    except ValidationError as error:
        raise RunError(
            f"The load client failed: {done.stderr.strip()[-500:] or 'it said nothing'}.",
            hint="start the service by hand with `mlwright serve` and look at its log.",
        ) from error
