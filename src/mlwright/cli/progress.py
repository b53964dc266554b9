"""The live view of a run: step, time gone and left, best score so far, what is spent."""

import time
from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.live import Live
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from mlwright.run.types import Event, Plan


class Progress:
    """Listens to a run's events and keeps one screen of lines up to date.

    On a terminal the current step is redrawn in place; elsewhere each finished step is one line.
    """

    def __init__(self, screen: Console, seconds: float | None) -> None:
        self._screen = screen
        self._seconds = seconds
        self._started = time.monotonic()
        self._step = ""
        self._best = ""
        self._trials = 0
        self._live = Live(self._line(), console=screen, refresh_per_second=4, transient=True, get_renderable=self._line)

    def __enter__(self) -> "Progress":
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def show_plan(self, plan: Plan, summaries: Mapping[str, str]) -> None:
        """Print the plan before it is carried out."""
        table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
        for number, step in enumerate(plan.steps, start=1):
            table.add_row(f"{number:2}", f"[bold]{escape(step.name)}[/]", escape(summaries.get(step.tool, "")))
        self._screen.print("[bold]Plan[/]")
        self._screen.print(table)
        for assumption in plan.assumptions:
            self._screen.print(f"  assumed {escape(f'{assumption.field} = {assumption.value}: {assumption.why}')}")
        self._screen.print()

    def __call__(self, event: Event) -> None:
        """Take one event of the run."""
        handler = getattr(self, "_on_" + event.kind.replace(".", "_"), None)
        if handler is not None:
            handler(event.step or "", event.data)

    def _on_step_start(self, step: str, _: Mapping[str, Any]) -> None:
        self._step = step

    def _on_step_done(self, step: str, data: Mapping[str, Any]) -> None:
        self._print("[green]✓[/]", step, f"{data.get('seconds', 0.0):.1f} s")

    def _on_step_skipped(self, step: str, _: Mapping[str, Any]) -> None:
        self._print("[dim]=[/]", step, "done before")

    def _on_step_failed(self, step: str, data: Mapping[str, Any]) -> None:
        self._print("[red]✗[/]", step, str(data.get("message", "")).partition("\n")[0])

    def _on_trial(self, _: str, data: Mapping[str, Any]) -> None:
        self._trials += 1
        if data.get("best") is not None:
            self._best = f"{data['metric']} {data['best']:.4f} ({data['best_family']})"

    def _on_decision(self, step: str, data: Mapping[str, Any]) -> None:
        self._print("[cyan]→[/]", step, str(data.get("text", "")))

    def _on_assumption(self, _: str, data: Mapping[str, Any]) -> None:
        self._print("[yellow]·[/]", "assumed", f"{data['field']} = {data['value']}: {data['why']}")

    def _print(self, mark: str, step: str, text: str) -> None:
        self._screen.print(f"{mark} [bold]{escape(step):<14}[/] {escape(text)}")

    def _line(self) -> Text:
        gone = time.monotonic() - self._started
        parts = [f"  {self._step or 'starting'}", f"{gone:.0f} s gone"]
        if self._seconds:
            parts.append(f"{max(0.0, self._seconds - gone):.0f} s left")
        if self._trials:
            parts.append(f"{self._trials} trials")
        if self._best:
            parts.append(f"best {self._best}")
        return Text(" · ".join(parts), style="dim")
