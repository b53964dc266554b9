"""The files that deploy a delivery, as texts. `@name@` is filled in by `service_files`, with checked values only."""

APP = '''"""Serves this delivery: python service/app.py [--host H] [--port P].

Keys: MLWRIGHT_API_KEYS (comma-separated) or MLWRIGHT_KEY_HASHES (their sha256). Without a key the service answers this
machine only. What may be asked of it is at /docs.
"""

import argparse
import os
import sys
from pathlib import Path

from mlwright.base.errors import MlwrightError
from mlwright.serving.server import serve
from mlwright.serving.settings import Settings, hash_key

DELIVERY = Path(__file__).resolve().parents[1]


def settings() -> Settings:
    keys = [key.strip() for key in os.environ.get("MLWRIGHT_API_KEYS", "").split(",") if key.strip()]
    hashes = [text.strip() for text in os.environ.get("MLWRIGHT_KEY_HASHES", "").split(",") if text.strip()]
    rate = os.environ.get("MLWRIGHT_RATE_PER_SECOND")
    return Settings(
        key_hashes=(*map(hash_key, keys), *hashes),
        rate_per_second=float(rate) if rate else None,
        drain_seconds=float(os.environ.get("MLWRIGHT_DRAIN_SECONDS", "0")),
    )


def main() -> int:
    parser = argparse.ArgumentParser(description="Serve this delivery over HTTP.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    asked = parser.parse_args()
    try:
        serve(DELIVERY, asked.host, asked.port, settings())
    except (MlwrightError, ValueError) as error:
        print(error, file=sys.stderr)
        return getattr(error, "exit_code", 2)
    return 0


if __name__ == "__main__":
    sys.exit(main())
'''

DOCKERFILE = """\
# syntax=docker/dockerfile:1
# Build in the delivery's folder:  docker build -f service/Dockerfile -t @slug@:@tag@ .
# mlwright is not on a package index: put its wheel (mlwright-@mlwright@-py3-none-any.whl) beside this file, in a
# copy of the delivery, because `mlwright verify` refuses a folder with a file that was not delivered.
FROM python:@python@-slim AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
COPY service/requirements.txt service/*.whl /install/
RUN python -m venv /venv && /venv/bin/pip install --find-links /install -r /install/requirements.txt

FROM python:@python@-slim
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin service
COPY --from=build /venv /venv
WORKDIR /delivery
COPY MANIFEST.json ./
COPY model/model.onnx model/signature.json model/
COPY service/app.py service/example.json service/
COPY evaluation/scores.json evaluation/
ENV PATH="/venv/bin:$PATH" PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER 10001:10001
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s --retries=3 \\
  CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/health', timeout=4)"]
ENTRYPOINT ["python", "service/app.py"]
CMD ["--host", "0.0.0.0", "--port", "8000"]
"""

DOCKERIGNORE = """\
# Only what the service needs goes to the builder; test rows, reports and the native model stay here.
*
!MANIFEST.json
!model/model.onnx
!model/signature.json
!evaluation/scores.json
!service/app.py
!service/example.json
!service/requirements.txt
!service/*.whl
"""

COMPOSE = """\
# In this folder: MLWRIGHT_KEY_HASHES=$(printf %s "$KEY" | sha256sum | cut -d' ' -f1) docker compose up --build
services:
  model:
    image: "@slug@:@tag@"
    build:
      context: ..
      dockerfile: service/Dockerfile
    ports:
      - "127.0.0.1:8000:8000"
    environment:
      MLWRIGHT_KEY_HASHES: "${MLWRIGHT_KEY_HASHES:?the sha256 of an API key; several separated by commas}"
      MLWRIGHT_RATE_PER_SECOND: "${MLWRIGHT_RATE_PER_SECOND:-100}"
      MLWRIGHT_DRAIN_SECONDS: "5"
    read_only: true
    tmpfs:
      - /tmp
    cap_drop:
      - ALL
    security_opt:
      - "no-new-privileges:true"
    mem_limit: 1g
    pids_limit: 100
    stop_grace_period: 45s
    restart: unless-stopped
"""

CI = """\
# Copy this file to .github/workflows/ of a repository whose root is this delivery.
name: delivery
on:
  push:
  pull_request:
permissions:
  contents: read
jobs:
  check:
    runs-on: ubuntu-latest
    timeout-minutes: 20
    steps:
      - uses: actions/checkout@v4
        with:
          persist-credentials: false
      - uses: actions/setup-python@v5
        with:
          python-version: "@python@"
      # mlwright's wheel is looked for in service/ too, as long as it is on no package index.
      - run: python -m pip install --find-links service -r service/requirements.txt "pytest>=8"
      # A copy without what git and CI add; the wheel and this workflow are no part of the delivery.
      - run: mkdir /tmp/delivery && git archive HEAD ':!*.whl' ':!.github' | tar -x -C /tmp/delivery
      - run: mlwright verify /tmp/delivery
      - run: python -B -m pytest -p no:cacheprovider /tmp/delivery/service/tests
      - run: docker build -f service/Dockerfile -t @slug@:@tag@ .
"""

REQUIREMENTS = """\
# What the service ran with when it was measured; the base install of mlwright and nothing else.
# mlwright is not on a package index yet: pip install --find-links FOLDER_WITH_ITS_WHEEL -r requirements.txt
"""

