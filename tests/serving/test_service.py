"""The running service, asked over real connections."""

import base64
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from prometheus_client.parser import text_string_to_metric_families

from mlwright.base.errors import InputError, RunError, VerifyError
from mlwright.serving.app import create_app
from mlwright.serving.server import Started, serve, started
from mlwright.serving.settings import Settings, hash_key

KEY, OTHER = "a-key-of-the-test-suite", "another-key-of-the-suite"
ROUTES = ["/predict", "/metadata", "/metrics", "/docs", "/openapi.json", "/no-such-route"]


@pytest.fixture(scope="module")
def service(delivery: Path) -> Iterator[Started]:
    with started(delivery, Settings(require_manifest=False, max_body_bytes=200_000, inline_bytes=2_000)) as running:
        yield running


@pytest.fixture(scope="module")
def guarded(delivery: Path) -> Iterator[Started]:
    keys = (hash_key(KEY), hash_key(OTHER))
    settings = Settings(require_manifest=False, key_hashes=keys, rate_per_second=0.5, rate_burst=12)
    with started(delivery, settings) as running:
        yield running


def ask(service: Started, method: str, path: str, body: object = None, **headers: str) -> tuple[int, dict, bytes]:
    connection = http.client.HTTPConnection(service.host, service.port, timeout=30)
    content = body if isinstance(body, bytes) else None if body is None else json.dumps(body)
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    if content is not None:
        sent.setdefault("Content-Type", "application/json")
    connection.request(method, path, content, sent)
    response = connection.getresponse()
    content = response.read()
    connection.close()
    return response.status, dict(response.getheaders()), content


def predict(service: Started, body: object, **headers: str) -> tuple[int, dict]:
    status, _, content = ask(service, "POST", "/predict", body, **headers)
    return status, json.loads(content)


def test_a_row_is_answered(service: Started, small: SimpleNamespace) -> None:
    row = small.rows(1)[0]
    status, answer = predict(service, row, X_Request_ID="mine-1")
    assert status == 200
    expected = small.shares([row])[0]
    assert answer["probabilities"] == pytest.approx({"no": expected[0], "yes": expected[1]}, abs=1e-6)
    assert answer["label"] == ("yes" if expected[1] >= 0.5 else "no")
    assert answer["model"] == {"name": "toy", "version": "abc123"}
    assert (answer["request_id"], answer["warnings"]) == ("mine-1", [])


def test_large_requests_are_answered_in_a_thread_with_the_same_result(service: Started, small: SimpleNamespace) -> None:
    rows = small.rows(300)
    answers = predict(service, rows)[1]["predictions"]
    columns = predict(service, {"columns": {name: [row[name] for row in rows] for name in rows[0]}})[1]
    expected = small.shares(rows)[:, 1].tolist()
    assert [answer["probabilities"]["yes"] for answer in answers] == pytest.approx(expected, abs=1e-6)
    assert columns["probabilities"]["yes"] == pytest.approx(expected, abs=1e-6)
    assert columns["labels"] == [answer["label"] for answer in answers]


def test_a_regression_is_answered_with_values(regression: Path, small: SimpleNamespace) -> None:
    with started(regression, Settings(require_manifest=False)) as service:
        row = small.rows(1)[0]
        assert predict(service, row)[1]["value"] == pytest.approx(small.score([row])[0], abs=1e-6)
        families = metrics(service)
        assert families["mlwright_predicted_value"].samples


def test_a_wrong_request_gets_three_parts_and_the_field(service: Started, small: SimpleNamespace) -> None:
    status, answer = predict(service, {**small.rows(1)[0], "n0": "many"})
    assert status == 422
    assert answer["error"]["code"] == "wrong_type"
    assert (answer["error"]["row"], answer["error"]["field"]) == (1, "n0")
    assert "'many' is not a finite number" in answer["error"]["message"]
    assert answer["error"]["hint"]
    assert answer["request_id"]


