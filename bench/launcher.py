"""Runs one command and writes what it cost as JSON: `python -I -S launcher.py ORDER.json RESULT.json`.

A process of its own, because Linux counts the memory of whoever starts a process as the peak of what is started: from
here that is 10 MB. The standard library only, and started without `site`, so that it stays so small.

The order is {"command": [...], "environment": {...}, "folder": str, "stdout": path, "stderr": path,
"timeout_seconds": float, "data_limit_bytes": int | null}; the last one is RLIMIT_DATA, the private memory that the
command may take.
"""

import contextlib
import json
import os
import resource
import signal
import sys
import time
from typing import Any


def main(order_path: str, result_path: str) -> None:
    with open(order_path) as file:  # noqa: PTH123 - pathlib would cost more than what is measured here
        order = json.load(file)
    begun = time.perf_counter()
    pid = os.fork()
    if pid == 0:
        _become(order)
    for number in (signal.SIGALRM, signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: _end(pid))
    signal.setitimer(signal.ITIMER_REAL, order["timeout_seconds"])
    _, status, used = os.wait4(pid, 0)
    seconds = time.perf_counter() - begun
    signal.setitimer(signal.ITIMER_REAL, 0)
    _end(pid)  # what it left running, if anything
    result = {
        "exit_code": os.waitstatus_to_exitcode(status),
        "seconds": seconds,
        "cpu_seconds": used.ru_utime + used.ru_stime,
        "peak_bytes": used.ru_maxrss * (1 if sys.platform == "darwin" else 1024),
    }
    with open(result_path, "w") as file:  # noqa: PTH123
        json.dump(result, file)


def _become(order: dict[str, Any]) -> None:
    """Turn into the command, in a process group of its own."""
    try:
        os.setpgid(0, 0)
        os.chdir(order["folder"])
        for stream, path in ((1, order["stdout"]), (2, order["stderr"])):
            os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), stream)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        if order["data_limit_bytes"] is not None:
            resource.setrlimit(resource.RLIMIT_DATA, (order["data_limit_bytes"],) * 2)
        os.execve(order["command"][0], order["command"], order["environment"])  # noqa: S606 - no shell is wanted
    finally:
        os._exit(127)


def _end(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