TESTS = '''"""The delivered service, started as it will be and asked over HTTP. Run in a copy of the delivery:

    python -B -m pytest -p no:cacheprovider service/tests
"""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

SERVICE = Path(__file__).resolve().parents[1]
EXAMPLE = json.loads((SERVICE / "example.json").read_text(encoding="utf-8"))
SIGNATURE = json.loads((SERVICE.parent / "model" / "signature.json").read_text(encoding="utf-8"))
KEY = "a-key-for-the-tests-only"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def start(port, **environment):
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MLWRIGHT_")}
    command = [sys.executable, "-B", str(SERVICE / "app.py"), "--port", str(port)]
    return subprocess.Popen(command, env={**kept, **environment}, stdout=subprocess.DEVNULL)


def wait(url, process):
    for _ in range(600):
        assert process.poll() is None, "the service ended"
        try:
            if ask(url + "/ready")[0] == 200:
                return
        except OSError:
            pass
        time.sleep(0.1)
    raise AssertionError("the service was not ready within 60 s")


def ask(url, body=None, headers=None):
    content = body if isinstance(body, bytes | None) else json.dumps(body).encode()
    sent = {"Content-Type": "application/json", **(headers or {})}
    try:
        with urllib.request.urlopen(urllib.request.Request(url, content, sent), timeout=30) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


@pytest.fixture(scope="module")
def url():
    port = free_port()
    process = start(port)
    try:
        wait(f"http://127.0.0.1:{port}", process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        assert process.wait(60) == 0, "the service did not stop cleanly"


def check_answer(answer):
    if EXAMPLE.get("value") is not None:
        assert answer["value"] == pytest.approx(EXAMPLE["value"], rel=1e-4, abs=1e-4)
        return
    label = answer["label"]
    assert (str(label).lower() if isinstance(label, bool) else str(label)) == EXAMPLE["label"]
    assert list(answer["probabilities"].values()) == pytest.approx(EXAMPLE["probabilities"], abs=1e-4)


def test_the_example_row_is_answered_as_the_trained_model_did(url):
    status, body = ask(url + "/predict", EXAMPLE["row"])
    assert status == 200
    check_answer(json.loads(body))
    assert json.loads(body)["model"]["version"] == SIGNATURE["version"]


def test_many_rows_are_answered_in_order(url):
    status, body = ask(url + "/predict", {"rows": [EXAMPLE["row"]] * 3})
    assert status == 200
    answers = json.loads(body)["predictions"]
    assert len(answers) == 3
    for answer in answers:
        check_answer(answer)


def test_an_unknown_column_is_refused_by_name(url):
    status, body = ask(url + "/predict", {**EXAMPLE["row"], "no such column": 1})
    assert status == 422
    assert "no such column" in json.loads(body)["error"]["message"]


@pytest.mark.parametrize("name", list(EXAMPLE["row"]))
def test_a_missing_column_is_refused_by_name(url, name):
    status, body = ask(url + "/predict", {key: cell for key, cell in EXAMPLE["row"].items() if key != name})
    assert status == 422
    assert json.loads(body)["error"]["field"] == name


NUMBERS = [column for column in SIGNATURE["inputs"] if column["type"] == "number"][:3]


@pytest.mark.parametrize("column", NUMBERS, ids=lambda column: column["name"])
@pytest.mark.parametrize("cell", [b"NaN", b"1e400", b'"no number"', b"[1]"])
def test_a_cell_that_is_no_number_is_refused(url, column, cell):
    row = json.dumps({**EXAMPLE["row"], column["name"]: "@"}).encode().replace(b'"@"', cell)
    status, body = ask(url + "/predict", row)
    assert status == 422
    assert json.loads(body)["error"]["field"] == column["name"]


def test_a_missing_value_is_null(url):
    assert ask(url + "/predict", dict.fromkeys(EXAMPLE["row"]))[0] == 200


@pytest.mark.parametrize(("body", "status"), [(b"{", 400), (b"", 400), (b"[]", 422), (b"1", 422)])
def test_what_is_no_request_is_refused(url, body, status):
    assert ask(url + "/predict", body)[0] == status


def test_too_large_a_body_is_refused(url):
    try:
        assert ask(url + "/predict", b" " * 9_000_000)[0] == 413
    except urllib.error.URLError:
        pass  # the service may hang up before all of it was sent


def test_the_service_tells_how_it_is(url):
    assert json.loads(ask(url + "/health")[1]) == {"status": "alive"}
    assert json.loads(ask(url + "/metadata")[1])["model"]["name"] == SIGNATURE["name"]
    assert 'mlwright_requests_total{route="/predict",code="200"}' in ask(url + "/metrics")[1]
    assert "/predict" in json.loads(ask(url + "/openapi.json")[1])["paths"]


def test_with_keys_nobody_is_let_in_without_one():
    port = free_port()
    process = start(port, MLWRIGHT_API_KEYS=KEY)
    try:
        url = f"http://127.0.0.1:{port}"
        wait(url, process)
        assert ask(url + "/predict", EXAMPLE["row"])[0] == 401
        assert ask(url + "/predict", EXAMPLE["row"], {"X-API-Key": "a-key-of-somebody-else"})[0] == 401
        assert ask(url + "/predict", EXAMPLE["row"], {"X-API-Key": KEY})[0] == 200
        assert ask(url + "/metrics")[0] == 401
    finally:
        process.terminate()
        process.wait(60)


def test_other_machines_are_not_served_without_a_key():
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MLWRIGHT_")}
    command = [sys.executable, "-B", str(SERVICE / "app.py"), "--host", "0.0.0.0", "--port", "0"]
    done = subprocess.run(command, env=kept, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert "key" in done.stderr
'''
