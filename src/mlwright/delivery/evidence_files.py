"""The evidence of the test score: the test rows as callers would send them, and what the trained model said of them.

`evaluation/test_rows.jsonl.gz`: one JSON object a row, the inputs and the target as raw cells.
`evaluation/test_predictions.npz`: `probabilities` float64 (n, classes) and `labels` str (n,), or `values` float64 (n,),
of the trained model itself, not of the ONNX graph.
"""

import gzip
import io
import json
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mlwright.base.errors import VerifyError
from mlwright.data.columns import Array
from mlwright.models.signature import Signature
from mlwright.serving.example import Example
from mlwright.serving.runtime import Prediction

ROWS = "evaluation/test_rows.jsonl.gz"
PREDICTIONS = "evaluation/test_predictions.npz"
MAX_ROWS_BYTES = 4_000_000_000  # unpacked; a small file may hold an endless one


@dataclass(frozen=True, slots=True)
class TestRows:
    """The test set: cells by column, the inputs and the target."""

    __test__ = False  # pytest would take the name for a test

    cells: Mapping[str, list[object]]
    rows: int


def write_test_rows(root: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    """Write the test rows; the same rows give the same bytes."""
    with gzip.GzipFile(root / ROWS, "wb", mtime=0) as packed:
        for row in rows:
            packed.write(json.dumps(row, ensure_ascii=False, allow_nan=False).encode() + b"\n")


def write_test_predictions(root: Path, prediction: Prediction) -> None:
    """Write the trained model's predictions of the test rows; the same predictions give the same bytes."""
    arrays = {"values": prediction.values, "probabilities": prediction.probabilities}
    kept: dict[str, Array] = {
        name: np.asarray(array, dtype=np.float64) for name, array in arrays.items() if array is not None
    }
    if prediction.labels is not None:
        kept["labels"] = np.asarray(prediction.labels, dtype=np.str_)
    with zipfile.ZipFile(root / PREDICTIONS, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, array in sorted(kept.items()):
            content = io.BytesIO()
            np.lib.format.write_array(content, array, allow_pickle=False)
            packed.writestr(zipfile.ZipInfo(f"{name}.npy", (1980, 1, 1, 0, 0, 0)), content.getvalue())


def read_test_rows(root: Path, signature: Signature) -> TestRows:
    """Read the test rows.

    Raises:
        VerifyError: A row is no object or lacks a column.
    """
    names = [column.name for column in signature.inputs] + [signature.target]
    names += [signature.group] if signature.group is not None else []
    cells: dict[str, list[object]] = {name: [] for name in names}
    count = size = 0
    try:
        with gzip.open(root / ROWS, "rb") as lines:
            for line in lines:
                size += len(line)
                if size > MAX_ROWS_BYTES:
                    raise VerifyError(f"{ROWS} unpacks to too much.", hint="it was not written by mlwright.")
                row = json.loads(line)
                for name in names:
                    cells[name].append(row[name])
                count += 1
    except (OSError, EOFError, ValueError, KeyError, TypeError) as error:
        raise VerifyError(
            f"{ROWS} cannot be read at row {count + 1}: {error}.", hint="copy the delivery again."
        ) from error
    return TestRows(cells, count)


def read_test_predictions(root: Path, signature: Signature) -> Prediction:
    """Read the trained model's predictions.

    Raises:
        VerifyError: They are absent or of another kind than the signature's task.
    """
    try:
        with np.load(root / PREDICTIONS, allow_pickle=False) as stored:
            found: dict[str, Array] = {name: stored[name] for name in stored.files}
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise VerifyError(f"{PREDICTIONS} cannot be read: {error}.", hint="copy the delivery again.") from error
    wanted = ("probabilities", "labels") if signature.task.is_classification else ("values",)
    if absent := [name for name in wanted if name not in found]:
        raise VerifyError(
            f"{PREDICTIONS} has {sorted(found)}, but not '{absent[0]}'.", hint="write it with write_test_predictions."
        )
    if not signature.task.is_classification:
        return Prediction(values=found["values"].reshape(-1))
    return Prediction(labels=found["labels"].astype(object), probabilities=found["probabilities"])


def example_of(root: Path, signature: Signature) -> Example:
    """Return the first test row without missing cells (or the first of all) and the trained model's answer to it."""
    test, stored = read_test_rows(root, signature), read_test_predictions(root, signature)
    names = [column.name for column in signature.inputs]
    if not test.rows or stored.rows != test.rows:
        raise VerifyError(
            f"{ROWS} has {test.rows} rows and {PREDICTIONS} has {stored.rows}.", hint="write both from the same rows."
        )
    whole = (at for at in range(test.rows) if all(test.cells[name][at] is not None for name in names))
    at = next(whole, 0)
    row = {name: test.cells[name][at] for name in names}
    if stored.values is not None:
        return Example(row=row, value=float(stored.values[at]))
    if stored.labels is None or stored.probabilities is None:
        raise TypeError("a classification has labels and probabilities")
    return Example(row=row, label=str(stored.labels[at]), probabilities=tuple(stored.probabilities[at].tolist()))
