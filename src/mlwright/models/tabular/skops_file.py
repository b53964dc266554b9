"""scikit-learn models in skops files: no pickle, types allowed by us, equal bytes for equal models."""

import io
import json
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

_SCHEMA = "schema.json"
_MOMENT = (1980, 1, 1, 0, 0, 0)  # the first that a zip file can state


def save_skops(model: Any, path: Path) -> None:
    """Write a fitted scikit-learn model."""
    import skops.io

    path.write_bytes(_reproducible(skops.io.dumps(model)))


def load_skops(path: Path, trusted: Sequence[str]) -> Any:
    """Read a model; types other than skops's own safe ones must be in `trusted`.

    The list is the caller's. It must never come from the file, which could then ask for anything (mlflow#25686).
    """
    import skops.io

    return skops.io.load(path, trusted=list(trusted))


def _reproducible(content: bytes) -> bytes:
    """Replace memory addresses, which skops uses as names, by running numbers, and the time by a constant."""
    numbers: dict[str, int] = {}
    with zipfile.ZipFile(io.BytesIO(content)) as source:
        schema = _renumbered(json.loads(source.read(_SCHEMA)), numbers)
        parts = {_renamed(name, numbers): source.read(name) for name in source.namelist() if name != _SCHEMA}
    parts[_SCHEMA] = json.dumps(schema).encode()
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as packed:
        for name in sorted(parts):
            packed.writestr(zipfile.ZipInfo(name, _MOMENT), parts[name], zipfile.ZIP_DEFLATED)
    return target.getvalue()


def _renumbered(node: Any, numbers: dict[str, int]) -> Any:
    if isinstance(node, list):
        return [_renumbered(item, numbers) for item in node]
    if not isinstance(node, dict):
        return node
    result: dict[str, Any] = {}
    for key, value in node.items():
        if key == "__id__":
            result[key] = numbers.setdefault(str(value), len(numbers))
        elif key == "file" and isinstance(value, str):
            result[key] = _renamed(value, numbers)
        else:
            result[key] = _renumbered(value, numbers)
    return result


def _renamed(name: str, numbers: dict[str, int]) -> str:
    stem, dot, suffix = name.partition(".")
    return f"{numbers.setdefault(stem, len(numbers))}{dot}{suffix}"