def test_what_training_never_saw_is_warned_of_in_the_reply(service: Started, small: SimpleNamespace) -> None:
    _, answer = predict(service, {**small.rows(1)[0], "colour": "pink", "n1": 77})
    assert [warning["reason"] for warning in answer["warnings"]] == ["out_of_range", "unseen_level"]


@pytest.mark.parametrize(
    ("method", "path", "status", "said"),
    [("GET", "/predict", 405, "not allowed"), ("GET", "/predit", 404, "/predict"), ("POST", "/", 404, "no route")],
)
def test_wrong_routes_get_three_parts(service: Started, method: str, path: str, status: int, said: str) -> None:
    got, _, content = ask(service, method, path)
    assert got == status
    assert said in content.decode()
    assert json.loads(content)["error"]["hint"]


def test_another_content_type_is_refused(service: Started) -> None:
    status, answer = predict(service, b"a,b", Content_Type="text/csv")
    assert status == 415
    assert "text/csv" in answer["error"]["message"]


def test_too_large_a_body_is_refused_by_its_declared_length(service: Started) -> None:
    assert raw(service, b"Content-Length: 300000\r\n\r\n").startswith(b"HTTP/1.1 413")


def test_too_large_a_body_is_refused_when_it_is_chunked(service: Started) -> None:
    chunk = b"10000\r\n" + b" " * 65536 + b"\r\n"
    assert raw(service, b"Transfer-Encoding: chunked\r\n\r\n" + chunk * 4).startswith(b"HTTP/1.1 413")


def test_a_chunked_body_is_answered(service: Started, small: SimpleNamespace) -> None:
    body = json.dumps(small.rows(1)[0]).encode()
    parts = [body[:10], body[10:]]
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"
    assert raw(service, b"Transfer-Encoding: chunked\r\n\r\n" + chunks).startswith(b"HTTP/1.1 200")


