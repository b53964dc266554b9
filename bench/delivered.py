"""What the parts that measure a delivery need of its files, read without importing mlwright."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any


def described(delivery: Path) -> str:
    """Return a sentence on the model of a delivery: figures depend on which one the search has chosen."""
    native = json.loads((delivery / "model" / "native" / "model.json").read_bytes())
    families = ", ".join(member["family"] for member in native["members"])
    size_mb = (delivery / "model" / "model.onnx").stat().st_size / 1e6
    return f"The delivered model: {families}; {len(input_names(delivery))} inputs, {size_mb:.2g} MB of ONNX."


def input_names(delivery: Path) -> list[str]:
    """Return the columns that the model takes."""
    signature = json.loads((delivery / "model" / "signature.json").read_bytes())
    return [column["name"] for column in signature["inputs"]]


def write_rows(delivery: Path, path: Path, count: int) -> int:
    """Write `count` test rows as CSV, over and over, without the target; returns the size of the file in bytes."""
    names = input_names(delivery)
    lines = [",".join(csv_cell(row.get(name)) for name in names) + "\n" for row in _test_rows(delivery)]
    block = "".join(lines)
    with path.open("w", encoding="utf-8") as file:
        file.write(",".join(map(csv_cell, names)) + "\n")
        for _ in range(count // len(lines)):
            file.write(block)
        file.writelines(lines[: count % len(lines)])
    return path.stat().st_size


def csv_cell(value: Any) -> str:
    """Return a cell as CSV: missing is empty, quotes only where they are needed."""
    if value is None:
        return ""
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return '"' + text.replace('"', '""') + '"' if any(sign in text for sign in ',"\n\r') else text


def _test_rows(delivery: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(delivery / "evaluation" / "test_rows.jsonl.gz", "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)
