"""The other side of `sandbox`: a fresh interpreter that does one piece of work and reports over a pipe.

Started as `python -m mlwright.contract.child <descriptor> <parent's pid>`.
"""

import os
import signal
import sys
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

from mlwright.base.errors import BudgetError, MlwrightError, RunError

_PR_SET_PDEATHSIG = 1
_ROOM_BYTES = 1 << 30  # threads' stacks and allocators' reserves count against RLIMIT_DATA


def main(descriptor: int, parent: int) -> int:
    """Receive one job, run it, send its result or its error."""
    _die_with(parent)
    pipe: Any = Connection(descriptor)
    sending = threading.Lock()

    def send(kind: str, value: object) -> None:
        with sending:
            pipe.send((kind, value))

    try:
        # The search path must be in force before the function is looked up, and so comes first.
        memory_bytes, sys.path[:] = pipe.recv()
        function, args = pipe.recv(), pipe.recv()
        _limit_memory(memory_bytes)
        result = function(*args, lambda message: send("message", message))
    except BaseException as exc:
        return _sent(send, "error", _as_ours(exc)) or 1
    return _sent(send, "result", result)


def _sent(send: Callable[[str, object], None], kind: str, value: object) -> int:
    """Send the last word; returns the exit code. A parent that was interrupted has closed the pipe: nobody listens."""
    try:
        send(kind, value)
    except (BrokenPipeError, ConnectionResetError):
        return 1
    return 0


def _die_with(parent: int) -> None:
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:  # it died before we asked
            os._exit(1)
        return
    threading.Thread(target=_watch, args=(parent,), daemon=True).start()


def _watch(parent: int) -> None:
    import time

    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)


def _limit_memory(memory_bytes: int | None) -> None:
    """A backstop for one huge allocation between two looks of the watchdog."""
    if memory_bytes is None:
        return
    import resource

    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    wanted = memory_bytes + _ROOM_BYTES
    resource.setrlimit(resource.RLIMIT_DATA, (wanted if hard == resource.RLIM_INFINITY else min(wanted, hard), hard))


def _as_ours(exc: BaseException) -> MlwrightError:
    import traceback

    if isinstance(exc, MlwrightError):
        return exc
    if isinstance(exc, MemoryError):
        return BudgetError(
            f"The work ran out of memory: {exc}.", hint="Raise constraints.memory in the brief, or use fewer rows."
        )
    where = "".join(traceback.format_exception(exc)[-3:]).strip()
    return RunError(
        f"{type(exc).__name__}: {exc}\n{where}",
        hint="This is a fault of the step, not of the brief; `mlwright resume` tries it again.",
    )


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2])))
