"""The command line: a thin door. Each command gathers its arguments, calls one room and prints what came back.

To add a command: one function in `app.py`, its output in a file of its own.
"""

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlwright.base.errors import MlwrightError


def main() -> None:
    """Run the command line; errors of ours, and memory that ran out, become three parts and an exit code."""
    from mlwright.base.errors import MlwrightError
    from mlwright.cli.app import app

    try:
        app(prog_name="mlwright")  # `python -m mlwright.cli` is the same command
        return
    except MlwrightError as error:
        failure = error
    except MemoryError as error:
        failure = _out_of_memory(str(error))
    # Outside `except`: what the command held is free again, so that there is memory to say what went wrong.
    from mlwright.cli.screen import show_error

    show_error(failure)
    sys.exit(failure.exit_code)


def _out_of_memory(detail: str) -> "MlwrightError":
    from mlwright.base.errors import BudgetError

    command = next((word for word in sys.argv[1:] if not word.startswith("-")), "")
    fewer = "take fewer rows at a time with a smaller --batch-rows" if command == "predict" else "use fewer rows"
    return BudgetError(
        f"`mlwright {command}` needs more memory than this process may have{f': {detail}' if detail else ''}.",
        hint=f"{fewer}, raise the limit of memory (`ulimit -v`, the container's), or run it on a larger machine.",
    )
