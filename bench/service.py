"""One-row requests to the delivered service, against a bare Starlette endpoint under the same uvicorn."""

import json
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.delivered import described
from bench.figures import Part, Reference, Row, Target, median
from bench.workspace import ROOT, BenchError, Workspace, child_environment

CONNECTIONS, ROUNDS, REQUESTS, SECONDS, WARM_UP = (1, 8), 3, 2_000, 3.0, 200
_NAMED = "bare Starlette endpoint, same uvicorn"


@dataclass(frozen=True, slots=True)
class Phase:
    """What one client saw: latencies in ms, sorted; processor time of the server per request."""

    milliseconds: tuple[float, ...]
    seconds: float
    cpu_ms: float

    def quantile(self, share: float) -> float:
        """Return the smallest latency that at least `share` of all do not exceed."""
        return quantile(self.milliseconds, share)

    @property
    def rate(self) -> float:
        return len(self.milliseconds) / self.seconds


def service(space: Workspace) -> Part:
    """Load both services in turn, at each number of connections."""
    from mlwright.serving.load_test import request_rows
    from mlwright.serving.server import started
    from mlwright.serving.settings import Settings

    delivery = space.delivery()
    bodies = tuple(json.dumps(row) for row in request_rows(delivery, 200))
    found: dict[tuple[str, int], list[Phase]] = {}
    with started(delivery, Settings()) as ours:
        reply = space.folder / "reply.json"
        reply.write_bytes(_answer(ours.port, bodies[0]))
        with _constant(reply) as bare:
            for _ in range(ROUNDS):
                for connections in CONNECTIONS:
                    for name, port, pid in (("ours", ours.port, ours.pid), ("bare", *bare)):
                        phase = _load(port, pid, bodies, connections)
                        found.setdefault((name, connections), []).append(phase)
        startup_seconds = ours.startup_seconds
    rows = [row for connections in CONNECTIONS for row in _rows(found, connections)]
    rows.append(Row("from the start of its process to ready", startup_seconds, "s"))
    return Part(
        tuple(rows),
        (
            described(delivery),
            "One process, keep-alive connections over loopback, a client in a process of its own.",
            f"Medians of {ROUNDS} rounds of at most {REQUESTS:,} requests or {SECONDS:g} s, the two services in turn.",
            "The reference reads the body and answers constant bytes of the same length.",
            "Latency is from the first byte sent to the last received; at 8 connections requests wait for each other.",
        ),
    )


def _rows(found: dict[tuple[str, int], list[Phase]], connections: int) -> list[Row]:
    ours, bare = found["ours", connections], found["bare", connections]

    def row(name: str, unit: str, read: Any, target: Target | None = None) -> Row:
        reference = Reference(_NAMED, median([read(phase) for phase in bare]))
        figure = median([read(phase) for phase in ours])
        return Row(f"{connections} connection{'s' * (connections > 1)}: {name}", figure, unit, reference, target)

    return [
        row("processor time of a request", "ms", lambda phase: phase.cpu_ms),
        row("p50", "ms", lambda phase: phase.quantile(0.5)),
        row("p95", "ms", lambda phase: phase.quantile(0.95), Target(20) if connections == 1 else None),
        row("requests", "1/s", lambda phase: phase.rate),
    ]


def quantile(ordered: tuple[float, ...], share: float) -> float:
    """Return the smallest of sorted values that at least `share` of all do not exceed.

    Example:
        >>> quantile((1.0, 2.0, 3.0, 4.0), 0.5)
        2.0
    """
    at = max(0, -int(-share * len(ordered) // 1) - 1)
    return ordered[min(at, len(ordered) - 1)]


def _load(port: int, pid: int, bodies: tuple[str, ...], connections: int) -> Phase:
    from mlwright.serving.load_client import LoadOrder, LoadPhase
    from mlwright.serving.process import cpu_seconds

    order = LoadOrder(
        port=port,
        bodies=bodies,
        connections=connections,
        rows_per_request=1,
        seconds=SECONDS,
        requests=REQUESTS,
        warm_up_requests=WARM_UP,
    )
    command = [sys.executable, "-m", "mlwright.serving.load_client"]
    before = cpu_seconds(pid)
    done = subprocess.run(
        command, input=order.model_dump_json(), capture_output=True, text=True, timeout=SECONDS * 2 + 60, check=False
    )
    after = cpu_seconds(pid)
    if done.returncode:
        raise BenchError(f"The load client failed: {done.stderr[-500:]}")
    phase = LoadPhase.model_validate_json(done.stdout)
    if phase.errors or not phase.milliseconds:
        raise BenchError(f"{phase.errors} requests failed: {phase.first_error}")
    asked = len(phase.milliseconds) + WARM_UP
    spent = float("nan") if before is None or after is None else (after - before) * 1000 / asked
    return Phase(tuple(sorted(phase.milliseconds)), phase.seconds, spent)


def _answer(port: int, body: str) -> bytes:
    import http.client

    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("POST", "/predict", body, {"Content-Type": "application/json"})
        response = connection.getresponse()
        content = response.read()
    finally:
        connection.close()
    if response.status != 200:
        raise BenchError(f"The service answers {response.status}: {content[:300]!r}")
    return content


@contextmanager
def _constant(reply: Path) -> Generator[tuple[int, int]]:
    """Run the reference; gives its port and process id."""
    import os

    command = [sys.executable, "-m", "bench.constant_service", str(reply)]
    environment = child_environment(os.environ)
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=environment) as child:
        try:
            line = child.stdout.readline() if child.stdout else ""
            if not line.strip().isdigit():
                raise BenchError("The reference service did not start.")
            port = int(line)
            _wait(port)
            yield port, child.pid
        finally:
            child.terminate()
            try:
                child.wait(10)
            except subprocess.TimeoutExpired:
                child.kill()


def _wait(port: int, seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while True:
        try:
            _answer(port, "{}")
            return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
