"""One JSON line a request: what was asked of the service, never what was in it."""

import sys
import time
from dataclasses import dataclass
from typing import TextIO

from pydantic_core import to_json


@dataclass(frozen=True, slots=True)
class Line:
    """One request as the log shows it; `route` is a known route or "other", never the path as it was sent."""

    request_id: str
    method: str
    route: str
    status: int
    seconds: float
    caller: str


class AccessLog:
    """Writes lines to a stream, standard output by default."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stdout
        self._second = 0
        self._written = ""

    def write(self, line: Line, rows: int, failure: str) -> None:
        entry: dict[str, object] = {
            "time": self._now(),
            "request_id": line.request_id,
            "method": line.method,
            "route": line.route,
            "status": line.status,
            "milliseconds": round(line.seconds * 1000, 3),
            "caller": line.caller,
            "rows": rows,
        }
        if failure:
            entry["failure"] = failure
        self._stream.write(to_json(entry).decode() + "\n")
        self._stream.flush()

    def _now(self) -> str:
        second = int(time.time())
        if second != self._second:  # written once a second
            self._second, self._written = second, time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(second))
        return self._written
