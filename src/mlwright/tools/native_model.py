"""The folder of a native model, with its version, and the words for what it does to raw columns."""

import hashlib
import json
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlwright.models.tabular.ensemble import TabularModel

_ENCODERS = MappingProxyType(
    {
        "Passthrough": "numbers as they are",
        "Scaled": "numbers imputed and standardised",
        "Ordinal": "categories by frequency rank",
        "OneHot": "categories one-hot",
        "TargetMean": "categories by smoothed out-of-fold target mean",
        "DateParts": "dates in parts",
        "TextTopics": "texts as TF-IDF topics",
    }
)


def save_versioned(model: "TabularModel", folder: Path) -> str:
    """Write the model into an existing, empty folder and return its version: a hash of everything it is made of."""
    from mlwright.models.tabular.ensemble import write_json

    model.save(folder)
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes())
    version = digest.hexdigest()[:12]
    content = json.loads((folder / "model.json").read_text(encoding="utf-8"))
    content["signature"]["version"] = version
    write_json(folder / "model.json", content)
    return version


def preparation_words(model: "TabularModel") -> list[str]:
    """Return what is done to the raw columns, a sentence per family."""
    found: list[str] = []
    for member in model.members:
        counts: dict[str, int] = {}
        for encoder in member.preparations[0].encoders:
            name = type(encoder).__name__
            counts[name] = counts.get(name, 0) + 1
        shown = ", ".join(f"{_ENCODERS.get(name, name)} ({count})" for name, count in sorted(counts.items()))
        found.append(f"for {member.family}: {shown}")
    return list(dict.fromkeys(found))
