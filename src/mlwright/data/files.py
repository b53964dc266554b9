"""Open files: compressed ones by their first bytes, whatever their name says. Standard library only."""

import bz2
import gzip
import io
import lzma
import zipfile
import zlib
from collections.abc import Generator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import IO

from mlwright.base.errors import DataError, MissingExtra

_COMPRESSIONS = {
    b"\x1f\x8b": "gzip",
    b"BZh": "bz2",
    b"\xfd7zXZ\x00": "xz",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"PK\x03\x04": "zip",
}
_FORMATS = {b"PAR1": "parquet", b"ARROW1": "arrow", b"SQLite format 3\x00": "sqlite", b"\xd0\xcf\x11\xe0": "excel"}
_NOT_TABLES = {
    b"%PDF": "a PDF",
    b"\x89PNG": "a picture (PNG)",
    b"\xff\xd8\xff": "a picture (JPEG)",
    b"GIF8": "a picture (GIF)",
    b"\x7fELF": "a program",
    b"Rar!": "a RAR archive",
    b"7z\xbc\xaf": "a 7z archive",
    b"\x89HDF": "an HDF5 file",
    b"\x80\x04\x95": "a Python pickle",
    b"\x93NUMPY": "a numpy array",
}
_SUFFIXES_OF = {
    "csv": (".csv", ".tsv", ".tab", ".txt"),
    "json": (".json",),
    "jsonl": (".jsonl", ".ndjson"),
    "parquet": (".parquet", ".pq"),
    "arrow": (".arrow", ".feather", ".ipc"),
    "excel": (".xlsx", ".xls", ".xlsb", ".xlsm", ".ods"),
    "sqlite": (".db", ".sqlite", ".sqlite3"),
    "svmlight": (".svm", ".libsvm", ".svmlight"),
}
_SUFFIXES = {suffix: name for name, suffixes in _SUFFIXES_OF.items() for suffix in suffixes}
_PACKED_SUFFIXES = {".gz", ".bz2", ".xz", ".zst", ".zip"}


def format_of(path: Path) -> str:
    """Return the registered reader that fits a file, by its first bytes and then by its name.

    Raises:
        DataError: It is absent, a folder, empty, or no table.
    """
    head = first_bytes(path)
    for magic, name in _FORMATS.items():
        if head.startswith(magic):
            return name
    for magic, name in _NOT_TABLES.items():
        if head.startswith(magic):
            raise DataError(f"'{path}' is {name}; a table was expected.", hint=_FORMATS_HINT)
    if head.startswith(b"PK\x03\x04") and _is_workbook(path):
        return "excel"
    suffixes = [suffix.lower() for suffix in path.suffixes]
    while suffixes and suffixes[-1] in _PACKED_SUFFIXES:
        suffixes.pop()
    named = _SUFFIXES.get(suffixes[-1] if suffixes else "", "csv")
    if named in _FORMATS.values():
        raise DataError(
            f"'{path}' is named as {named} but does not begin as such a file does.",
            hint="it may be cut off or of another format: write it again, or rename it to what it is.",
        )
    return named


_FORMATS_HINT = "give CSV, TSV, JSON, JSON Lines, Parquet, Arrow, Excel or SQLite."


def first_bytes(path: Path, size: int = 64) -> bytes:
    """Return the first bytes as they lie on the disk.

    Raises:
        DataError: The file is absent, a folder, unreadable or empty.
    """
    if not path.exists():
        raise DataError(f"There is no file '{path}'.", hint=_near(path))
    if path.is_dir():
        raise DataError(f"'{path}' is a folder; a file was expected.", hint=f"name the files: '{path}/*.csv'.")
    with reading(path), path.open("rb") as stream:
        head = stream.read(size)
    if not head:
        raise DataError(f"'{path}' is empty (0 bytes).", hint="export it again, or name another file.")
    return head


def compression_of(head: bytes) -> str:
    """Return how a file that begins so is compressed; "" for not at all."""
    return next((name for magic, name in _COMPRESSIONS.items() if head.startswith(magic)), "")


@contextmanager
def open_bytes(path: Path) -> Generator[IO[bytes]]:
    """Yield the decompressed bytes of a file as a stream.

    Raises:
        DataError: The file is cut off or broken; a zip holds other than one file.
        MissingExtra: Zstandard without pyarrow.
    """
    kind = compression_of(first_bytes(path))
    with reading(path):
        if kind == "zip":
            with zipfile.ZipFile(path) as archive, archive.open(_only_member(archive, path)) as member:
                yield member
        elif kind == "zstd":
            with _open_zstd(path) as stream:
                yield stream
        else:
            opener = {"gzip": gzip.open, "bz2": bz2.open, "xz": lzma.open}.get(kind)
            with opener(path, "rb") if opener else path.open("rb") as stream:
                yield stream  # type: ignore[misc]


@contextmanager
def reading(path: Path) -> Generator[None]:
    """Turn the errors of opening and decompressing into ours."""
    try:
        yield
    except EOFError as exc:
        raise DataError(f"'{path}' ends too early: it is cut off.", hint="copy or download it again.") from exc
    except (gzip.BadGzipFile, zlib.error, lzma.LZMAError, zipfile.BadZipFile) as exc:
        raise DataError(f"'{path}' is broken: {exc}.", hint="copy or download it again.") from exc
    except PermissionError as exc:
        raise DataError(f"'{path}' may not be read by this user.", hint=f"allow it: chmod u+r '{path}'.") from exc
    except OSError as exc:
        raise DataError(f"'{path}' cannot be read: {exc}.", hint="copy it to a local disk, or mend it.") from exc


def _open_zstd(path: Path) -> IO[bytes]:
    if find_spec("pyarrow") is None:
        raise MissingExtra(
            f"'{path}' is compressed with Zstandard, which needs pyarrow.", hint="pip install 'mlwright[train]'"
        )
    import pyarrow as pa

    return io.BufferedReader(pa.input_stream(str(path), compression="zstd"))  # type: ignore[arg-type]


def _only_member(archive: zipfile.ZipFile, path: Path) -> str:
    names = [name for name in archive.namelist() if not name.endswith("/") and not name.startswith("__MACOSX")]
    if len(names) != 1:
        raise DataError(
            f"'{path}' holds {len(names)} files ({', '.join(names[:5])}); one was expected.",
            hint="unpack it and name the files that are meant.",
        )
    return names[0]


def _is_workbook(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except zipfile.BadZipFile as exc:
        raise DataError(f"'{path}' is broken: {exc}.", hint="copy or download it again.") from exc
    return any(name.startswith("xl/") or name == "content.xml" for name in names)


def _near(path: Path) -> str:
    from mlwright.base.suggest import did_you_mean

    names = sorted(p.name for p in path.parent.iterdir() if p.is_file()) if path.parent.is_dir() else []
    if not path.parent.is_dir():
        return f"the folder '{path.parent}' does not exist; give a path relative to the brief."
    return did_you_mean(path.name, names) if names else f"the folder '{path.parent}' has no files."
