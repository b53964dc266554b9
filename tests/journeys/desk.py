"""A desk for journeys: tables and briefs in a folder, the real command line, and what must hold when it refuses."""

import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mlwright.cli import main

HEADER = "age,city,income,churned"


@dataclass(frozen=True, slots=True)
class Ended:
    """What one command left: its exit code, and both streams on one line each."""

    code: int
    out: str
    err: str


class Desk:
    """A person's folder, and the command line in it."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.root = folder / "runs"
        self.out = folder / "out"
        self._capsys = capsys
        self._monkeypatch = monkeypatch

    def file(self, name: str, content: str | bytes) -> Path:
        """Write a file."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def brief(self, source: str, *, target: str | None = "churned", more: str = "") -> Path:
        """Write a brief; `more` is YAML of further fields."""
        wanted = "" if target is None else f"\n  target: {target}"
        return self.file("brief.yaml", f"objective: Foresee who leaves\ndata:\n  source: {source}{wanted}\n{more}\n")

    def mlwright(self, *arguments: object) -> Ended:
        """Run one command in this process, through the entry point of the package."""
        self._monkeypatch.setattr(sys, "argv", ["mlwright", *(str(argument) for argument in arguments)])
        self._capsys.readouterr()
        try:
            main()
            code: Any = 0
        except SystemExit as leaving:
            code = leaving.code or 0
        printed = self._capsys.readouterr()
        return Ended(code, " ".join(printed.out.split()), " ".join(printed.err.split()))

    def run(self, brief: Path, *arguments: object) -> Ended:
        """`mlwright run`, told to put the delivery at `out`."""
        return self.mlwright("run", brief, "--root", self.root, "--out", self.out, *arguments)

    def refused(self, source: str, *words: str, target: str | None = "churned", more: str = "") -> Ended:
        """Run a brief over `source` and check that it is refused as every bad input is, with these words."""
        ended = self.run(self.brief(source, target=target, more=more))
        self.check_refused(ended, *words)
        return ended

    def check_refused(self, ended: Ended, *words: str, root: Path | None = None) -> None:
        """Exit code 2; what is wrong and what to do; no traceback; nothing half-written."""
        assert ended.code == 2, ended
        assert ended.err.startswith("Error: "), ended
        assert "Hint: " in ended.err
        assert "Traceback" not in ended.err + ended.out
        for word in words:
            assert word in ended.err
        assert not self.out.exists()
        check_whole(root or self.root)


def check_whole(root: Path) -> None:
    """Check that no run below `root` has a delivery or half a file, and that every journal is unbroken."""
    from mlwright.run.journal import read_journal

    for run in root.iterdir() if root.is_dir() else ():
        events = read_journal(run / "journal.jsonl")
        assert events[0].kind == "run.opened"
        assert events[-1].kind in ("step.failed", "step.interrupted"), events[-3:]
        assert not (run / "delivery").exists()
        assert not [path for path in run.rglob("*") if path.name.endswith((".tmp", ".part"))]


def rows_text(count: int = 120, *, header: str = HEADER, extra: Callable[[int, str], str] | None = None) -> str:
    """Return a CSV of people of whom about half leave, older and richer ones more often; `extra` adds cells."""
    draw = np.random.default_rng(3)
    lines = [header]
    for number in range(count):
        age, income = int(draw.integers(18, 80)), int(draw.integers(10, 99))
        leaves = "yes" if age + income + draw.normal(0, 30) > 100 else "no"
        line = f"{age},{'ABC'[int(draw.integers(3))]},{income},{leaves}"
        lines.append(line + (extra(number, leaves) if extra else ""))
    return "\n".join(lines) + "\n"


@dataclass(frozen=True, slots=True)
class Mount:
    """A file system of its own, that can be made read-only or larger."""

    path: Path

    def change(self, options: str) -> None:
        """Mount it again with other options."""
        subprocess.run(["mount", "-o", f"remount,{options}", str(self.path)], check=True)

    def fill(self) -> None:
        """Leave no byte free."""
        with (self.path / "rubbish").open("wb", buffering=0) as stream, suppress(OSError):
            while True:
                stream.write(bytes(4096))
