"""`mlwright run` and `mlwright resume`."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from shlex import quote
from typing import Any

from rich.markup import escape

from mlwright.base.errors import ContractError, InputError
from mlwright.cli.history import find_run
from mlwright.cli.progress import Progress
from mlwright.cli.screen import console
from mlwright.delivery.delivery import Delivery
from mlwright.planner.deliver import Watchers, check_out, deliver, hand_over, resume
from mlwright.run.journal import read_journal
from mlwright.run.run import Run
from mlwright.run.types import Event, Plan


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What the command line adds to a brief."""

    time: str | None
    trials: int | None
    out: Path | None
    contract: Path | None
    root: Path


def run_brief(path: Path, options: RunOptions) -> int:
    """Carry out a brief; returns 0, or 1 when a requirement or gate was missed."""
    from mlwright.brief.load import load_brief

    brief = load_brief(path)
    if options.out is not None:
        check_out(options.out)
    if options.time is not None or options.trials is not None:
        seconds = _seconds(options.time) if options.time is not None else None
        changed: dict[str, Any] = {"time_seconds": seconds, "trials": options.trials}
        limits = brief.constraints.model_copy(update={k: v for k, v in changed.items() if v is not None})
        brief = brief.model_copy(update={"constraints": limits})
    with _Session(brief.constraints.time_seconds) as session:
        delivery = session.watch(
            lambda watchers: deliver(
                brief, root=options.root, contract=options.contract, watchers=watchers, base=path.resolve().parent
            )
        )
    return _present(delivery, options.out)


def _seconds(text: str) -> float:
    from mlwright.brief.units import parse_seconds

    seconds = parse_seconds(text)
    if seconds <= 0:
        raise InputError(f"A --time of {text} is impossible.", hint="give a time above 0, such as 5m.")
    return seconds


def resume_run(name: Path, root: Path, out: Path | None) -> int:
    """Go on with a run; returns as `run_brief`."""
    folder = find_run(name, root)
    if out is not None:
        check_out(out)
    seconds = read_journal(folder / "journal.jsonl")[0].data["brief"]["constraints"].get("time_seconds")
    with _Session(seconds) as session:
        delivery = session.watch(lambda watchers: resume(folder, watchers=watchers))
    return _present(delivery, out)


class _Session:
    """The live view round one run, and what to say when the person stops it."""

    def __init__(self, seconds: float | None) -> None:
        self._progress = Progress(console(), seconds)
        self._folder: Path | None = None

    def __enter__(self) -> "_Session":
        self._progress.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._progress.__exit__()
        if kind is not None and self._folder is not None and not issubclass(kind, InputError | ContractError):
            again = f"mlwright resume {escape(quote(str(self._folder)))}"
            console().print(f"Stopped. Go on with: [bold]{again}[/]", soft_wrap=True)

    def watch(self, work: Any) -> Delivery:
        return work(Watchers(on_event=self._on_event, on_plan=self._on_plan))

    def _on_event(self, event: Event) -> None:
        self._progress(event)

    def _on_plan(self, run: Run, plan: Plan) -> None:
        from mlwright.tools import TOOLS

        self._folder = run.path
        summaries: Mapping[str, str] = {name: TOOLS.find(name).traits.summary for name in TOOLS}
        self._progress.show_plan(plan, summaries)


def _present(delivery: Delivery, out: Path | None) -> int:
    """Print the end of the summary and where the delivery is."""
    from mlwright.cli.verdict import print_verdict

    path = hand_over(delivery.root, out) if out is not None else delivery.root
    return print_verdict(delivery, path)
