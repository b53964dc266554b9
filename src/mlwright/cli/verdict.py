"""The end of a run on the screen: what was reached, and where it is."""

import json
from pathlib import Path

from rich.markup import escape
from rich.table import Table

from mlwright.cli.screen import console
from mlwright.delivery.delivery import Delivery
from mlwright.report.wording import score as shown


def print_verdict(delivery: Delivery, path: Path) -> int:
    """Print the scores against what was asked; returns 0, or 1 when something was missed."""
    screen = console()
    judged = json.loads((delivery.root / "evaluation" / "judgement.json").read_text(encoding="utf-8"))
    load = json.loads((delivery.root / "evaluation" / "load_test.json").read_text(encoding="utf-8"))
    table = Table(box=None, padding=(0, 2, 0, 0))
    for heading in ("", "asked", "measured", "95 % interval"):
        table.add_column(heading)
    missed = 0
    for one in judged["requirements"]:
        between = "" if one["low"] is None else f"{shown(one['low'])} to {shown(one['high'])}"
        missed += _row(table, one["met"], (one["name"], f"{one['op']} {one['wanted']:g}", shown(one["value"]), between))
    for one in load["requirements"]:
        measured = f"{one['measured']:.4g} {one['unit']}"
        missed += _row(table, one["met"], (one["name"], f"{one['op']} {one['wanted']:g} {one['unit']}", measured, ""))
    for one in judged["gates"]:
        missed += _row(table, one["passed"], (one["condition"], "gate", shown(one["measured"]), one["detail"]))
    screen.print()
    screen.print(table)
    scores = delivery.scores
    test = scores["test"][scores["metric"]]
    screen.print(
        f"{escape(scores['metric'])}: search {shown(scores['search']['value'])} · "
        f"selection {shown(scores['selection']['value'])} · sealed test [bold]{shown(test['value'])}[/]"
    )
    screen.print()
    screen.print(f"Delivery: [bold]{escape(str(path))}[/]")
    screen.print(f"  open    {escape(str(path / 'report.html'))}, {escape(str(path / 'SUMMARY.md'))}", soft_wrap=True)
    screen.print(f"  check   mlwright verify {escape(str(path))}", soft_wrap=True)
    screen.print(f"  serve   mlwright serve {escape(str(path))}", soft_wrap=True)
    return 1 if missed else 0


def _row(table: Table, met: bool | None, cells: tuple[str, str, str, str]) -> int:
    mark = "[green]✓[/]" if met else "[red]✗[/]"
    table.add_row(f"{mark} {escape(cells[0])}", *(escape(cell) for cell in cells[1:]))
    return 0 if met else 1
