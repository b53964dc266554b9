"""Compare a file with a delivery's baseline, in batches."""

import time
from pathlib import Path

import numpy as np

from mlwright.base.errors import DataError
from mlwright.data.cells import parse_cells
from mlwright.data.stream import stream_cells
from mlwright.delivery.delivery import Delivery
from mlwright.models.signature import Signature
from mlwright.monitoring.accumulate import Accumulator
from mlwright.monitoring.alerts import judge, load_config
from mlwright.monitoring.baseline import Baseline
from mlwright.monitoring.findings import MonitorReport
from mlwright.serving.rows import RowDecoder
from mlwright.serving.runtime import Prediction

_BATCH_ROWS = 20_000


def watch_file(path: Path, current: Path) -> MonitorReport:
    """Return what has changed in `current` against the training data; with the target among its columns, quality too.

    Raises:
        DataError: The file cannot be read, or has cells that the model cannot take.
        VerifyError: The delivery is not what its manifest says.
    """
    delivery = Delivery.open(path)
    runtime = delivery.model.runtime
    signature = runtime.signature
    config = load_config(path / "monitoring" / "monitor.toml")
    counted = Accumulator(Baseline.load(path / "monitoring" / "baseline.json"), seed=config.seed)
    decoder = RowDecoder(signature)
    first = 1
    for cells in stream_cells(current, _BATCH_ROWS):
        rows = len(next(iter(cells.values())))
        here = [column for column in signature.inputs if column.name in cells]
        if len(here) < len(signature.inputs):
            # Without a column there is no prediction; the monitor raises its alarm over the column itself.
            counted.add({column.name: parse_cells(column, cells[column.name]) for column in here})
            first += rows
            continue
        columns, notes = decoder.read(cells, first)
        if notes.faults:
            raise DataError(f"{current}: {notes.faults[0].message}", hint="mend the file, or leave these rows out.")
        prediction = runtime.predict(columns)
        labels = cells.get(signature.target)
        known = labels is not None and all(label is not None for label in labels)
        counted.add(columns, _scores(prediction), np.array(_texts(labels, signature)) if known and labels else None)
        first += rows
    return judge(counted, config, now=time.time())


def _scores(prediction: Prediction) -> np.ndarray:
    scores = prediction.values if prediction.probabilities is None else prediction.probabilities
    if scores is None:
        raise TypeError("a prediction has values or probabilities")
    return scores


def _texts(labels: list[object], signature: Signature) -> list[object]:
    from mlwright.data.cells import category_text

    if signature.task.is_classification:
        return [category_text(label) for label in labels]  # type: ignore[arg-type]
    return [float(str(label)) for label in labels]
