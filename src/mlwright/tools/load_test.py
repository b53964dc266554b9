"""Serve the exported model in a clean process and load it, before the model is final."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from pydantic import BaseModel

from mlwright.base.traits import Traits
from mlwright.models.signature import Signature
from mlwright.run.types import Context
from mlwright.tools.raw_rows import raw_rows
from mlwright.tools.table import dataset_of

_ROWS = 200
_MEGABYTE = 1e6


class LoadTestParams(BaseModel, extra="forbid"):
    """What the brief wants of the service; None is no wish."""

    latency_p95_seconds: float | None = None
    throughput_rows_per_second: float | None = None
    size_bytes: int | None = None


class LoadTestService:
    """ONNX graph to measured latency and throughput, judged against the brief."""

    traits: ClassVar[Traits] = Traits(summary="Load-test the service against the brief's latency and throughput")
    name: ClassVar[str] = "load_test"
    version: ClassVar[str] = "1"
    summary: ClassVar[str] = traits.summary
    heavy: ClassVar[bool] = False
    final: ClassVar[bool] = True
    params: ClassVar[type[BaseModel]] = LoadTestParams
    inputs: ClassVar[Mapping[str, str]] = {
        "schema": "json",
        "onnx": "bytes",
        "signature": "json",
        "test": "parquet",
        "selection": "json",
    }
    outputs: ClassVar[Mapping[str, str]] = {"load_test": "json"}

    def run(self, params: LoadTestParams, inputs: Mapping[str, Any], context: Context) -> Mapping[str, Any]:
        """Boot, warm up, measure at one and at several connections."""
        from mlwright.serving.load_test import LoadPlan, load_test

        root = _unsealed(inputs, context.workspace / "delivery")
        measured = load_test(root, LoadPlan(seconds=0.7, requests=1_000))
        single = next(phase for phase in measured.phases if phase.rows_per_request == 1)
        facts = {
            **measured.model_dump(mode="json"),
            "requests": sum(phase.requests for phase in measured.phases),
            "latency_p50_ms": single.p50_ms,
            "latency_p95_ms": single.p95_ms,
            "latency_p99_ms": single.p99_ms,
            "rows_per_second": measured.rows_per_second,
            "server": f"one process, ready in {measured.startup_seconds:.1f} s",
        }
        judged = judge_service(params, facts, len(inputs["onnx"]))
        return {"load_test": {**facts, "requirements": judged, "met": all(one["met"] for one in judged)}}


def _unsealed(inputs: Mapping[str, Any], root: Path) -> Path:
    """Write as much of a delivery as a service needs."""
    signature = Signature.model_validate(inputs["signature"])
    (root / "model").mkdir(parents=True)
    (root / "evaluation").mkdir()
    (root / "model" / "model.onnx").write_bytes(inputs["onnx"])
    (root / "model" / "signature.json").write_text(signature.model_dump_json(), encoding="utf-8")
    test = dataset_of(inputs["test"], inputs["schema"])
    _write_rows(root, raw_rows(test, signature.inputs)[:_ROWS])
    return root


def _write_rows(root: Path, rows: list[dict[str, Any]]) -> None:
    import gzip

    text = "\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "\n"
    (root / "evaluation" / "test_rows.jsonl.gz").write_bytes(gzip.compress(text.encode(), mtime=0))


def judge_service(params: LoadTestParams, facts: Mapping[str, Any], size_bytes: int) -> list[dict[str, Any]]:
    """Return one line per wish of the brief."""
    found: list[dict[str, Any]] = []
    latency, rate, size = params.latency_p95_seconds, params.throughput_rows_per_second, params.size_bytes
    if latency is not None:
        wanted, measured = 1000 * latency, facts["latency_p95_ms"]
        found.append(_line("latency p95", "<=", wanted, measured, "ms", "load test, 1 row a request, 1 connection"))
    if rate is not None:
        found.append(_line("throughput", ">=", rate, facts["rows_per_second"], "rows/s", "load test, best phase"))
    if size is not None:
        found.append(_line("size", "<=", size / _MEGABYTE, size_bytes / _MEGABYTE, "MB", "model/model.onnx"))
    return found


def _line(name: str, op: str, wanted: float, measured: float, unit: str, where: str) -> dict[str, Any]:
    met = measured <= wanted if op == "<=" else measured >= wanted
    return {"name": name, "op": op, "wanted": wanted, "measured": measured, "unit": unit, "met": met, "where": where}
