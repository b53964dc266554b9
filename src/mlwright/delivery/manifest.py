"""MANIFEST.json: the sha256 of every file of a delivery, and the evidence of every claim.

The file is written in one canonical form and carries the digest of its own content, so that no byte of the delivery,
its own included, can change unseen. That guards against accidents and careless edits; against somebody who writes a
whole new manifest only a signature or a digest kept elsewhere (`Manifest.digest`) helps.
"""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, JsonValue, ValidationError

from mlwright import __version__
from mlwright.base.errors import VerifyError
from mlwright.models.signature import Signature

NAME = "MANIFEST.json"


class Evidence(BaseModel):
    """Where a claim's value is found. Immutable.

    Attributes:
        event: The sequence number or hash of the journal event that the value came from.
        file: A JSON file of the delivery.
        pointer: A JSON pointer (RFC 6901) into it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    event: int | str | None = None
    file: str
    pointer: str = ""


class Claim(BaseModel):
    """One thing the delivery says of itself. Immutable."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    claim: str
    value: JsonValue
    evidence: Evidence


class ModelName(BaseModel):
    """Which model was delivered. Immutable."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    version: str


class Manifest(BaseModel):
    """The content of MANIFEST.json. Immutable."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal[1] = 1
    mlwright: str
    model: ModelName
    files: dict[str, str]
    claims: tuple[Claim, ...] = ()
    digest: str = ""

    def rendered(self) -> bytes:
        """Return the one way in which this manifest is written."""
        return _canonical(self.model_dump(mode="json")) + b"\n"

    def sealed(self) -> "Manifest":
        """Return this manifest with the digest of its own content."""
        content = self.model_dump(mode="json", exclude={"digest"})
        return self.model_copy(update={"digest": hashlib.sha256(_canonical(content)).hexdigest()})


def write_manifest(
    root: Path, *, model: ModelName | Signature, claims: Sequence[Claim] = (), version: str = __version__
) -> Manifest:
    """Seal a finished delivery: every file below `root` is hashed into MANIFEST.json. The last step of a delivery.

    Raises:
        VerifyError: There is a link or something else that is no plain file.
    """
    named = ModelName(name=model.name, version=model.version)
    files = {name: _sha256(path) for name, path in sorted(_walk(root)) if name != NAME}
    manifest = Manifest(mlwright=version, model=named, files=files, claims=tuple(claims)).sealed()
    unfinished = root / (NAME + ".part")
    unfinished.write_bytes(manifest.rendered())
    unfinished.replace(root / NAME)
    return manifest


def check_manifest(root: Path) -> Manifest:
    """Compare every file below `root` with MANIFEST.json, before anything else reads them.

    Raises:
        VerifyError: The manifest was changed, or files are missing, unknown, changed or links; all are named.
    """
    manifest = read_manifest(root)
    found = dict(_walk(root))
    found.pop(NAME, None)
    faults = [f"{name} is missing" for name in manifest.files if name not in found]
    faults += [_unknown(name) for name in sorted(found) if name not in manifest.files]
    for name, digest in manifest.files.items():
        if name in found and _sha256(found[name]) != digest:
            faults.append(f"{name} was changed")
    if faults:
        shown = "; ".join(faults[:20]) + (f"; and {len(faults) - 20} more" if len(faults) > 20 else "")
        caches = any("__pycache__" in fault or ".pytest_cache" in fault for fault in faults)
        raise VerifyError(
            f"The delivery {root.name} is not what its manifest says: {shown}.",
            hint="delete __pycache__ and .pytest_cache, and run tests in a copy (python -B)."
            if caches
            else "copy the delivery again; to change it, run mlwright again.",
        )
    return manifest


def read_manifest(root: Path) -> Manifest:
    """Read MANIFEST.json and check that it is exactly what was sealed.

    Raises:
        VerifyError: It is absent, or any byte of it was changed.
    """
    path = root / NAME
    try:
        if path.is_symlink():
            raise VerifyError(f"{NAME} is a symbolic link.", hint="a delivery holds plain files only; copy it again.")
        content = path.read_bytes()
        manifest = Manifest.model_validate_json(content)
    except OSError as error:
        raise VerifyError(
            f"{NAME} cannot be read in {root}: {error.strerror}.", hint="give the folder of a whole delivery."
        ) from error
    except ValidationError as error:
        first = error.errors()[0]
        raise VerifyError(
            f"{NAME} was changed or is of another version: {'.'.join(map(str, first['loc']))} {first['msg']}.",
            hint="copy the delivery again.",
        ) from error
    if manifest.rendered() != content or manifest.sealed() != manifest:
        raise VerifyError(f"{NAME} was changed after it was sealed.", hint="copy the delivery again.")
    return manifest


def _walk(root: Path) -> Iterator[tuple[str, Path]]:
    if not root.is_dir():
        raise VerifyError(f"{root} is not a folder.", hint="give the folder of a delivery.")
    for folder, folders, names in os.walk(root, followlinks=False):
        for name in [*folders, *names]:
            path = Path(folder) / name
            relative = PurePosixPath(*path.relative_to(root).parts).as_posix()
            if path.is_symlink() or not (path.is_dir() or path.is_file()):
                raise VerifyError(
                    f"{relative} is a link or no plain file.", hint="a delivery holds plain files only; copy it again."
                )
            if path.is_file():
                yield relative, path


def _unknown(name: str) -> str:
    return f"{name} is not in the manifest"


def _sha256(path: Path) -> str:
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _canonical(content: Mapping[str, Any]) -> bytes:
    return json.dumps(content, sort_keys=True, indent=1, ensure_ascii=False, allow_nan=False).encode()
