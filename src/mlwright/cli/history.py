"""`mlwright runs` and `mlwright show`: what the journals say."""

from collections.abc import Sequence
from pathlib import Path

from rich.markup import escape

from mlwright.base.errors import InputError, RunError
from mlwright.base.suggest import did_you_mean
from mlwright.cli.screen import console
from mlwright.run.journal import read_journal
from mlwright.run.types import Event


def find_run(name: Path, root: Path) -> Path:
    """Return the folder of a run given by path or by its name under `root`.

    Raises:
        InputError: There is no such run.
    """
    for folder in (name, root / name):
        if (folder / "journal.jsonl").is_file():
            return folder
    known = [folder.name for folder in _folders(root)]
    raise InputError(f"There is no run '{name}' (looked under {root}/ too).", hint=did_you_mean(name.name, known))


def list_runs(root: Path) -> None:
    """Print the runs, the newest last: one line each, however wide, since `show` needs whole names."""
    screen = console()
    folders = _folders(root)
    if not folders:
        screen.print(f"No runs under {root}/. Start one: mlwright run brief.yaml", markup=False)
        return
    rows = [("run", "started", "steps", "state", "objective"), *((folder.name, *_cells(folder)) for folder in folders)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        screen.print(line.rstrip(), markup=False, soft_wrap=True)


def _cells(folder: Path) -> tuple[str, str, str, str]:
    try:
        events = read_journal(folder / "journal.jsonl")
    except RunError:  # one damaged run does not hide the others; `show` says what is wrong with it
        return "", "", "damaged", ""
    done = len({event.step for event in events if event.kind == "step.done"})
    return events[0].time[:19] if events else "", str(done), _state(events), _objective(events)


def show_run(name: Path, root: Path) -> None:
    """Print what happened, with the reason of every decision."""
    folder = find_run(name, root)
    events = read_journal(folder / "journal.jsonl")
    screen = console()
    screen.print(f"[bold]{escape(str(folder))}[/]  {_state(events)}")
    for event in events:
        line = _line(event)
        if line:
            screen.print(f"[dim]{event.seq:4} {event.time[11:19]}[/] {line}")


def _folders(root: Path) -> list[Path]:
    if not root.is_dir():
        return []
    return sorted(folder for folder in root.iterdir() if (folder / "journal.jsonl").is_file())


def _state(events: Sequence[Event]) -> str:
    for event in reversed(events):
        if event.kind == "run.finished":
            missed = event.data.get("missed") or []
            return f"delivered, missed: {', '.join(missed)}" if missed else "delivered"
        if event.kind in ("step.failed", "step.interrupted"):
            return f"stopped at {event.step}"
        if event.kind == "run.resumed":
            break
    return "not finished"


def _objective(events: Sequence[Event]) -> str:
    return str(events[0].data["brief"]["objective"])[:60] if events else ""


def _line(event: Event) -> str:
    data = event.data
    step = f"[bold]{escape(event.step or '')}[/]"
    match event.kind:
        case "step.done":
            return f"[green]done[/] {step} in {data.get('seconds', 0.0):.2f} s"
        case "step.skipped":
            return f"[dim]skipped[/] {step}: done before"
        case "step.failed" | "step.interrupted":
            return f"[red]failed[/] {step}: {escape(str(data.get('message', '')))}"
        case "trial":
            score = "-" if data["score"] is None else f"{data['score']:.5f}"
            why = escape(str(data.get("reason") or data.get("why") or ""))
            return f"  trial {data['number']} {data['family']} {data['metric']} {score} ({data['status']}) {why}"
        case "decision":
            return f"[cyan]decided[/] {step}: {escape(str(data['text']))}"
        case "assumption":
            return (
                f"[yellow]assumed[/] {escape(str(data['field']))} = {escape(str(data['value']))}: {escape(data['why'])}"
            )
        case "plan":
            return f"[cyan]planned[/] {escape(', '.join(step['name'] for step in data['steps']))}"
        case "run.finished":
            return f"[green]delivered[/] {escape(str(data.get('model', '')))}"
        case _:
            return ""
