"""The command line as a person meets it."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mlwright.cli import main


@dataclass(frozen=True, slots=True)
class Ended:
    """What one command left."""

    code: int
    out: str
    err: str


Command = Callable[..., Ended]


@pytest.fixture
def mlwright(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Ended]:
    """Run one command in this process, in a folder of its own, on a screen of 100 columns."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")

    def run(*arguments: object) -> Ended:
        monkeypatch.setattr(sys, "argv", ["mlwright", *(str(argument) for argument in arguments)])
        capsys.readouterr()
        try:
            main()
            code: Any = 0
        except SystemExit as leaving:
            code = leaving.code or 0
        printed = capsys.readouterr()
        return Ended(code, printed.out, printed.err)

    return run
