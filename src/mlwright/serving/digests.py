"""Files of a delivery, read once: their bytes are compared with MANIFEST.json before anything parses them."""

import hashlib
from pathlib import Path
from typing import Any

from pydantic_core import from_json

from mlwright.base.errors import VerifyError


class CheckedFiles:
    """Reads files below a delivery folder. With no MANIFEST.json it reads unchecked, if that is allowed."""

    def __init__(self, root: Path, *, required: bool) -> None:
        self.root = root
        self.digests = _digests(root, required=required)

    def read(self, name: str) -> bytes:
        """Return the bytes of `name`.

        Raises:
            VerifyError: It is absent, a link, or not what the manifest says.
        """
        path = self.root / name
        try:
            if path.is_symlink():
                raise VerifyError(
                    f"{name} is a symbolic link.", hint="a delivery holds plain files only; copy it again."
                )
            content = path.read_bytes()
        except OSError as error:
            raise VerifyError(
                f"{name} cannot be read in {self.root}: {error.strerror}.", hint="give the folder of a whole delivery."
            ) from error
        if self.digests is not None and self.digests.get(name) != hashlib.sha256(content).hexdigest():
            raise VerifyError(
                f"{name} is not the file that MANIFEST.json describes.",
                hint="copy the delivery again; `mlwright verify` names every changed file.",
            )
        return content

    def read_if_there(self, name: str) -> bytes | None:
        """Return the bytes of `name`, None when neither folder nor manifest has it."""
        listed = self.digests is not None and name in self.digests
        return self.read(name) if listed or (self.root / name).is_file() else None


def _digests(root: Path, *, required: bool) -> dict[str, str] | None:
    path = root / "MANIFEST.json"
    if not path.is_file():
        if required:
            raise VerifyError(
                f"There is no MANIFEST.json in {root}.",
                hint="give the folder of a delivery; while one is being made, use Settings(require_manifest=False).",
            )
        return None
    try:
        manifest: Any = from_json(path.read_bytes())
        return {str(name): str(digest) for name, digest in manifest["files"].items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise VerifyError(
            f"MANIFEST.json in {root} cannot be read: {error}.", hint="copy the delivery again."
        ) from error
