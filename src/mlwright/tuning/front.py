"""The front of quality against latency and size, and the next model on it when a limit is missed."""

import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from mlwright.base.errors import DataError
from mlwright.data.columns import Columns, row_count, take
from mlwright.models.tabular.ensemble import TabularModel
from mlwright.tuning.select import Candidate
from mlwright.tuning.trial import Trial


@dataclass(frozen=True, slots=True)
class Cost:
    """What a model costs: milliseconds to predict one row, and bytes on disk."""

    latency_ms: float
    size_bytes: int


def measure_cost(model: TabularModel, columns: Columns, repeats: int = 5) -> Cost:
    """Measure the native model: the median time of one row over `repeats` rows, and the size of its files."""
    latency_ms = measure_latency(model, columns, repeats)
    with tempfile.TemporaryDirectory() as folder:
        model.save(Path(folder))
        size = sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file())
    return Cost(latency_ms, size)


def measure_latency(model: TabularModel, columns: Columns, repeats: int = 5) -> float:
    """Return the median milliseconds that one row takes the native model, over `repeats` rows."""
    rows = row_count(columns)
    model.predict(take(columns, slice(0, 1)))  # the first call pays for imports and thread pools
    seconds: list[float] = []
    for index in range(repeats):
        row = take(columns, slice(index % rows, index % rows + 1))
        begun = time.perf_counter()
        model.predict(row)
        seconds.append(time.perf_counter() - begun)
    return 1_000 * float(np.median(seconds))


def with_cost(candidate: Candidate, cost: Cost) -> Candidate:
    """Return the candidate with its measured cost."""
    return replace(candidate, latency_ms=cost.latency_ms, size_bytes=cost.size_bytes)


def single_variant(candidate: Candidate, trial: Trial, seed_deviation: float) -> Candidate:
    """Return the cheap variant of a trial's bag: one estimator on all rows, to be made by `refit_single`.

    An out-of-fold prediction is that of one estimator, so the bag's loss is a fair guess for the variant's; what the
    bag wins by averaging is not in it. The deviation over seeds, which averaging removes, is added to the variant's.
    """
    name = f"single {trial.spec.family} #{trial.spec.number}"
    return replace(
        candidate, name=name, kind="single", loss=candidate.loss + seed_deviation, latency_ms=None, size_bytes=None
    )


def front(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Return the candidates that no other beats in loss, latency and size at once, lowest loss first.

    Raises:
        DataError: A candidate's cost is not measured.
    """
    for candidate in candidates:
        if candidate.latency_ms is None or candidate.size_bytes is None:
            raise DataError(
                f"The cost of '{candidate.name}' is not measured; latency and size were expected.",
                hint="use measure_cost and with_cost first.",
            )
    kept = [one for one in candidates if not any(_dominates(other, one) for other in candidates)]
    return sorted(kept, key=lambda one: (one.loss, one.kind == "single", _costs(one)))


def next_on_front(
    on_front: Sequence[Candidate], current: Candidate, measured_ms: float, limit_ms: float
) -> Candidate | None:
    """Return the best candidate expected to keep the limit, else the fastest that is faster; None when none is.

    Args:
        measured_ms: Latency of the current candidate as the service gave it. The candidates' own latencies are
            measured elsewhere; only their ratios are used.
    """
    base = _costs(current)[0]
    faster = [one for one in on_front if _costs(one)[0] < base]
    if not faster:
        return None
    fitting = [one for one in faster if measured_ms * _costs(one)[0] / base <= limit_ms]
    if fitting:
        return min(fitting, key=lambda one: one.loss)
    return min(faster, key=_costs)


def _costs(candidate: Candidate) -> tuple[float, int]:
    return (candidate.latency_ms or 0.0, candidate.size_bytes or 0)


def _dominates(a: Candidate, b: Candidate) -> bool:
    """Return whether a is nowhere worse and somewhere better.

    A single variant never beats its own bag: its loss is only borrowed.
    """
    if a.kind == "single" and b.kind != "single" and a.numbers == b.numbers:
        return False
    ours, theirs = (a.loss, *_costs(a)), (b.loss, *_costs(b))
    return all(x <= y for x, y in zip(ours, theirs, strict=True)) and ours != theirs
