"""The delivered ONNX graph against the native model: the same predictions, and how long one row takes."""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

from bench.delivered import described
from bench.figures import Part, Reference, Row, Target, median
from bench.workspace import Limits, Workspace

GRAPH_CALLS, NATIVE_CALLS, ROUNDS = 500, 30, 3


def onnx_model(space: Workspace) -> Part:
    """Measure both in one process, in turn."""
    delivery = space.delivery()
    found = space.python("-m", "bench.onnx_model", delivery, limits=Limits(300)).json()
    native = "native model's `predict`"
    rows = (
        Row("largest difference of a probability", found["max_abs_difference"], "", None, Target(found["gate"])),
        Row("labels that differ", found["label_flips"], "rows", Reference("test rows", found["rows"]), Target(0)),
        Row("one row, median", found["graph_ms"], "ms", Reference(native, found["native_ms"])),
        Row("all test rows", found["graph_all_ms"], "ms", Reference(native, found["native_all_ms"])),
        Row("size of model.onnx", (delivery / "model" / "model.onnx").stat().st_size / 1e6, "MB", None, Target(50)),
        Row("loading", found["graph_load_s"], "s", Reference("loading the native model", found["native_load_s"])),
    )
    return Part(
        rows,
        (
            described(delivery),
            "`Runtime.predict` (onnxruntime, one thread) against `TabularModel.predict`, from raw columns on.",
            f"One row: medians of {ROUNDS} x {GRAPH_CALLS} and {ROUNDS} x {NATIVE_CALLS} calls, one process, in turn.",
        ),
    )


def compare(delivery: Path) -> dict[str, float]:
    """Measure parity and latency of a delivery's two models."""
    from mlwright.data.columns import take
    from mlwright.delivery.rederive import derive
    from mlwright.export.onnx.parity import parity
    from mlwright.models.tabular.ensemble import TabularModel
    from mlwright.serving.runtime import Runtime

    begun = time.perf_counter()
    runtime = Runtime.open(delivery / "model")
    graph_load = time.perf_counter() - begun
    begun = time.perf_counter()
    model = TabularModel.load(delivery / "model" / "native")
    native_load = time.perf_counter() - begun
    columns = derive(delivery, runtime).columns
    agreed = parity(model, (delivery / "model" / "model.onnx").read_bytes(), columns)
    one = take(columns, slice(0, 1))
    graph, native = [], []
    for _ in range(ROUNDS):
        graph += _times(lambda: runtime.predict(one), GRAPH_CALLS)
        native += _times(lambda: model.predict(one), NATIVE_CALLS)
    return {
        "rows": agreed.rows,
        "max_abs_difference": agreed.max_abs_difference,
        "label_flips": agreed.label_flips,
        "gate": agreed.gate,
        "graph_ms": median(graph),
        "native_ms": median(native),
        "graph_all_ms": median(_times(lambda: runtime.predict(columns), 10)),
        "native_all_ms": median(_times(lambda: model.predict(columns), 5)),
        "graph_load_s": graph_load,
        "native_load_s": native_load,
    }


def _times(call: Callable[[], object], count: int) -> list[float]:
    """Return the milliseconds of each of `count` calls, after one that is not counted."""
    call()
    found: list[float] = []
    for _ in range(count):
        begun = time.perf_counter()
        call()
        found.append((time.perf_counter() - begun) * 1000)
    return found


if __name__ == "__main__":
    print(json.dumps(compare(Path(sys.argv[1]))))
