"""`mlwright predict` on files of growing length under a limit of memory, against onnxruntime alone."""

import json
import sys
import time
from pathlib import Path

from bench.delivered import described, write_rows
from bench.figures import Part, Reference, Row, Target, median, per_second
from bench.workspace import Cost, Limits, Workspace, mlwright

SHORT, LONG, REFERENCE_ROWS = 100_000, 1_000_000, 100_000
BATCH_ROWS = 2_000
LIMIT_BYTES = 150_000_000
TIMEOUT_SECONDS = 600.0
GROWTH = 1.1  # of the peak from the short to the long file; above it memory is not bounded
_NAMED = "onnxruntime alone, one thread"


def predict_file(space: Workspace) -> Part:
    """Score both files with the command line, and the same matrix with onnxruntime."""
    delivery = space.delivery()
    alone = space.python("-m", "bench.predict_file", delivery, limits=Limits(TIMEOUT_SECONDS)).json()
    rows: list[Row] = []
    peaks: list[float] = []
    for count in (SHORT, LONG):
        cost, size_mb = _scored(space, delivery, count)
        rate, cpu_us = per_second(count, cost.seconds), cost.cpu_seconds / count * 1e6
        rows.append(Row(f"{count:,} rows", rate, "rows/s", Reference(_NAMED, alone["rows_per_second"])))
        rows.append(Row(f"{count:,} rows, processor time", cpu_us, "µs/row", Reference(_NAMED, alone["cpu_us"])))
        rows.append(Row(f"{count:,} rows, peak memory", cost.peak_mb, "MB", Reference("size of the file", size_mb)))
        peaks.append(cost.peak_mb)
    rows.append(Row("growth of the peak, ten times the rows", peaks[1] / peaks[0], "times", None, Target(GROWTH)))
    return Part(
        tuple(rows),
        (
            described(delivery),
            "CSV files of its test rows over and over, each scored by one whole `mlwright predict`, start included.",
            f"It may take {LIMIT_BYTES / 1e6:,.0f} MB of private memory (RLIMIT_DATA); --batch-rows is {BATCH_ROWS:,}.",
            "Reading, checking each cell and writing are included; a ratio of rates below 1 is slower.",
            f"The reference runs the delivered graph on {REFERENCE_ROWS:,} such rows, already in arrays, in batches.",
        ),
    )


def _scored(space: Workspace, delivery: Path, count: int) -> tuple[Cost, float]:
    """Return what scoring so many rows took, and the megabytes of their file."""
    source, out = space.folder / f"rows_{count}.csv", space.folder / f"scored_{count}.csv"
    size_mb = write_rows(delivery, source, count) / 1e6
    command = [mlwright(), "predict", delivery, source, "-o", out, "--batch-rows", str(BATCH_ROWS)]
    cost = space.measure(command, Limits(TIMEOUT_SECONDS, LIMIT_BYTES))
    source.unlink()
    out.unlink()
    return cost, size_mb


def onnxruntime_alone(delivery: Path) -> dict[str, float]:
    """Return rows per second and processor time per row of the delivered graph on arrays; medians of three passes."""
    import numpy as np
    import onnxruntime as ort

    from mlwright.delivery.rederive import derive
    from mlwright.serving.runtime import Runtime

    runtime = Runtime.open(delivery / "model")
    columns = derive(delivery, runtime).columns
    names = [column.name for column in runtime.signature.inputs]
    feed = {runtime.signature.graph_input(name): np.resize(columns[name], BATCH_ROWS).reshape(-1, 1) for name in names}
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = ort.InferenceSession(delivery / "model" / "model.onnx", options, providers=["CPUExecutionProvider"])
    outputs = [output.name for output in session.get_outputs()]
    walls: list[float] = []
    cpus: list[float] = []
    for _ in range(3):
        begun, cpu_begun = time.perf_counter(), time.process_time()
        for _ in range(REFERENCE_ROWS // BATCH_ROWS):
            session.run(outputs, feed)
        walls.append(time.perf_counter() - begun)
        cpus.append(time.process_time() - cpu_begun)
    return {"rows_per_second": per_second(REFERENCE_ROWS, median(walls)), "cpu_us": median(cpus) / REFERENCE_ROWS * 1e6}


if __name__ == "__main__":
    print(json.dumps(onnxruntime_alone(Path(sys.argv[1]))))
