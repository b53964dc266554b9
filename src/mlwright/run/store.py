"""The artifact store: files named by the SHA-256 of their content, written whole, checked when read."""

import hashlib
from pathlib import Path

from mlwright.base.errors import RunError
from mlwright.run.files import clear_errors, copy_whole, make_folder, write_whole


class Store:
    """A folder of content-addressed files."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def put_bytes(self, content: bytes) -> str:
        """Keep content; return its SHA-256.

        Raises:
            RunError: The disk is full, the folder is read-only ...
        """
        digest = hashlib.sha256(content).hexdigest()
        if not self.has(digest):
            make_folder(self.root)
            write_whole(self.root / digest, content)
        return digest

    def put_file(self, path: Path) -> str:
        """Keep a copy of a file; return its SHA-256."""
        digest = file_sha256(path)
        if not self.has(digest):
            make_folder(self.root)
            copy_whole(path, self.root / digest)
            if file_sha256(self.root / digest) != digest:
                raise RunError(f"{path} changed while it was kept.", hint="Find out who writes there, then resume.")
        return digest

    def read(self, digest: str) -> bytes:
        """Return the content of an artifact, checked.

        Raises:
            RunError: It is missing or was changed.
        """
        path = self.path(digest)
        with clear_errors(path):
            content = path.read_bytes()
        if hashlib.sha256(content).hexdigest() != digest:
            raise RunError(f"The artifact {path} was changed.", hint="Delete it and resume: the step is done again.")
        return content

    def path(self, digest: str) -> Path:
        """Return where an artifact is.

        Raises:
            RunError: It is missing.
        """
        path = self.root / digest
        if not path.is_file():
            raise RunError(f"The artifact {digest} is missing.", hint="Resume the run: the step is done again.")
        return path

    def has(self, digest: str) -> bool:
        """Whether the artifact is there and unchanged."""
        path = self.root / digest
        return path.is_file() and file_sha256(path) == digest


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file, read in parts."""
    with clear_errors(path), path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
