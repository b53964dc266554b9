"""Work in a child process with a memory limit and a deadline; what it says is heard while it runs."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection, Pipe
from typing import Any

from mlwright.base.errors import BudgetError, MlwrightError, RunError

_LOOK_SECONDS = 0.05  # between two looks at memory and clock


class DeadlineError(BudgetError):
    """The child was stopped because its time was up; what it had saved by then is kept."""


@dataclass(frozen=True, slots=True)
class ChildLimits:
    """What a child process may use.

    Attributes:
        memory_bytes: Resident memory of the child and its own children together, or None.
        deadline_seconds: From now; then SIGTERM, and SIGKILL after `grace_seconds`. None is no deadline.
        threads: Threads for OpenMP, BLAS and polars, or None for their own choice.
    """

    memory_bytes: int | None = None
    deadline_seconds: float | None = None
    grace_seconds: float = 1.0
    threads: int | None = None


def run_child(
    function: Callable[..., Any],
    args: tuple[Any, ...],
    limits: ChildLimits,
    on_message: Callable[[Any], None] | None = None,
) -> Any:
    """Call `function(*args, send)` in a fresh interpreter and return its result.

    The function must be importable by name; `send(value)` gives a value to `on_message` here, at once. The child does
    not outlive this process, however this one ends.

    Raises:
        BudgetError: The memory limit was passed; DeadlineError, which is one: the deadline was.
        MlwrightError: What the function raised, if it is one of ours.
        RunError: The function raised something else, or the child died.
    """
    _check_importable(function)
    ours, theirs = Pipe()
    try:
        child = _start(theirs, limits)
    finally:
        theirs.close()
    try:
        return _converse(child, ours, (function, args), _Watch(child.pid, limits), on_message)
    finally:
        ours.close()
        _stop(child, limits.grace_seconds)


def _check_importable(function: Callable[..., Any]) -> None:
    name = getattr(function, "__qualname__", "")
    if "<locals>" in name or "<lambda>" in name or getattr(function, "__module__", "") == "__main__":
        raise RunError(
            f"The function {name or function!r} cannot run in a child process.",
            hint="Define it at the top of a module that can be imported.",
        )


def _start(pipe: Connection, limits: ChildLimits) -> subprocess.Popen[bytes]:
    environment = dict(os.environ)
    if limits.threads is not None:
        names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "POLARS_MAX_THREADS")
        environment.update({name: str(limits.threads) for name in names})
    command = [sys.executable, "-m", "mlwright.contract.child", str(pipe.fileno()), str(os.getpid())]
    # A session of its own: Ctrl-C reaches the parent alone, which then stops the child and closes the run properly.
    return subprocess.Popen(
        command, pass_fds=(pipe.fileno(),), env=environment, start_new_session=True, stdin=subprocess.DEVNULL
    )


def _converse(
    child: subprocess.Popen[bytes],
    pipe: Any,
    job: tuple[Callable[..., Any], tuple[Any, ...]],
    watch: "_Watch",
    on_message: Callable[[Any], None] | None,
) -> Any:
    try:
        pipe.send((watch.limits.memory_bytes, sys.path))
        for part in job:
            pipe.send(part)
        while True:
            if not pipe.poll(_LOOK_SECONDS):
                watch.look()
                continue
            kind, value = pipe.recv()
            if kind == "result":
                return value
            if kind == "error":
                raise value
            if on_message is not None:
                on_message(value)
            watch.look()
    except (EOFError, BrokenPipeError, ConnectionResetError) as exc:
        raise _death(child, watch) from exc


def _death(child: subprocess.Popen[bytes], watch: "_Watch") -> MlwrightError:
    try:
        code = child.wait(timeout=5)
    except subprocess.TimeoutExpired:
        code = None
    if code == -signal.SIGKILL:
        return BudgetError(
            f"The child process was killed, most likely because the machine ran out of memory "
            f"(it had {_megabytes(watch.highest_bytes)}).",
            hint="Lower constraints.memory in the brief so that it is stopped earlier, or free memory, and resume.",
        )
    ended = f"signal {signal.Signals(-code).name}" if code is not None and code < 0 else f"exit code {code}"
    return RunError(
        f"The child process ended without a result ({ended}).",
        hint="`mlwright resume` tries the step again; its messages are on the terminal.",
    )


class _Watch:
    """Looks at a child's memory and at the clock."""

    def __init__(self, pid: int, limits: ChildLimits) -> None:
        import psutil

        self.limits = limits
        self.highest_bytes = 0
        self._deadline = None if limits.deadline_seconds is None else time.monotonic() + limits.deadline_seconds
        self._process = psutil.Process(pid)

    def look(self) -> None:
        if self._deadline is not None and time.monotonic() > self._deadline:
            raise DeadlineError(
                f"The work passed its deadline of {self.limits.deadline_seconds:.1f} s and was stopped.",
                hint="Raise constraints.time in the brief; what was finished is kept.",
            )
        limit = self.limits.memory_bytes
        if limit is None:
            return
        self.highest_bytes = max(self.highest_bytes, self._resident())
        if self.highest_bytes > limit:
            raise BudgetError(
                f"The work used {_megabytes(self.highest_bytes)} of memory; {_megabytes(limit)} are allowed.",
                hint="Raise constraints.memory in the brief, or use fewer rows or columns.",
            )

    def _resident(self) -> int:
        import psutil

        total = 0
        try:
            for process in (self._process, *self._process.children(recursive=True)):
                total += process.memory_info().rss
        except psutil.NoSuchProcess:
            return total
        return total


def _stop(child: subprocess.Popen[bytes], grace_seconds: float) -> None:
    """End the child and its whole session, politely first."""
    if child.poll() is None:
        try:
            child.wait(timeout=0.2)  # it has sent its result and is about to leave
        except subprocess.TimeoutExpired:
            _signal(child, signal.SIGTERM)
            try:
                child.wait(timeout=grace_seconds)
            except subprocess.TimeoutExpired:
                _signal(child, signal.SIGKILL)
    _signal(child, signal.SIGKILL)  # its own children, if it left any
    child.wait()


def _signal(child: subprocess.Popen[bytes], number: signal.Signals) -> None:
    try:
        os.killpg(child.pid, number)
    except ProcessLookupError:
        return  # the whole group has gone
    except PermissionError:
        child.send_signal(number)  # macOS says so of a group of zombies


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.0f} MB"
