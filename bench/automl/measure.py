"""One fit in a fresh process of the system's environment, watched from outside, and scored here."""

import json
import math
import os
import re
import resource
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bench.automl.results import Result
from bench.automl.scores import by_code, draws, score
from bench.automl.systems import System
from bench.automl.tables import Table, split
from bench.workspace import ROOT

_CHILD = Path(__file__).with_name("child.py")
_GRACE_SECONDS = 120.0  # and three times its budget, before a system is stopped
_PATIENCE = 3.0
_SAMPLE_SECONDS = 0.1
# A system chooses its threads itself; what holds for the shell this was started from must not hold for it.
_DROPPED = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "LOKY_MAX_CPU_COUNT", "PYTHONPATH")
_SHOWN_CHARACTERS = 300
_FOLDERS = re.compile(r"(?<![\w./:])/(?:[\w.+@-]+/)+")
_Arrays = dict[str, npt.NDArray[np.generic]]


@dataclass(frozen=True, slots=True)
class Order:
    """What to measure.

    Attributes:
        python: The interpreter of the system's environment.
        budget_seconds: For `fit`; None for a system that takes no budget.
        cores: On which it runs, at most.
        limit_seconds: After which it is stopped, reading and predictions included; None: far over the budget.
    """

    system: System
    python: Path
    budget_seconds: float | None
    seed: int
    cores: int = 2
    limit_seconds: float | None = None


def measure(order: Order, table: Table) -> tuple[Result, _Arrays | None]:
    """Return what a system gave on a table, and its predictions beside the truth; None after a failure."""
    train, test = split(table, order.seed)
    blank = Result(
        system=order.system.name, version="", table=table.name, metric=table.metric, rows=len(train),
        columns=table.rows.shape[1], budget_seconds=order.budget_seconds, seed=order.seed, status="start",
        cores=order.cores,
    )  # fmt: skip
    with tempfile.TemporaryDirectory(prefix="mlwright-automl-") as name:
        folder = Path(name)
        table.rows.iloc[np.concatenate([train, test])].to_csv(folder / "rows.csv", index=False)
        table.y.iloc[train].to_frame().to_csv(folder / "target.csv", index=False)
        (folder / "job.json").write_text(json.dumps(_job(order, table, folder)), encoding="utf-8")
        ended = _run(order, folder)
        found = _found(folder)
        result = replace(
            blank,
            status=found.pop("stage", "start"),
            reason=ended.reason(folder),
            peak_mb=ended.peak_mb,
            cpu_seconds=ended.cpu_seconds,
            others_cores=ended.others_cores,
            **found,
        )
        if ended.timed_out:
            return replace(result, status="timeout"), None
        return (result, None) if result.status != "done" else _scored(result, table, test, folder)


def _scored(result: Result, table: Table, test: npt.NDArray[np.int64], folder: Path) -> tuple[Result, _Arrays | None]:
    with np.load(folder / "predictions.npz") as file:
        prediction, labels = file["prediction"], [str(label) for label in file["classes"]]
    truth = table.y.to_numpy()[test]
    try:
        if table.task != "regression":
            classes = sorted({str(value) for value in table.y})
            truth = np.array([classes.index(str(value)) for value in truth], dtype=np.int64)
            prediction = by_code(prediction, labels, classes)
        value = score(table.metric, truth, prediction)
        resampled = draws(table.metric, truth, prediction, f"{table.name} {result.seed}")
    except ValueError as error:
        return replace(result, status="predict", reason=str(error)), None
    kept = tuple(None if math.isnan(one) else one for one in resampled)
    return replace(result, score=value, draws=kept, reason=""), {"truth": truth, "prediction": prediction}


def _job(order: Order, table: Table, folder: Path) -> dict[str, Any]:
    return {
        "adapter": str(order.system.adapter_file),
        "package": order.system.package,
        "options": dict(order.system.options),
        "folder": str(folder),
        "target": str(table.y.name),
        "task": table.task,
        "metric": table.metric,
        "budget_seconds": order.budget_seconds,
        "seed": order.seed,
    }


def _found(folder: Path) -> dict[str, Any]:
    path = folder / "result.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


