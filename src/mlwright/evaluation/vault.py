"""The vault: sealed test labels that are opened once.

`seal` writes the labels and their sha256. `open_once` hands them out to the first token that asks and records it, on
disk, before the labels are returned; any other token is refused from then on. The same token may ask again: a step
that was killed between opening and finishing goes on when the run is resumed, and it is still one opening. The token
should therefore name the step (its digest), never the attempt.

| file         | holds                                       |
|--------------|---------------------------------------------|
| labels.npy   | class codes or values, mode 0600, no pickle |
| labels.json  | rows, dtype and sha256 of labels.npy        |
| opened.json  | the token that opened the vault             |
"""

import hashlib
import json
import os
from io import BytesIO
from pathlib import Path

import numpy as np

from mlwright.base.errors import DataError, RunError
from mlwright.data.columns import Array

LABELS, FACTS, OPENED = "labels.npy", "labels.json", "opened.json"


def seal(y: Array, directory: Path) -> str:
    """Write labels into an empty or new vault and return their sha256.

    Sealing the very same labels again does nothing, so that a step may be repeated.

    Args:
        y: Class codes or values, numbers, shape (n,), at least one row.
        directory: Made when absent, mode 0700.

    Raises:
        DataError: The labels are not a column of numbers.
        RunError: The vault holds other labels, or cannot be written.
    """
    labels = np.ascontiguousarray(y)
    if labels.ndim != 1 or labels.size == 0 or labels.dtype.kind not in "iufb":
        raise DataError(
            f"The vault got labels of shape {labels.shape} and type {labels.dtype}, expected one number per row.",
            hint="encode the target first.",
        )
    buffer = BytesIO()
    np.save(buffer, labels, allow_pickle=False)
    content = buffer.getvalue()
    digest = hashlib.sha256(content).hexdigest()
    facts = {"dtype": str(labels.dtype), "rows": len(labels), "sha256": digest}
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        if (directory / FACTS).exists():
            return _same_or_refused(directory, digest)
        _write(directory / LABELS, content)
        _write(directory / FACTS, json.dumps(facts, sort_keys=True).encode())
    except OSError as error:
        raise _unusable(directory, error) from error
    return digest


def open_once(directory: Path, token: str) -> Array:
    """Return the sealed labels to the first token that asks, and to that token again.

    Args:
        directory: The vault.
        token: Names the step that opens it, the same after a resume.

    Raises:
        RunError: Another token opened the vault before; it holds no labels; or the labels were changed.
    """
    try:
        facts = json.loads((directory / FACTS).read_bytes())
        content = (directory / LABELS).read_bytes()
    except (OSError, ValueError) as error:
        raise _unusable(directory, error) from error
    if hashlib.sha256(content).hexdigest() != facts.get("sha256"):
        raise RunError(
            f"The labels in {directory} are not those that were sealed: their sha256 differs.",
            hint="the test can't be trusted any more; start a new run.",
        )
    _record(directory, token)
    return np.load(BytesIO(content), allow_pickle=False)


def opened_by(directory: Path) -> str | None:
    """Return the token that opened the vault, None while it is sealed.

    Raises:
        RunError: The record cannot be read.
    """
    try:
        return str(json.loads((directory / OPENED).read_bytes())["token"])
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError) as error:
        raise _unusable(directory, error) from error


def _record(directory: Path, token: str) -> None:
    """Write the token unless one is there; a link appears whole or not at all, and only for the first."""
    draft = directory / f".opening-{os.getpid()}"
    try:
        _write(draft, json.dumps({"token": token}).encode())
        try:
            os.link(draft, directory / OPENED)
        except FileExistsError:
            _require_same(directory, token)
        finally:
            draft.unlink()
        _sync(directory)
    except OSError as error:
        raise _unusable(directory, error) from error


def _require_same(directory: Path, token: str) -> None:
    first = opened_by(directory)
    if first != token:
        raise RunError(
            f"The test labels in {directory} were opened before, by '{first}'; now '{token}' asks.",
            hint="a test set is scored once. Compare candidates by cross-validation, or start a new run with new data.",
        )


def _same_or_refused(directory: Path, digest: str) -> str:
    sealed = json.loads((directory / FACTS).read_bytes()).get("sha256")
    if sealed != digest:
        raise RunError(f"The vault {directory} holds other labels.", hint="seal into the vault of a new run.")
    return digest


def _write(path: Path, content: bytes) -> None:
    """Write all at once under the final name, readable by the owner alone."""
    part = path.with_name(path.name + f".part-{os.getpid()}")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError:
        part.unlink(missing_ok=True)
        raise
    _sync(path.parent)


def _sync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _unusable(directory: Path, error: Exception) -> RunError:
    return RunError(
        f"The vault {directory} cannot be used: {error}.",
        hint="check that the run's folder is whole and writable and its disk not full; then resume the run.",
    )
