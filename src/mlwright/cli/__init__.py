"""The command line: a thin door. Each command gathers its arguments, calls one room and prints what came back.

To add a command: one function in `app.py`, its output in a file of its own.
"""

import sys


def main() -> None:
    """Run the command line; errors of ours become three lines and an exit code."""
    from mlwright.base.errors import MlwrightError
    from mlwright.cli.app import app

    try:
        app(prog_name="mlwright")  # `python -m mlwright.cli` is the same command
    except MlwrightError as error:
        from mlwright.cli.screen import show_error

        show_error(error)
        sys.exit(error.exit_code)
