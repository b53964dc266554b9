"""What runs in a system's own environment: `python child.py JOB.json`. Imports nothing of mlwright.

Reads the rows, gives the training part to the adapter, predicts the test part, and writes `result.json` and
`predictions.npz` into the job's folder. Features of both parts lie in one file, so that both get the same types; the
target of the test part is not here.
"""

import importlib.util
import json
import statistics
import sys
import time
import warnings
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd

_REPEATS = 20
_TIMING_SECONDS = 10.0  # a slow predictor is timed fewer times
_BATCH_ROWS = 1000


def main(path):
    """Fit, predict, and time both."""
    job = SimpleNamespace(**json.loads(Path(path).read_text(encoding="utf-8")))
    folder = Path(job.folder)
    rows = pd.read_csv(folder / "rows.csv", float_precision="round_trip")
    y = pd.read_csv(folder / "target.csv", float_precision="round_trip")[job.target]
    train, test = rows.iloc[: len(y)].reset_index(drop=True), rows.iloc[len(y) :].reset_index(drop=True)
    adapter = _module(Path(job.adapter))
    result = {"version": version(job.package), "stage": "fit"}
    _write(folder, result)
    started = time.perf_counter()
    predict, classes = adapter.fit(train, y, job)
    result |= {"fit_seconds": time.perf_counter() - started, "stage": "predict"}
    _write(folder, result)
    prediction = np.asarray(predict(test), dtype=np.float64)
    labels = [] if classes is None else [str(label) for label in classes]
    np.savez(folder / "predictions.npz", prediction=prediction, classes=np.array(labels, dtype=str))
    batch = test.iloc[np.arange(_BATCH_ROWS) % len(test)].reset_index(drop=True)
    result["predict_1000_seconds"] = _median_seconds(predict, [batch])
    singles = [test.iloc[[index % len(test)]].reset_index(drop=True) for index in range(_REPEATS)]
    result["predict_1_seconds"] = _median_seconds(predict, singles)
    _write(folder, result | {"stage": "done"})


def _median_seconds(predict, frames):
    """Return the median over `_REPEATS` calls, fewer when they take long; a first call warms up."""
    predict(frames[0])
    seconds = []
    began = time.perf_counter()
    for index in range(_REPEATS):
        frame = frames[index % len(frames)]
        started = time.perf_counter()
        predict(frame)
        seconds.append(time.perf_counter() - started)
        if time.perf_counter() - began > _TIMING_SECONDS:
            break
    return statistics.median(seconds)


def _module(path):
    # Its own name is that of the library it adapts, which must stay importable.
    spec = importlib.util.spec_from_file_location(f"adapter_{path.stem}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _write(folder, result):
    (folder / "result.json").write_text(json.dumps(result), encoding="utf-8")


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    # The folder of this file comes first on the path otherwise, and hides nothing of a library.
    sys.path[:] = [entry for entry in sys.path if Path(entry or ".").resolve() != Path(__file__).resolve().parent]
    main(sys.argv[1])
