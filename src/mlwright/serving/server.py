"""Runs a service: in this process (`serve`), or in a clean child process for as long as a block lasts (`started`)."""

import http.client
import json
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from mlwright.base.errors import InputError, RunError
from mlwright.serving.settings import DEFAULT_SETTINGS, Settings, check_binding


@dataclass(frozen=True, slots=True)
class Started:
    """A running service: where it is, and how long it took from nothing to ready."""

    host: str
    port: int
    pid: int
    startup_seconds: float

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"


def serve(
    delivery_dir: Path | str, host: str = "127.0.0.1", port: int = 8000, settings: Settings = DEFAULT_SETTINGS
) -> None:
    """Serve a delivery until SIGTERM or SIGINT; requests that have begun are finished.

    Raises:
        InputError: Other machines would reach it without a key, or the port is taken.
        VerifyError: The delivery's files are not what they should be.
    """
    check_binding(host, settings)
    listening = listen(host, port)
    try:
        run_on(listening, delivery_dir, settings)
    finally:
        listening.close()


def listen(host: str, port: int) -> socket.socket:
    """Return a bound socket; port 0 takes a free one.

    Raises:
        InputError: The address cannot be used.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # The protocol is named because asyncio sets TCP_NODELAY only then; without it a reply waits 40 ms for an ACK.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
    except (OSError, OverflowError) as error:
        listening.close()
        raise InputError(
            f"The service cannot listen on {host}:{port}: {error}.", hint="choose another --port, or stop what uses it."
        ) from error
    return listening


def run_on(listening: socket.socket, delivery_dir: Path | str, settings: Settings) -> None:
    """Serve on a bound socket."""
    import uvicorn

    from mlwright.serving.app import create_app
    from mlwright.serving.drain import draining_server

    app = create_app(delivery_dir, settings)
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        lifespan="off",
        limit_concurrency=settings.max_connections,
        timeout_keep_alive=75,  # longer than the usual 60 s of a proxy, so that the proxy closes first
        timeout_graceful_shutdown=round(settings.timeout_seconds) + 1,
    )
    draining_server(config, app.state.service).run(sockets=[listening])


@contextmanager
def started(
    delivery_dir: Path | str, settings: Settings = DEFAULT_SETTINGS, *, wait_seconds: float = 60.0
) -> Generator[Started]:
    """Start the service of a delivery in a clean process on a free loopback port; stop it at the end of the block.

    The process runs mlwright's own code; no code of the delivery is executed.

    Raises:
        RunError: It did not become ready; the message ends with what it wrote.
    """
    order = {"delivery": str(Path(delivery_dir).resolve()), "settings": settings.model_dump(mode="json")}
    begun = time.monotonic()
    with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as errors:
        # -P keeps the working folder off the import path.
        command = [sys.executable, "-P", "-m", "mlwright.serving.child"]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=output, stderr=errors, text=True) as child:
            try:
                _give(child, order)
                port = _wait_ready(child, output, errors, begun + wait_seconds)
                yield Started("127.0.0.1", port, child.pid, time.monotonic() - begun)
            finally:
                _stop(child, settings)


def _give(child: "subprocess.Popen[str]", order: dict[str, Any]) -> None:
    if child.stdin is None:
        raise TypeError("the child was started with a pipe")
    try:
        child.stdin.write(json.dumps(order))
        child.stdin.close()
    except BrokenPipeError:
        return  # it died at once; the wait says why


def _wait_ready(child: "subprocess.Popen[str]", output: IO[str], errors: IO[str], deadline: float) -> int:
    port = 0
    while time.monotonic() < deadline:
        if child.poll() is not None:
            raise _failed(f"ended with status {child.returncode}", errors)
        port = port or _port(output)
        if port and _is_ready(port):
            return port
        time.sleep(0.02)
    raise _failed("was not ready in time", errors)


def _port(output: IO[str]) -> int:
    output.seek(0)
    first = output.readline()
    return int(json.loads(first)["port"]) if first.endswith("\n") else 0


def _is_ready(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/ready")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def _failed(what: str, errors: IO[str]) -> RunError:
    errors.seek(0)
    said = errors.read().strip()[-1500:]
    return RunError(f"The service {what}. It wrote: {said or 'nothing'}", hint="run `mlwright verify` on the delivery.")


def _stop(child: "subprocess.Popen[str]", settings: Settings) -> None:
    if child.poll() is None:
        child.terminate()
    try:
        child.wait(settings.drain_seconds + settings.timeout_seconds + 5)
    except subprocess.TimeoutExpired:
        child.kill()