def raw(service: Started, rest: bytes) -> bytes:
    with socket.create_connection((service.host, service.port), timeout=20) as connection:
        connection.sendall(b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n" + rest)
        return connection.recv(65536)


@pytest.mark.parametrize(
    "sent", ["", "x" * 65, "new\tline", 'a"b', "ünï"], ids=["none", "long", "control", "quote", "unicode"]
)
def test_a_strange_request_id_is_replaced(service: Started, sent: str) -> None:
    _, headers, _ = ask(service, "GET", "/health", X_Request_ID=sent.encode("utf-8").decode("latin-1"))
    assert len(headers["x-request-id"]) == 16


def metrics(service: Started, **headers: str) -> dict:
    status, got, content = ask(service, "GET", "/metrics", **headers)
    assert status == 200
    assert got["content-type"].startswith("text/plain; version=0.0.4")
    return {family.name: family for family in text_string_to_metric_families(content.decode())}


def total(families: dict, name: str, **labels: str) -> float:
    found = [s.value for s in families[name].samples if s.name.endswith(("_total", "_count")) and s.labels == labels]
    return sum(found)


def test_metrics_count_what_happened(delivery: Path, small: SimpleNamespace) -> None:
    with started(delivery, Settings(require_manifest=False)) as service:
        row = small.rows(1)[0]
        predict(service, row)
        predict(service, [{**row, "colour": "pink"}, {**row, "n0": 99}])
        predict(service, {**row, "n0": "x", "wrong\nname": 1})
        predict(service, {**row, "n0": "x"})
        ask(service, "GET", "/odd/path")
        families = metrics(service)
    assert total(families, "mlwright_requests", route="/predict", code="200") == 2
    assert total(families, "mlwright_requests", route="/predict", code="422") == 2
    assert total(families, "mlwright_requests", route="other", code="404") == 1
    assert total(families, "mlwright_rows") == 3
    assert total(families, "mlwright_invalid_fields", field="n0") == 1
    assert total(families, "mlwright_invalid_fields", field="(unknown)") == 1
    assert total(families, "mlwright_unseen_levels", field="colour") == 1
    assert total(families, "mlwright_out_of_range", field="n0") == 1
    assert total(families, "mlwright_request_seconds", route="/predict") == 4
    assert total(families, "mlwright_positive_probability") == 3
    assert sum(sample.value for sample in families["mlwright_predictions"].samples) == 3


def test_openapi_describes_every_column_and_its_example_works(service: Started) -> None:
    document = json.loads(ask(service, "GET", "/openapi.json")[2])
    operation = document["paths"]["/predict"]["post"]
    row = document["components"]["schemas"]["Row"]
    assert row["properties"]["n0"]["x-training-range"] == [-5.0, 5.0]
    assert row["properties"]["colour"]["x-training-levels"] == ["red", "green", "blue"]
    assert row["required"] == ["n0", "n1", "colour", "note", "when"]
    for example in operation["requestBody"]["content"]["application/json"]["examples"].values():
        assert predict(service, example["value"])[0] == 200
    assert {"/health", "/ready", "/metadata", "/metrics", "/predict"} <= set(document["paths"])
    assert b"/openapi.json" in ask(service, "GET", "/docs")[2]


def test_metadata_names_the_model_and_its_inputs(service: Started) -> None:
    about = json.loads(ask(service, "GET", "/metadata")[2])
    assert (about["task"], about["classes"], about["positive"]) == ("binary", ["no", "yes"], "yes")
    assert [column["name"] for column in about["inputs"]] == ["n0", "n1", "colour", "note", "when"]


@pytest.mark.parametrize("path", ROUTES)
def test_every_route_needs_a_key(guarded: Started, path: str) -> None:
    status, headers, _ = ask(guarded, "GET", path)
    assert status == 401
    assert "Bearer" in headers["www-authenticate"]
    assert ask(guarded, "GET", path, X_API_Key="a-key-that-nobody-has")[0] == 401


@pytest.mark.parametrize("path", ["/health", "/ready"])
def test_orchestrators_need_no_key(guarded: Started, path: str) -> None:
    assert ask(guarded, "GET", path)[0] == 200


def test_keys_are_taken_in_three_ways(guarded: Started) -> None:
    basic = "Basic " + base64.b64encode(f"user:{KEY}".encode()).decode()
    assert ask(guarded, "GET", "/metadata", X_API_Key=KEY)[0] == 200
    assert ask(guarded, "GET", "/metadata", Authorization=f"Bearer {KEY}")[0] == 200
    assert ask(guarded, "GET", "/docs", Authorization=basic)[0] == 200
    assert ask(guarded, "GET", "/docs", Authorization="Basic !!!")[0] == 401


def test_the_rate_of_one_key_does_not_touch_another(guarded: Started) -> None:
    replies = [ask(guarded, "GET", "/metadata", X_API_Key=KEY) for _ in range(14)]
    assert 429 in [status for status, _, _ in replies]
    limited = next(headers for status, headers, _ in replies if status == 429)
    assert 1 <= int(limited["retry-after"]) <= 3
    assert ask(guarded, "GET", "/metadata", X_API_Key=OTHER)[0] == 200


def test_a_slow_body_is_refused(delivery: Path) -> None:
    with started(delivery, Settings(require_manifest=False, timeout_seconds=0.5)) as service:
        assert raw(service, b"Content-Length: 10\r\n\r\n{").startswith(b"HTTP/1.1 408")


def test_beyond_the_concurrency_limit_requests_are_refused(delivery: Path) -> None:
    with started(delivery, Settings(require_manifest=False, timeout_seconds=3, max_concurrent=1)) as service:
        holding = threading.Thread(target=raw, args=(service, b"Content-Length: 10\r\n\r\n{"))
        holding.start()
        time.sleep(0.5)
        status, headers, content = ask(service, "POST", "/predict", {})
        assert (status, headers["retry-after"]) == (503, "1")
        assert json.loads(content)["error"]["code"] == "overloaded"
        assert ask(service, "GET", "/health")[0] == 200
        holding.join()


def test_while_it_stops_it_is_not_ready_but_answers(delivery: Path, small: SimpleNamespace) -> None:
    with started(delivery, Settings(require_manifest=False, drain_seconds=2)) as service:
        os.kill(service.pid, signal.SIGTERM)
        time.sleep(0.3)
        status, _, content = ask(service, "GET", "/ready")
        assert status == 503
        assert "stopping" in content.decode()
        assert predict(service, small.rows(1)[0])[0] == 200


def test_a_request_that_has_begun_is_finished_after_sigterm(delivery: Path, small: SimpleNamespace) -> None:
    body = json.dumps(small.rows(1)[0]).encode()
    head = b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    with (
        started(delivery, Settings(require_manifest=False)) as service,
        socket.create_connection((service.host, service.port), timeout=20) as connection,
    ):
        connection.sendall(head % len(body) + body[:5])
        time.sleep(0.3)
        os.kill(service.pid, signal.SIGTERM)
        time.sleep(0.3)
        connection.sendall(body[5:])
        assert connection.recv(65536).startswith(b"HTTP/1.1 200")


def test_replies_come_without_delay(service: Started, small: SimpleNamespace) -> None:
    """Without TCP_NODELAY the replies of a kept connection wait 40 ms for an acknowledgement."""
    body = json.dumps(small.rows(1)[0]).encode()
    head = b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    took = []
    with socket.create_connection((service.host, service.port), timeout=20) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for _ in range(100):
            begun = time.perf_counter()
            connection.sendall(head % len(body) + body)
            received = b""
            while b"warnings" not in received:
                received += connection.recv(65536)
            took.append(time.perf_counter() - begun)
    assert sorted(took)[50] < 0.03


def test_the_access_log_is_json_without_values(delivery: Path, small: SimpleNamespace) -> None:
    order = {"delivery": str(delivery), "settings": {"require_manifest": False}}
    command = [sys.executable, "-P", "-m", "mlwright.serving.child"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        child.stdin.write(json.dumps(order))
        child.stdin.close()
        port = json.loads(child.stdout.readline())["port"]
        here = Started("127.0.0.1", port, child.pid, 0.0)
        for _ in range(200):
            try:
                predict(here, {**small.rows(1)[0], "note": "secret words", "n0": "also secret"})
                ask(here, "GET", "/secret?name=secret")
                break
            except OSError:
                time.sleep(0.1)
        child.terminate()
        text = child.stdout.read()
    lines = [json.loads(line) for line in text.splitlines()]
    assert [(line["route"], line["status"]) for line in lines] == [("/predict", 422), ("other", 404)]
    assert "secret" not in text
    assert child.returncode == 0


def test_an_open_address_needs_a_key(delivery: Path) -> None:
    with pytest.raises(InputError, match="without an API key"):
        serve(delivery, "0.0.0.0", 0, Settings(require_manifest=False))  # noqa: S104


def test_a_taken_port_is_named(service: Started, delivery: Path) -> None:
    with pytest.raises(InputError, match=str(service.port)):
        serve(delivery, service.host, service.port, Settings(require_manifest=False))


def test_without_a_manifest_it_does_not_start(delivery: Path) -> None:
    with pytest.raises(RunError, match=r"no MANIFEST\.json"), started(delivery):
        pass


def test_a_model_that_answers_otherwise_does_not_start(small: SimpleNamespace, tmp_path: Path) -> None:
    root = small.write(tmp_path / "d")
    stored = json.loads((root / "service" / "example.json").read_text())
    stored["probabilities"] = [0.9, 0.1]
    (root / "service" / "example.json").write_text(json.dumps(stored))
    with pytest.raises(VerifyError, match="probabilities that differ"):
        create_app(root, Settings(require_manifest=False))
