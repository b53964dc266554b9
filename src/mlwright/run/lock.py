"""One writer per run: a lock of the operating system, which ends with its process however that ends."""

import json
import os
import socket
from pathlib import Path

from mlwright.base.errors import RunError
from mlwright.run.files import clear_errors


class Lock:
    """Holds `path` until `release`. The file says who holds it; it stays behind, unlocked."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._handle: int | None = None

    def acquire(self) -> "Lock":
        """Take the lock.

        Raises:
            RunError: Another process has it; the message names it.
        """
        import fcntl

        with clear_errors(self.path):
            handle = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as exc:
            owner = os.pread(handle, 1000, 0).decode(errors="replace")
            os.close(handle)
            raise RunError(
                f"The run in {self.path.parent} is being written by {_named(owner)}.",
                hint="Wait for it to end, stop it, or start a run in another folder.",
            ) from exc
        try:
            with clear_errors(self.path):
                os.ftruncate(handle, 0)
                os.pwrite(handle, json.dumps({"pid": os.getpid(), "host": socket.gethostname()}).encode(), 0)
        except RunError:
            os.close(handle)
            raise
        self._handle = handle
        return self

    def release(self) -> None:
        """Give the lock back; more than once does no harm."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None


def _named(owner: str) -> str:
    try:
        facts = json.loads(owner)
        return f"process {facts['pid']} on {facts['host']}"
    except (ValueError, KeyError, TypeError):
        return "another process"
