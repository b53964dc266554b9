"""The test score once more: predict the delivered test rows, compare with what was stored and with what was stated."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mlwright.base.errors import DataError, VerifyError
from mlwright.data.cells import category_text, parse_cells
from mlwright.data.columns import Array, Columns
from mlwright.data.schema import Column, SemanticType
from mlwright.data.task import Task
from mlwright.delivery.evidence_files import ROWS, TestRows, read_test_rows
from mlwright.delivery.relist import relisted
from mlwright.evaluation.alarms import order_preserving
from mlwright.evaluation.coverage import coverage
from mlwright.evaluation.metrics import metric
from mlwright.models.signature import Signature
from mlwright.serving.rows import RowDecoder
from mlwright.serving.runtime import Prediction, Runtime

PARITY = 1e-4  # the gate of the ONNX export
EXACT = 1e-9


@dataclass(frozen=True, slots=True)
class Rederived:
    """The test set in the normal form, its target (codes or values), and what the ONNX model says of it.

    `queries` has the query of each row where rows are ranked.
    """

    columns: Columns
    target: Array
    prediction: Prediction
    signature: Signature
    queries: Array | None = None


def derive(root: Path, runtime: Runtime) -> Rederived:
    """Predict the delivered test rows with the delivered ONNX model.

    Raises:
        VerifyError: The rows are not what the signature takes.
    """
    test = read_test_rows(root, runtime.signature)
    columns, notes = RowDecoder(runtime.signature).read(test.cells)
    if notes.faults:
        raise VerifyError(f"{ROWS}: {notes.faults[0].message}", hint="deliver again.")
    signature = runtime.signature
    queries = None if signature.group is None else np.array([str(cell) for cell in test.cells[signature.group]])
    return Rederived(columns, _target(test, signature), runtime.predict(columns), signature, queries)


def _target(test: TestRows, signature: Signature) -> Array:
    cells = test.cells[signature.target]
    if signature.task is Task.CLUSTERING:
        # Compared by agreement alone: whose group a row is in, not what the group is called.
        return np.unique(np.array([str(cell) for cell in cells]), return_inverse=True)[1].astype(np.int64)
    if not signature.task.is_classification:
        return parse_cells(Column(name=signature.target, type=SemanticType.NUMBER), cells, error=DataError)
    codes = {name: code for code, name in enumerate(signature.classes)}
    texts = [category_text(cell) for cell in cells]
    if strange := [text for text in texts if text not in codes]:
        raise VerifyError(
            f"{ROWS} has the class '{strange[0][:60]}', which the signature does not know.", hint="deliver again."
        )
    return np.array([codes[text] for text in texts], dtype=np.int64)


def compare(ours: Prediction, theirs: Prediction, us: str, them: str) -> str:
    """Return how near two predictions of the same rows are.

    Raises:
        VerifyError: They differ beyond the gate of the ONNX export.
    """
    if ours.rows != theirs.rows:
        raise VerifyError(f"{us} predicts {ours.rows} rows; {them} are {theirs.rows}.", hint="deliver again.")
    gap, flips = _gap(ours, theirs)
    if not gap <= PARITY or flips:
        raise VerifyError(
            f"{us} and {them} differ by up to {gap:.3g} and in {flips} labels of {ours.rows} rows (gate {PARITY:g}).",
            hint="use the onnxruntime version of service/requirements.txt, or deliver again.",
        )
    return f"{ours.rows} rows, largest difference {gap:.2g}, no label differs"


def _gap(ours: Prediction, theirs: Prediction) -> tuple[float, int]:
    if ours.values is not None and theirs.values is not None:
        # Relative for large values: a float32 has seven digits.
        gaps = np.abs(ours.values - theirs.values) / np.maximum(1.0, np.abs(theirs.values))
        return float(gaps.max(initial=0.0)), 0
    if ours.probabilities is None or theirs.probabilities is None or ours.labels is None or theirs.labels is None:
        raise VerifyError("The predictions are of different kinds.", hint="deliver again.")
    if ours.probabilities.shape != theirs.probabilities.shape:
        raise VerifyError("The predictions have different classes.", hint="deliver again.")
    gaps = np.abs(ours.probabilities - theirs.probabilities)
    return float(gaps.max(initial=0.0)), int(np.sum(ours.labels.astype(str) != theirs.labels.astype(str)))


def stated_scores(root: Path, derived: Rederived, stored: Prediction) -> str:
    """Compute every test score of scores.json again, from the stored predictions and from the ONNX model.

    Raises:
        VerifyError: One is not what was stated.
    """
    stated: dict[str, Any] = json.loads((root / "evaluation" / "scores.json").read_bytes())["test"]
    rederivable = {name: entry for name, entry in stated.items() if entry.get("rederived", True)}
    if derived.signature.task is Task.RECOMMENDATION:
        return _stated_lists(root, {name: float(entry["value"]) for name, entry in rederivable.items()}, derived)
    for name, entry in rederivable.items():
        value = float(entry["value"])
        exact = _score(name, derived, stored)
        if not abs(exact - value) <= EXACT * max(1.0, abs(value)):
            raise _other(name, value, exact, "the stored predictions")
        served = _score(name, derived, derived.prediction)
        if not abs(served - value) <= _tolerance(len(derived.target)) * max(1.0, abs(value)):
            raise _other(name, value, served, "the ONNX model")
    _stated_coverage(root, derived, stored)
    shown = ", ".join(f"{name} {float(entry['value']):.6g}" for name, entry in sorted(rederivable.items()))
    return f"computed again on {len(derived.target)} rows: {shown}"


def _stated_lists(root: Path, stated: dict[str, float], derived: Rederived) -> str:
    """Check the measures of a recommender: the lists are made again, for every user of the sealed rows."""
    found = relisted(root, list(stated))
    for name, value in stated.items():
        if not abs(found[name] - value) <= EXACT * max(1.0, abs(value)):
            raise _other(name, value, found[name], "the lists of the delivered recommender")
    shown = ", ".join(f"{name} {value:.6g}" for name, value in sorted(stated.items()))
    return f"lists made again against {len(derived.target)} rows: {shown}"


def _stated_coverage(root: Path, derived: Rederived, stored: Prediction) -> None:
    """Check the coverage of the bands, from the stored predictions exactly, from the ONNX model within rounding."""
    stated = json.loads((root / "evaluation" / "scores.json").read_bytes()).get("interval")
    interval = derived.signature.interval
    if (stated is None) != (interval is None):
        raise VerifyError("scores.json and the signature differ on whether values have a band.", hint="deliver again.")
    if stated is None or interval is None or stored.values is None or derived.prediction.values is None:
        return
    y, served, names = derived.target, derived.prediction.values, ("coverage", "mean_width", "score")
    exact = coverage(y, stored.values, interval.band(stored.values), interval.level).model_dump()
    ours = coverage(y, served, interval.band(served), interval.level).model_dump()
    for name in names:
        if not abs(exact[name] - stated[name]) <= EXACT * max(1.0, abs(stated[name])):
            raise _other(f"interval {name}", stated[name], exact[name], "the stored predictions")
        if not abs(ours[name] - stated[name]) <= (1e-3 + 2 / len(y)) * max(1.0, abs(stated[name])):
            raise _other(f"interval {name}", stated[name], ours[name], "the ONNX model")


def _score(name: str, derived: Rederived, prediction: Prediction) -> float:
    wanted = metric(name)
    if prediction.values is not None and derived.signature.task is Task.ANOMALY:
        alarms = (prediction.values >= (derived.signature.threshold or 0.0)).astype(np.int64)
        given = np.eye(2)[alarms] if wanted.needs == "labels" else order_preserving(prediction.values)
        return wanted.compute(derived.target.astype(np.int64), given)
    if prediction.values is not None:
        scale = derived.columns.get("scale")  # of forecasts: what MASE divides by
        return wanted.compute(derived.target, prediction.values, group=derived.queries, scale=scale)
    if wanted.needs == "labels" and prediction.labels is not None:
        codes = {label: code for code, label in enumerate(derived.signature.classes)}
        return wanted.compute(derived.target, np.array([codes[str(label)] for label in prediction.labels]))
    if prediction.probabilities is None:
        raise TypeError("a classification has probabilities")
    return wanted.compute(derived.target, prediction.probabilities)


def _tolerance(rows: int) -> float:
    """A float32 may swap a few nearly equal rows, and a ranking of few rows feels each swap: 4 / n squared a pair."""
    return max(1e-4, 8 / max(rows, 1) ** 2)


def _other(name: str, stated: float, found: float, source: str) -> VerifyError:
    return VerifyError(
        f"scores.json says {name} = {stated:.9g} on the test rows; {source} give {found:.9g}.", hint="deliver again."
    )


def rescored(root: Path, runtime: Runtime) -> dict[str, tuple[float, float]]:
    """Return each test score that predictions alone give again: as scores.json states it, and by the ONNX model."""
    derived = derive(root, runtime)
    stated: dict[str, Any] = json.loads((root / "evaluation" / "scores.json").read_bytes())["test"]
    return {
        name: (float(entry["value"]), _score(name, derived, derived.prediction))
        for name, entry in sorted(stated.items())
        if entry.get("rederived", True)
    }
