"""`mlwright predict` on files of growing length under a limit of memory, against onnxruntime alone."""

import gzip
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.figures import Part, Reference, Row, Target, median, per_second
from bench.workspace import Limits, Workspace, mlwright

SHORT, LONG, REFERENCE_ROWS = 100_000, 1_000_000, 100_000
LIMIT_BYTES = 150_000_000
TIMEOUT_SECONDS = 500.0
GROWTH = 1.1  # of the peak from the short to the long file; above it memory is not bounded
_BATCH_ROWS = 10_000


def predict_file(space: Workspace) -> Part:
    """Score both files with the command line, and the same matrix with onnxruntime."""
    delivery = space.delivery()
    alone = space.python("-m", "bench.predict_file", delivery, limits=Limits(TIMEOUT_SECONDS)).json()
    named = "onnxruntime alone, one thread"
    rates, peaks, sizes = {}, {}, {}
    for count in (SHORT, LONG):
        source, out = space.folder / f"rows_{count}.csv", space.folder / f"scored_{count}.csv"
        sizes[count] = write_rows(delivery, source, count) / 1e6
        command = [mlwright(), "predict", delivery, source, "-o", out]
        cost = space.measure(command, Limits(TIMEOUT_SECONDS, LIMIT_BYTES))
        rates[count], peaks[count] = per_second(count, cost.seconds), cost.peak_mb
        source.unlink()
        out.unlink()
    rows = (
        *(Row(f"{n:,} rows", rate, "rows/s", Reference(named, alone["rows_per_second"])) for n, rate in rates.items()),
        *(Row(f"{n:,} rows, peak memory", peaks[n], "MB", Reference("size of the file", sizes[n])) for n in peaks),
        Row(
            "growth of the peak, ten times the rows",
            peaks[LONG] / peaks[SHORT],
            "times",
            None,
            Target(GROWTH),
        ),
    )
    return Part(
        rows,
        (
            "CSV files of the delivery's test rows over and over, each scored by one whole `mlwright predict`.",
            f"It is allowed {LIMIT_BYTES / 1e6:,.0f} MB of private memory (RLIMIT_DATA).",
            "Reading, checking each cell and writing are included; a ratio below 1 is slower than the reference.",
            f"The reference runs the delivered graph on {REFERENCE_ROWS:,} such rows, already in arrays, in batches.",
        ),
    )


def write_rows(delivery: Path, path: Path, count: int) -> int:
    """Write `count` test rows of a delivery, over and over, without the target; returns the size of the file."""
    inputs = [column["name"] for column in _signature(delivery)["inputs"]]
    lines = [",".join(csv_cell(row.get(name)) for name in inputs) + "\n" for row in _test_rows(delivery)]
    block = "".join(lines)
    with path.open("w", encoding="utf-8") as file:
        file.write(",".join(csv_cell(name) for name in inputs) + "\n")
        for _ in range(count // len(lines)):
            file.write(block)
        file.writelines(lines[: count % len(lines)])
    return path.stat().st_size


def csv_cell(value: Any) -> str:
    if value is None:
        return ""
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return '"' + text.replace('"', '""') + '"' if any(sign in text for sign in ',"\n\r') else text


def _signature(delivery: Path) -> dict[str, Any]:
    return json.loads((delivery / "model" / "signature.json").read_bytes())


def _test_rows(delivery: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(delivery / "evaluation" / "test_rows.jsonl.gz", "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def onnxruntime_alone(delivery: Path) -> dict[str, float]:
    """Return the rows per second of the delivered graph on arrays."""
    import numpy as np
    import onnxruntime as ort

    from mlwright.delivery.rederive import derive
    from mlwright.serving.runtime import Runtime

    runtime = Runtime.open(delivery / "model")
    columns = derive(delivery, runtime).columns
    names = [column.name for column in runtime.signature.inputs]
    feed = {runtime.signature.graph_input(name): np.resize(columns[name], _BATCH_ROWS).reshape(-1, 1) for name in names}
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = ort.InferenceSession(delivery / "model" / "model.onnx", options, providers=["CPUExecutionProvider"])
    outputs = [output.name for output in session.get_outputs()]
    rates: list[float] = []
    for _ in range(3):
        begun = time.perf_counter()
        for _ in range(REFERENCE_ROWS // _BATCH_ROWS):
            session.run(outputs, feed)
        rates.append(per_second(REFERENCE_ROWS, time.perf_counter() - begun))
    return {"rows_per_second": median(rates)}


if __name__ == "__main__":
    print(json.dumps(onnxruntime_alone(Path(sys.argv[1]))))
