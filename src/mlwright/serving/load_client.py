"""The client of a load test: a process of its own, plain sockets, keep-alive connections, loopback only."""

import asyncio
import sys
import time
from dataclasses import dataclass, field

from pydantic import BaseModel, ConfigDict


class LoadOrder(BaseModel):
    """What one client process is to do, as it reads it from standard input."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    port: int
    bodies: tuple[str, ...]
    connections: int
    rows_per_request: int
    seconds: float
    requests: int
    warm_up_requests: int


class LoadPhase(BaseModel):
    """What it measured, as it writes it to standard output."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    milliseconds: tuple[float, ...]
    errors: int
    seconds: float
    first_error: str


@dataclass(slots=True)
class _Tally:
    left: int
    deadline: float
    milliseconds: list[float] = field(default_factory=list)
    errors: int = 0
    first_error: str = ""


async def load(order: LoadOrder) -> LoadPhase:
    """Warm the service up, then load it until the time or the count is reached."""
    requests = [_request(body.encode()) for body in order.bodies]
    await _round(order, requests, _Tally(order.warm_up_requests, time.perf_counter() + order.seconds))
    begun = time.perf_counter()
    tally = _Tally(order.requests, begun + order.seconds)
    await _round(order, requests, tally)
    return LoadPhase(
        milliseconds=tuple(tally.milliseconds),
        errors=tally.errors,
        seconds=time.perf_counter() - begun,
        first_error=tally.first_error,
    )


async def _round(order: LoadOrder, requests: list[bytes], tally: _Tally) -> None:
    await asyncio.gather(*(_connection(order.port, requests, tally, at) for at in range(order.connections)))


async def _connection(port: int, requests: list[bytes], tally: _Tally, offset: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    at = offset
    try:
        while tally.left > 0 and time.perf_counter() < tally.deadline:
            tally.left -= 1
            begun = time.perf_counter()
            writer.write(requests[at % len(requests)])
            status, body = await _reply(reader)
            took = (time.perf_counter() - begun) * 1000
            at += 1
            if status == 200:
                tally.milliseconds.append(took)
            else:
                tally.errors += 1
                tally.first_error = tally.first_error or f"{status}: {body[:300].decode(errors='replace')}"
    except (OSError, asyncio.IncompleteReadError) as error:
        tally.errors += 1
        tally.first_error = tally.first_error or f"{type(error).__name__}: the service closed the connection"
    finally:
        writer.close()


async def _reply(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(int(line[15:]) for line in head.split(b"\r\n") if line[:15].lower() == b"content-length:")
    return int(head[9:12]), await reader.readexactly(length)


def _request(body: bytes) -> bytes:
    head = "POST /predict HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


def main() -> int:
    """Do the order of standard input."""
    order = LoadOrder.model_validate_json(sys.stdin.read())
    sys.stdout.write(asyncio.run(load(order)).model_dump_json())
    return 0


if __name__ == "__main__":
    sys.exit(main())
