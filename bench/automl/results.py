"""The JSON lines: one per system, table, budget and seed; predictions lie in a folder beside them."""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bench.workspace import BenchError

RESULTS = Path(__file__).with_name("results.jsonl")  # what the document is written from
Key = tuple[str, str, float | None, int]


@dataclass(frozen=True, slots=True)
class Result:
    """What one fit gave.

    Attributes:
        system, version: Who; the version is empty when it did not even start.
        table, metric, rows, columns: On what; rows of the training part, columns without the target.
        budget_seconds: Wall time given to `fit`; None for a system that takes none.
        seed: Of the split and of the system.
        cores: That it could use.
        status: "done", or what it failed in: "start", "fit", "predict", "timeout".
        reason: Why it failed, one line.
        fit_seconds: Wall time of `fit`.
        score: On the test part; None after a failure. `draws`: on resampled test rows.
        predict_1000_seconds, predict_1_seconds: Median time of a call with so many rows, in the same process.
        peak_mb: Largest resident memory of the process and its children together, MB.
        cpu_seconds: Processor time of the process and its children.
        others_cores: Cores that everything else kept busy meanwhile, but for processes of lower priority; near 0 on a
            quiet machine.
    """

    system: str
    version: str
    table: str
    metric: str
    rows: int
    columns: int
    budget_seconds: float | None
    seed: int
    status: str
    cores: int = 2
    reason: str = ""
    fit_seconds: float | None = None
    score: float | None = None
    predict_1000_seconds: float | None = None
    predict_1_seconds: float | None = None
    peak_mb: float | None = None
    cpu_seconds: float | None = None
    others_cores: float | None = None
    draws: tuple[float | None, ...] = ()

    @property
    def key(self) -> Key:
        return self.system, self.table, self.budget_seconds, self.seed

    @property
    def file_name(self) -> str:
        """Of its predictions."""
        budget = "" if self.budget_seconds is None else f"-{self.budget_seconds:g}s"
        return f"{self.table}-{self.system}{budget}-{self.seed}.npz"

    def line(self) -> str:
        """Return it as one line of JSON; figures with six digits, NaN as null."""
        content = {name: value for name, value in asdict(self).items() if value not in (None, "", ())}
        return json.dumps({name: _plain(value) for name, value in content.items()})


def load(paths: Sequence[Path]) -> list[Result]:
    """Return the results of files; of several of the same key the last holds.

    Raises:
        BenchError: A line is no result.
    """
    found: dict[Key, Result] = {}
    for path in paths:
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            try:
                result = _result(json.loads(line))
            except (ValueError, TypeError) as error:
                raise BenchError(f"{path}, line {number} is no result: {error}") from error
            found[result.key] = result
    return list(found.values())


def append(path: Path, result: Result, predictions: Mapping[str, npt.NDArray[np.generic]] | None) -> None:
    """Add a result to a file, and keep its predictions in the folder beside it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if predictions is not None:
        folder = path.with_suffix(".predictions")
        folder.mkdir(exist_ok=True)
        np.savez_compressed(folder / result.file_name, **predictions)
    with path.open("a", encoding="utf-8") as file:
        file.write(result.line() + "\n")


def write(path: Path, results: Iterable[Result]) -> None:
    """Write results in a fixed order, one line each."""
    ordered = sorted(results, key=lambda one: (one.table, one.budget_seconds or 0, one.system, one.seed))
    path.write_text("".join(one.line() + "\n" for one in ordered), encoding="utf-8")


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float):
        return float(f"{value:.6g}") if math.isfinite(value) else None
    return value


def _result(content: Mapping[str, Any]) -> Result:
    known = {field.name for field in fields(Result)}
    if unknown := set(content) - known:
        raise ValueError(f"unknown fields {', '.join(sorted(unknown))}")
    return Result(**{"budget_seconds": None, **content, "draws": tuple(content.get("draws", ()))})
