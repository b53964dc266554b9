"""Named codecs: how a value becomes content-addressed files and comes back. Never pickle."""

import io
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol

from mlwright.base.errors import RunError
from mlwright.base.suggest import did_you_mean
from mlwright.run.files import clear_errors
from mlwright.run.journal import plain_json
from mlwright.run.store import Store


class Codec(Protocol):
    """Writes a value into a store and reads it back. `what` names the artifact in errors."""

    def write(self, value: Any, store: Store, what: str) -> str:
        """Keep the value; return the SHA-256 by which it is found."""
        ...

    def read(self, digest: str, store: Store, folder: Path) -> Any:
        """Return the value; `folder` is scratch space for values that are files."""
        ...


class Json:
    """A pydantic model, or dicts, lists, text, finite numbers, booleans, None; comes back as the plain form."""

    def write(self, value: Any, store: Store, what: str) -> str:
        text = json.dumps(plain_json(value, what), sort_keys=True, ensure_ascii=False, indent=1, allow_nan=False)
        return store.put_bytes(text.encode() + b"\n")

    def read(self, digest: str, store: Store, folder: Path) -> Any:
        return json.loads(store.read(digest))


class Parquet:
    """A polars DataFrame."""

    def write(self, value: Any, store: Store, what: str) -> str:
        import polars as pl

        if not isinstance(value, pl.DataFrame):
            raise _wrong_type(what, "a polars DataFrame", value)
        buffer = io.BytesIO()
        value.write_parquet(buffer, compression="zstd")
        return store.put_bytes(buffer.getvalue())

    def read(self, digest: str, store: Store, folder: Path) -> Any:
        import polars as pl

        return pl.read_parquet(io.BytesIO(store.read(digest)))


class Npz:
    """A mapping of names to numpy arrays of numbers, booleans, text or bytes."""

    def write(self, value: Any, store: Store, what: str) -> str:
        import numpy as np

        if not isinstance(value, Mapping):
            raise _wrong_type(what, "a mapping of names to arrays", value)
        arrays = {str(name): np.asarray(array) for name, array in sorted(value.items())}
        for name, array in arrays.items():
            if array.dtype.hasobject:
                raise _wrong_type(f"{what}['{name}']", "an array of numbers, booleans or text", "one of objects")
        buffer = io.BytesIO()
        np.savez_compressed(buffer, allow_pickle=False, **arrays)
        return store.put_bytes(buffer.getvalue())

    def read(self, digest: str, store: Store, folder: Path) -> Any:
        import numpy as np

        with np.load(io.BytesIO(store.read(digest)), allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}


class Bytes:
    """Bytes as they are."""

    def write(self, value: Any, store: Store, what: str) -> str:
        if not isinstance(value, bytes):
            raise _wrong_type(what, "bytes", value)
        return store.put_bytes(value)

    def read(self, digest: str, store: Store, folder: Path) -> bytes:
        return store.read(digest)


class Directory:
    """A folder of files, given and returned as its path; each file is kept by content, a listing names them."""

    def write(self, value: Any, store: Store, what: str) -> str:
        root = Path(value) if isinstance(value, str | Path) else None
        if root is None or not root.is_dir():
            raise _wrong_type(what, "the path of a folder", value)
        files: dict[str, str] = {}
        for path in sorted(root.rglob("*")):
            name = path.relative_to(root).as_posix()
            if path.is_symlink():
                raise RunError(f"{what} holds the link '{name}'.", hint="Write real files into the folder.")
            if path.is_file():
                files[name] = store.put_file(path)
        text = json.dumps({"files": files}, sort_keys=True, ensure_ascii=False, indent=1)
        return store.put_bytes(text.encode() + b"\n")

    def read(self, digest: str, store: Store, folder: Path) -> Path:
        files = listed(digest, store)
        with clear_errors(folder):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            for name, content in files.items():
                target = folder / name
                if not target.resolve().is_relative_to(folder.resolve()):
                    raise RunError(f"The listing {digest} names '{name}'.", hint="It was damaged; resume the run.")
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(store.read(content))
        return folder


def listed(digest: str, store: Store) -> dict[str, str]:
    """Return the files of a kept folder: relative path to SHA-256."""
    return json.loads(store.read(digest))["files"]


CODECS: Mapping[str, Codec] = MappingProxyType(
    {"json": Json(), "parquet": Parquet(), "npz": Npz(), "bytes": Bytes(), "directory": Directory()}
)


def find_codec(name: str) -> Codec:
    """Return the codec called `name` (a "?" at its end, for inputs that may be left out, is not part of it).

    Raises:
        RunError: No such codec.
    """
    name = name.removesuffix("?")
    if name not in CODECS:
        raise RunError(f"There is no codec '{name}'.", hint=did_you_mean(name, CODECS))
    return CODECS[name]


def complete(digest: str, codec: str, store: Store) -> bool:
    """Whether an artifact, the files of a folder included, is there and unchanged."""
    if not store.has(digest):
        return False
    return codec != "directory" or all(store.has(content) for content in listed(digest, store).values())


def size_bytes(digest: str, codec: str, store: Store) -> int:
    """Return the size of an artifact, of all its files for a folder."""
    if codec != "directory":
        return store.path(digest).stat().st_size
    return sum(store.path(content).stat().st_size for content in listed(digest, store).values())


def _wrong_type(what: str, expected: str, value: object) -> RunError:
    shown = value if isinstance(value, str) else type(value).__name__
    return RunError(f"{what} must be {expected}, it is {shown}.", hint="The tool must return what its `outputs` say.")
