"""Predict a whole file in batches: bounded memory, every bad row named, the output whole or absent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from mlwright.base.errors import DataError
from mlwright.data.columns import Columns
from mlwright.data.stream import BadLine, stream_cells
from mlwright.delivery.delivery import Delivery, prediction_columns, prediction_names
from mlwright.delivery.forecasting import forecast_file
from mlwright.delivery.outputs import Write, output
from mlwright.delivery.recommending import recommend_file
from mlwright.models.signature import Signature
from mlwright.serving.cells import Notes
from mlwright.serving.forecaster import Forecaster
from mlwright.serving.recommending import Recommending
from mlwright.serving.refusal import Fault
from mlwright.serving.rows import RowDecoder
from mlwright.serving.runtime import Runtime

OnError = Literal["stop", "skip"]
_LISTED = 20


@dataclass(slots=True)
class FileReport:
    """What became of a file.

    Attributes:
        rows: Predicted.
        skipped: Left out: lines that are no rows, rows with wrong cells.
        problems: Of the skipped, the first 20.
        unseen, out_of_range: Cells by column that training never saw; predicted all the same.
    """

    rows: int = 0
    skipped: int = 0
    problems: list[str] = field(default_factory=list)
    unseen: dict[str, int] = field(default_factory=dict)
    out_of_range: dict[str, int] = field(default_factory=dict)

    def skip(self, problem: str, count: int = 1) -> None:
        self.skipped += count
        if len(self.problems) < _LISTED:
            self.problems.append(problem)

    def note(self, notes: Notes) -> None:
        for mine, theirs in ((self.unseen, notes.unseen), (self.out_of_range, notes.out_of_range)):
            for name, count in theirs.items():
                mine[name] = mine.get(name, 0) + count


def predict_file(
    delivery: Delivery, source: Path | str, out: Path | str, batch_rows: int = 10_000, on_error: OnError = "stop"
) -> FileReport:
    """Predict the rows of `source` into `out`: its own columns, then `prediction` and `probability_<class>`, or
    `low` and `high`.

    Rows count from 1 after the header.

    Args:
        delivery: An opened delivery.
        source: CSV, TSV or JSON Lines, also compressed; other formats with `mlwright[train]`.
        out: Ends in .csv, .tsv, .jsonl (each also .gz) or .parquet. It appears when all is written.
        batch_rows: Rows in memory at once.
        on_error: "stop" at a bad row, or "skip" it and count it.

    Raises:
        DataError: A column is missing, a row is bad (with "stop"), or a file cannot be read or written.
    """
    source, out = Path(source), Path(out)
    if out.exists() and source.exists() and out.samefile(source):
        raise DataError(f"The output '{out}' is the input.", hint="give the output another name.")
    report = FileReport()
    if isinstance(delivery.model.front, Recommending) and not _has_rows(delivery.model.runtime, source):
        report.rows = recommend_file(delivery.model.front.front, source, out)
        return report
    if isinstance(delivery.model.front, Forecaster) and not _has_rows(delivery.model.runtime, source):
        report.rows, findings = forecast_file(delivery.model.front, source, out)
        report.problems += findings
        return report
    scorer = _Scorer(delivery.model.runtime, report, on_error)
    with output(out) as write:
        for cells in stream_cells(source, batch_rows, on_bad=_collector(report) if on_error == "skip" else None):
            scorer.score(cells, write)
        if not report.rows:
            raise DataError(
                f"'{source}' has no row that can be predicted; {report.skipped} were skipped.",
                hint=report.problems[0] if report.problems else "give a file with at least one row.",
            )
    return report


def _has_rows(runtime: Runtime, source: Path) -> bool:
    """Whether a file holds the model's own rows and not what a front makes them from."""
    first = next(iter(stream_cells(source, 1)), {})
    return all(column.name in first for column in runtime.signature.inputs)


def _collector(report: FileReport) -> Any:
    def collect(bad: BadLine) -> None:
        report.skip(f"Line {bad.line} is not a row: {bad.fault}.")

    return collect


class _Scorer:
    def __init__(self, runtime: Runtime, report: FileReport, on_error: OnError) -> None:
        self._runtime = runtime
        self._report = report
        self._on_error = on_error
        self._decoder = RowDecoder(runtime.signature)
        self._seen = 0
        self._names: tuple[str, ...] = ()

    def score(self, cells: Mapping[str, list[object]], write: Write) -> None:
        """Predict one batch and write it."""
        self._names = self._names or _output_names(cells, self._runtime.signature)
        count = len(next(iter(cells.values()), []))
        columns, notes = self._decoder.read(self._padded(cells, count), self._seen + 1)
        kept = self._without_bad_rows(notes, count)
        self._seen += count
        if kept is not None:
            columns = {name: values[kept] for name, values in columns.items()}
            cells = {name: [values[at] for at in kept] for name, values in cells.items()}
        self._report.note(notes)
        self._report.rows += count if kept is None else len(kept)
        write(self._joined(cells, columns))

    def _padded(self, cells: Mapping[str, list[object]], count: int) -> Mapping[str, list[object]]:
        """JSON Lines may name a column late: what earlier batches had stays there, empty."""
        return {**{name: [None] * count for name in self._names if name not in cells}, **cells} if self._seen else cells

    def _without_bad_rows(self, notes: Notes, count: int) -> list[int] | None:
        if not notes.fault_count:
            return None
        if self._on_error == "stop":
            first = notes.faults[0]
            more = f" There are {notes.fault_count - 1} more in this batch." if notes.fault_count > 1 else ""
            raise DataError(first.message + more, hint=f"{first.hint} Or skip bad rows: --on-error skip.")
        for row in sorted(notes.bad_rows):
            self._report.skip(_reason(row, notes.faults))
        bad = {row - self._seen - 1 for row in notes.bad_rows}
        return [at for at in range(count) if at not in bad]

    def _joined(self, cells: Mapping[str, list[object]], columns: Columns) -> dict[str, list[Any]]:
        predicted = prediction_columns(self._runtime.signature, self._runtime.predict(columns))
        rows = len(next(iter(predicted.values())))
        joined: dict[str, list[Any]] = {name: list(cells.get(name, [None] * rows)) for name in self._names}
        for name, values in predicted.items():
            joined[name] = values.tolist()
        return joined


def _output_names(cells: Mapping[str, object], signature: Signature) -> tuple[str, ...]:
    added = prediction_names(signature)
    if taken := [name for name in added if name in cells]:
        raise DataError(
            f"The file has a column '{taken[0]}', which is a name of the output.", hint="rename it in the file."
        )
    return tuple(cells)


def _reason(row: int, faults: Sequence[Fault]) -> str:
    return next((fault.message for fault in faults if fault.row == row), f"Row {row} has a wrong cell.")
