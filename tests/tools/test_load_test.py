"""What was measured under load, against what the brief wants of the service."""

from typing import Any

import pytest

from mlwright.tools.load_test import LoadTestParams, judge_service

MEASURED = {"latency_p95_ms": 20.0, "rows_per_second": 500.0}


def judged(**wanted: Any) -> list[dict[str, Any]]:
    return judge_service(LoadTestParams(**wanted), MEASURED, size_bytes=2_000_000)


def test_without_a_wish_there_is_nothing_to_miss() -> None:
    assert judged() == []


@pytest.mark.parametrize(("seconds", "met"), [(0.02, True), (0.5, True), (0.0199, False)])
def test_latency_is_wanted_in_seconds_and_shown_in_milliseconds(seconds: float, *, met: bool) -> None:
    (line,) = judged(latency_p95_seconds=seconds)
    assert (line["name"], line["op"], line["unit"], line["measured"]) == ("latency p95", "<=", "ms", 20.0)
    assert line["wanted"] == pytest.approx(1000 * seconds)
    assert line["met"] is met


@pytest.mark.parametrize(("rate", "met"), [(500.0, True), (1.0, True), (501.0, False)])
def test_throughput_is_a_lower_limit(rate: float, *, met: bool) -> None:
    (line,) = judged(throughput_rows_per_second=rate)
    assert (line["name"], line["op"], line["unit"]) == ("throughput", ">=", "rows/s")
    assert (line["wanted"], line["measured"], line["met"]) == (rate, 500.0, met)


@pytest.mark.parametrize(("size", "met"), [(2_000_000, True), (1_999_999, False)])
def test_size_is_that_of_the_graph_in_megabytes(size: int, *, met: bool) -> None:
    (line,) = judged(size_bytes=size)
    assert (line["name"], line["op"], line["unit"], line["measured"]) == ("size", "<=", "MB", 2.0)
    assert line["met"] is met


def test_every_wish_has_its_line_and_says_where_it_was_measured() -> None:
    lines = judged(latency_p95_seconds=0.01, throughput_rows_per_second=100.0, size_bytes=3_000_000)
    assert [(line["name"], line["met"]) for line in lines] == [
        ("latency p95", False),
        ("throughput", True),
        ("size", True),
    ]
    assert all(line["where"] for line in lines)


def test_a_service_that_only_failed_misses_its_latency() -> None:
    (line,) = judge_service(LoadTestParams(latency_p95_seconds=1.0), {"latency_p95_ms": float("inf")}, 0)
    assert line["met"] is False
