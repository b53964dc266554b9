"""Writing so that a crash, a full disk or a read-only folder never leaves half a file."""

import errno
import os
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from mlwright.base.errors import RunError

_HINTS = {
    errno.ENOSPC: "Free some space; then `mlwright resume` goes on from the last finished step.",
    errno.EDQUOT: "Free some of your quota; then `mlwright resume` goes on from the last finished step.",
    errno.EFBIG: "Raise the file size limit (`ulimit -f`); then `mlwright resume` goes on.",
    errno.EROFS: "The folder is on a read-only file system; choose another with --root.",
    errno.EACCES: "Make the folder writable for you, or choose another with --root.",
    errno.EPERM: "Make the folder writable for you, or choose another with --root.",
    errno.ENOTDIR: "A file stands where a folder is needed; move it, or choose another folder with --root.",
    errno.EEXIST: "A file stands where a folder is needed; move it, or choose another folder with --root.",
}


@contextmanager
def clear_errors(path: Path) -> Generator[None, None, None]:
    """Turn an operating system error into a RunError that names the path and says what to do."""
    try:
        yield
    except OSError as exc:
        what = os.strerror(exc.errno) if exc.errno else str(exc)
        hint = _HINTS.get(exc.errno or 0, "Check the disk; then `mlwright resume` goes on from the last finished step.")
        raise RunError(f"Cannot write {path}: {what}.", hint=hint) from exc


def make_folder(path: Path) -> Path:
    """Create a folder and those above it."""
    with clear_errors(path):
        path.mkdir(parents=True, exist_ok=True)
    return path


def new_folder(parent: Path, name: str) -> Path:
    """Create a folder that nobody else has: `name`, or `name-2` and so on, even when two ask at the same moment."""
    for number in count(1):
        path = parent / (name if number == 1 else f"{name}-{number}")
        with clear_errors(path):
            try:
                path.mkdir()
            except FileExistsError:
                continue
        return path
    raise AssertionError  # `count` does not end


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that it has either its old or its new content, whatever happens.

    Raises:
        RunError: The disk is full, the folder cannot be written ...
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with clear_errors(path):
        try:
            with temporary.open("wb") as stream:
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
            temporary.replace(path)
            sync_folder(path.parent)
        except OSError:
            temporary.unlink(missing_ok=True)
            raise


def copy_whole(source: Path, target: Path) -> None:
    """Copy a file as `write_whole` writes one, in bounded memory."""
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    with clear_errors(target):
        try:
            with source.open("rb") as read, temporary.open("wb") as write:
                shutil.copyfileobj(read, write, 1 << 20)
                write.flush()
                os.fsync(write.fileno())
            temporary.replace(target)
            sync_folder(target.parent)
        except OSError:
            temporary.unlink(missing_ok=True)
            raise


def sync_folder(path: Path) -> None:
    """Make a rename in a folder last."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
