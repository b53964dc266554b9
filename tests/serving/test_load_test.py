"""The load test of a real service."""

import gzip
from pathlib import Path
from types import SimpleNamespace

import pytest

from mlwright.base.errors import RunError
from mlwright.serving.load_test import LoadPlan, LoadTest, load_test, request_rows


def test_the_load_test_measures_every_phase(delivery: Path) -> None:
    plan = LoadPlan(seconds=1.0, requests=150, warm_up_requests=10, batch_rows=20)
    result = load_test(delivery, plan)
    assert [(each.connections, each.rows_per_request) for each in result.phases] == [(1, 1), (8, 1), (1, 20)]
    assert result.errors == 0
    for phase in result.phases:
        assert 0 < phase.p50_ms <= phase.p95_ms <= phase.p99_ms <= phase.max_ms
        assert phase.rows_per_second == pytest.approx(phase.requests_per_second * phase.rows_per_request, rel=0.01)
        assert phase.requests <= 150
    assert result.latency_p95_ms == result.phases[0].p95_ms
    assert result.startup_seconds > 0
    assert LoadTest.model_validate_json(result.model_dump_json()) == result


def test_errors_are_counted_and_the_first_is_told(delivery: Path, tmp_path: Path, small: SimpleNamespace) -> None:
    root = small.write(tmp_path / "d")
    (root / "evaluation" / "test_rows.jsonl.gz").write_bytes(gzip.compress(b'{"n0": "no number"}\n'))
    result = load_test(root, LoadPlan(seconds=0.5, requests=5, warm_up_requests=1, connections=(1,)))
    assert result.errors == sum(phase.requests for phase in result.phases)
    assert "422" in result.first_error


def test_without_rows_it_says_so(tmp_path: Path, small: SimpleNamespace) -> None:
    root = small.write(tmp_path / "d")
    (root / "evaluation" / "test_rows.jsonl.gz").unlink()
    assert len(request_rows(root, 10)) == 1
    (root / "service" / "example.json").unlink()
    with pytest.raises(RunError, match="no rows"):
        request_rows(root, 10)
