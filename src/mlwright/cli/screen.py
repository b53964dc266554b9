"""What is printed: one console for results, one for errors."""

from rich.console import Console
from rich.markup import escape

from mlwright.base.errors import MlwrightError


def console() -> Console:
    """Return the console for results."""
    return Console(highlight=False)


def show_error(error: MlwrightError) -> None:
    """Print an error's message and hint to standard error."""
    screen = Console(stderr=True, highlight=False)
    screen.print(f"[bold red]Error:[/] {escape(error.message)}", soft_wrap=True)
    screen.print(f"[bold]Hint:[/] {escape(error.hint)}", soft_wrap=True)