@dataclass(frozen=True, slots=True)
class _Ended:
    exit_code: int
    timed_out: bool
    peak_mb: float
    cpu_seconds: float
    others_cores: float

    def reason(self, folder: Path) -> str:
        """Return why it failed: what it wrote behind the traceback, without the folders of this machine."""
        if self.timed_out:
            return "stopped: far over its budget"
        lines = (folder / "output.txt").read_text(encoding="utf-8", errors="replace").strip().splitlines()
        indented = [index for index, line in enumerate(lines[:-1]) if line.startswith(" ")]
        said = " ".join(lines[indented[-1] + 1 if indented else -1 :]) or f"ended with status {self.exit_code}"
        return _FOLDERS.sub("", said)[:_SHOWN_CHARACTERS] if self.exit_code else ""


def _run(order: Order, folder: Path) -> _Ended:
    limit = order.limit_seconds or _GRACE_SECONDS + _PATIENCE * (order.budget_seconds or 0.0)
    environment = {name: value for name, value in os.environ.items() if name not in _DROPPED}
    if order.system.requirements is None:
        environment["PYTHONPATH"] = str(ROOT / "src")
    with (folder / "output.txt").open("w", encoding="utf-8") as output, _on_cores(order.cores):
        process = subprocess.Popen(
            [order.python, _CHILD, folder / "job.json"],
            cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True,
        )  # fmt: skip
        watch = _Watch(process.pid)
        watch.start()
        began, busy, own = time.monotonic(), _busy_seconds(), _children_seconds()
        timed_out = False
        try:
            process.wait(limit)
        except subprocess.TimeoutExpired:
            timed_out = True
        finally:
            watch.stop()
            _end_group(process)
    used = _children_seconds() - own
    others = (_busy_seconds() - busy - used) / (time.monotonic() - began)
    return _Ended(process.returncode, timed_out, watch.peak_bytes / 1e6, used, max(0.0, others))


@contextmanager
def _on_cores(count: int) -> Generator[None]:
    """Keep what is started in the block to so many cores, where the system can; a process that runs already stays."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    own = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(own)[:count])
    try:
        yield
    finally:
        os.sched_setaffinity(0, own)


def _children_seconds() -> float:
    found = resource.getrusage(resource.RUSAGE_CHILDREN)
    return found.ru_utime + found.ru_stime


def _busy_seconds() -> float:
    """Return the processor time the whole machine has spent so far; that of processes that give way doesn't count."""
    import psutil

    found = psutil.cpu_times()
    gives_way = hasattr(os, "getpriority") and os.getpriority(os.PRIO_PROCESS, 0) > 0
    return found.user + found.system + (getattr(found, "nice", 0.0) if gives_way else 0.0)


def _end_group(process: subprocess.Popen[bytes]) -> None:
    """End what is left of the child and of what it started."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


class _Watch(threading.Thread):
    """Samples the resident memory of a process and all it started."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.peak_bytes = 0
        self._pid = pid
        self._over = threading.Event()

    def run(self) -> None:
        import psutil

        try:
            root = psutil.Process(self._pid)
            while not self._over.wait(_SAMPLE_SECONDS):
                self.peak_bytes = max(self.peak_bytes, sum(_resident(one) for one in _tree(root)))
        except psutil.NoSuchProcess:
            return

    def stop(self) -> None:
        self._over.set()
        self.join()


def _tree(root: Any) -> list[Any]:
    return [root, *root.children(recursive=True)]


def _resident(process: Any) -> int:
    import psutil

    try:
        return int(process.memory_info().rss)
    except psutil.Error:
        return 0  # gone between two looks


def told(result: Result) -> Mapping[str, str]:
    """Return a result for a line on the screen."""
    budget = "" if result.budget_seconds is None else f"{result.budget_seconds:g} s"
    value = result.reason or result.status if result.score is None else f"{result.metric} {result.score:.5g}"
    fit = "" if result.fit_seconds is None else f"fit {result.fit_seconds:.1f} s"
    return {"table": result.table, "system": result.system, "budget": budget, "score": value, "fit": fit}
