"""Partial results of a step (finished trials): whole or not there, whatever happens; offered again on resuming."""

import hashlib
import json
import shutil
from pathlib import Path

from mlwright.run.files import clear_errors, copy_whole, make_folder, sync_folder, write_whole
from mlwright.run.store import file_sha256

_LISTING = "listing.json"


class Partial:
    """The partial results of one step digest, in one folder each: `<root>/<hash of key>/{listing.json, files/}`."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def keys(self) -> tuple[str, ...]:
        """Return the keys of whole results, sorted."""
        if not self.root.is_dir():
            return ()
        listings = [path / _LISTING for path in self.root.iterdir() if not path.name.startswith(".")]
        keys = [json.loads(listing.read_text())["key"] for listing in listings if listing.is_file()]
        return tuple(sorted(key for key in keys if self.saved(key) is not None))

    def saved(self, key: str) -> Path | None:
        """Return the folder kept as `key`, or None when there is none or it was damaged."""
        folder = self._folder(key)
        listing = folder / _LISTING
        if not listing.is_file():
            return None
        expected: dict[str, str] = json.loads(listing.read_text())["files"]
        files = folder / "files"
        found = {name: file_sha256(files / name) for name in expected if (files / name).is_file()}
        return files if found == expected else None

    def save(self, key: str, directory: Path) -> None:
        """Keep a copy of `directory`; replaces an earlier one.

        Raises:
            RunError: The disk is full, the folder is read-only ...
        """
        final = self._folder(key)
        temporary = final.with_name(f".{final.name}.tmp")
        with clear_errors(temporary):
            shutil.rmtree(temporary, ignore_errors=True)
            make_folder(temporary / "files")
            files: dict[str, str] = {}
            for path in sorted(directory.rglob("*")):
                if path.is_file():
                    name = path.relative_to(directory).as_posix()
                    target = temporary / "files" / name
                    make_folder(target.parent)
                    copy_whole(path, target)
                    files[name] = file_sha256(target)
            write_whole(temporary / _LISTING, json.dumps({"key": key, "files": files}, sort_keys=True).encode())
            if final.exists():
                shutil.rmtree(final)
            temporary.rename(final)  # a folder appears whole or not at all
            sync_folder(self.root)

    def clear(self) -> None:
        """Forget them: the step is done."""
        shutil.rmtree(self.root, ignore_errors=True)

    def _folder(self, key: str) -> Path:
        return self.root / hashlib.sha256(key.encode()).hexdigest()[:32]
