"""`mlwright verify`, `predict`, `serve` and `monitor`: what is done with a delivery, in the base install."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from rich.markup import escape

from mlwright.base.errors import InputError
from mlwright.cli.screen import console

if TYPE_CHECKING:
    from mlwright.data.columns import Columns
    from mlwright.delivery.verify import Native
    from mlwright.serving.runtime import Prediction

_MARKS = {"passed": "[green]✓[/]", "failed": "[red]✗[/]", "skipped": "[dim]-[/]"}


def verify_delivery(path: Path, *, service: bool) -> int:
    """Check a delivery; returns 0 when it is accepted, 1 when it is refused."""
    from mlwright.delivery.verify import verify

    screen = console()
    found = verify(path, native=_native(), service=service)
    for check in found.checks:
        screen.print(f"{_MARKS[check.status]} [bold]{check.name:<14}[/] {escape(check.message)}")
        if check.status == "failed" and check.hint:
            screen.print(f"  Hint: {escape(check.hint)}")
    screen.print("[green]Accepted.[/]" if found.ok else "[bold red]Refused.[/]")
    return found.exit_code


def _native() -> "Native | None":
    """Return what predicts with the native model, None where the libraries that trained it are not installed."""
    from mlwright.base.registry import missing
    from mlwright.tools import TOOLS

    if missing(TOOLS.find("train").traits):
        return None
    return _predict_native


def _predict_native(folder: Path, columns: "Columns") -> "Prediction":
    import numpy as np

    from mlwright.models.series.mix import ForecastMix
    from mlwright.models.tabular.ensemble import TabularModel
    from mlwright.serving.runtime import Prediction

    if (folder / "recommender.npz").is_file():
        return _pairs_native(folder, columns)
    if (folder / "forecast.json").is_file():
        return Prediction(values=ForecastMix.load(folder).predict(columns))
    model = TabularModel.load(folder)
    predicted = model.predict(columns)
    if not model.signature.task.is_classification:
        return Prediction(values=predicted)
    return Prediction(labels=np.array(model.labels(predicted), dtype=object), probabilities=predicted)


def _pairs_native(folder: Path, columns: "Columns") -> "Prediction":
    from mlwright.models.recommend.front import RecommendFront
    from mlwright.serving.runtime import Prediction

    stored = (folder.parent / "front.json").read_bytes()
    front = RecommendFront.of_files(stored, (folder / "recommender.npz").read_bytes())
    users, items = (columns[name] for name in (front.file.user, front.file.item))
    return Prediction(values=front.recommender.pairs(users.tolist(), items.tolist()))


def predict_file(path: Path, source: Path, out: Path, *, batch_rows: int, skip_bad_rows: bool) -> None:
    """Score a file in batches."""
    from mlwright.delivery import scoring
    from mlwright.delivery.delivery import Delivery

    report = scoring.predict_file(Delivery.open(path), source, out, batch_rows, "skip" if skip_bad_rows else "stop")
    screen = console()
    screen.print(f"{report.rows:,} rows scored into [bold]{escape(str(out))}[/]")
    if report.skipped:
        screen.print(f"[yellow]{report.skipped:,} rows left out:[/]")
        for problem in report.problems:
            screen.print(f"  {escape(problem)}")
    for what, counts in (
        ("values never seen in training", report.unseen),
        ("numbers out of range", report.out_of_range),
    ):
        for name, count in counts.items():
            screen.print(f"[yellow]{escape(name)}:[/] {count:,} {what}")


def serve_delivery(path: Path, host: str, port: int, key_file: Path | None) -> None:
    """Serve until stopped. Keys come from a file of hashes, or from MLWRIGHT_API_KEYS, separated by commas."""
    from mlwright.serving.server import serve
    from mlwright.serving.settings import Settings, hash_key

    hashes = _hashes(key_file) if key_file is not None else ()
    given = [key for key in os.environ.get("MLWRIGHT_API_KEYS", "").split(",") if key]
    settings = Settings(key_hashes=(*hashes, *(hash_key(key) for key in given)))
    console().print(f"Serving {escape(str(path))} on http://{host}:{port} (documentation at /docs). Stop with Ctrl+C.")
    serve(path, host, port, settings)


def _hashes(file: Path) -> tuple[str, ...]:
    try:
        lines = file.read_text(encoding="utf-8").split()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"The key file {file} cannot be read: {error}.", hint="one SHA-256 a line.") from error
    wrong = [line for line in lines if len(line) != 64 or set(line) - set("0123456789abcdef")]
    if wrong or not lines:
        raise InputError(
            f"The key file {file} has {len(lines)} lines of which {len(wrong)} are no lower-case SHA-256.",
            hint="printf %s KEY | sha256sum gives one.",
        )
    return tuple(lines)


def monitor_file(path: Path, current: Path, html: Path | None, json: Path | None) -> int:
    """Compare a file with the training data; returns 0, 3 for a warning, 4 for an alarm."""
    from mlwright.delivery.watching import watch_file
    from mlwright.monitoring.alerts import report_html, report_text

    report = watch_file(path, current)
    console().print(escape(report_text(report)))
    if html is not None:
        _write(html, report_html(report))
    if json is not None:
        _write(json, report.model_dump_json(indent=1) + "\n")
    return report.exit_code


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror}.", hint="give another file.") from error
