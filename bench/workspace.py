"""The temporary folder a benchmark works in, and how it runs commands there."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
LAUNCHER = Path(__file__).with_name("launcher.py")
TUMOUR_BRIEF = ROOT / "examples" / "tumour" / "brief.yaml"
_SHOWN_CHARACTERS = 2_000


class BenchError(Exception):
    """A command that was to be measured failed; the message ends with what it wrote."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one command took.

    Attributes:
        seconds: From its start to its end.
        cpu_seconds: User and system time of it and of the children it waited for.
        peak_bytes: The largest resident memory of it, or of one of these children.
        output: What it wrote to standard output.
    """

    seconds: float
    cpu_seconds: float
    peak_bytes: int
    output: str

    @property
    def peak_mb(self) -> float:
        return self.peak_bytes / 1e6

    def json(self) -> Any:
        """Return the last line of the output, which is JSON."""
        return json.loads(self.output.splitlines()[-1])


@dataclass(frozen=True, slots=True)
class Limits:
    """What a command may take: seconds, after which it is stopped, and bytes of private memory (RLIMIT_DATA)."""

    timeout_seconds: float = 120.0
    data_bytes: int | None = None


@dataclass(slots=True)
class Workspace:
    """Where the parts of one run work. `delivery` is that of the tumour example, made when it is first asked for."""

    folder: Path
    given_delivery: Path | None = None
    _demo: tuple[Path, Cost] | BenchError | None = field(default=None, init=False)

    def measure(
        self, command: Sequence[str | Path], limits: Limits = Limits(), *, accepted: Sequence[int] = ()
    ) -> Cost:
        """Run a command in a fresh process and return what it took.

        Args:
            command: An absolute program and its arguments.
            limits: What it may take.
            accepted: Exit codes that are no failure, besides 0.

        Raises:
            BenchError: It failed, or took too long.
        """
        with tempfile.TemporaryDirectory(dir=self.folder) as scratch:
            files = {name: Path(scratch) / name for name in ("order", "result", "stdout", "stderr")}
            order: dict[str, Any] = {
                "command": [str(part) for part in command],
                "environment": child_environment(os.environ),
                "folder": str(ROOT),
                "stdout": str(files["stdout"]),
                "stderr": str(files["stderr"]),
                "timeout_seconds": limits.timeout_seconds,
                "data_limit_bytes": limits.data_bytes,
            }
            files["order"].write_text(json.dumps(order))
            launched = [sys.executable, "-I", "-S", str(LAUNCHER), str(files["order"]), str(files["result"])]
            subprocess.run(launched, check=True, stdin=subprocess.DEVNULL)
            result = json.loads(files["result"].read_text())
            output = files["stdout"].read_text(errors="replace")
            if result["exit_code"] not in (0, *accepted):
                said = (output + files["stderr"].read_text(errors="replace")).strip()[-_SHOWN_CHARACTERS:]
                after = f"ended with status {result['exit_code']} after {result['seconds']:.1f} s"
                raise BenchError(f"{' '.join(order['command'][:6])} ... {after}: {said}")
        return Cost(result["seconds"], result["cpu_seconds"], result["peak_bytes"], output)

    def python(self, *arguments: str | Path, limits: Limits = Limits()) -> Cost:
        """Run this interpreter with arguments."""
        return self.measure([sys.executable, *arguments], limits)

    def demo(self) -> tuple[Path, Cost]:
        """Return the folder of a `mlwright run` of the tumour example and what it took; it is run once.

        Raises:
            BenchError: It failed; that is remembered.
        """
        if self._demo is None:
            root = self.folder / "demo"
            command = [mlwright(), "run", TUMOUR_BRIEF, "--root", root / "runs", "--out", root / "delivery"]
            # 1: a requirement was missed, such as the latency on a busy machine; the delivery is there all the same.
            try:
                self._demo = root, self.measure(command, Limits(timeout_seconds=300), accepted=(1,))
            except BenchError as error:
                self._demo = error
        if isinstance(self._demo, BenchError):
            raise self._demo
        return self._demo

    def delivery(self) -> Path:
        """Return the delivery to measure: the one given, or that of the tumour example.

        Raises:
            BenchError: There is none.
        """
        found = self.given_delivery or self.demo()[0] / "delivery"
        if not (found / "MANIFEST.json").is_file():
            raise BenchError(f"{found} is no delivery.")
        return found


@contextmanager
def workspace(delivery: Path | None = None) -> Generator[Workspace]:
    """Give a workspace whose folder is gone at the end of the block."""
    with tempfile.TemporaryDirectory(prefix="mlwright-bench-") as folder:
        yield Workspace(Path(folder).resolve(), None if delivery is None else delivery.resolve())


def mlwright() -> Path:
    """Return the command line of the environment this process runs in."""
    return Path(sys.executable).with_name("mlwright")


def child_environment(own: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of what is measured: byte code is kept, as it is on any machine but a developer's."""
    kept = {
        name: value for name, value in own.items() if name not in ("PYTHONDONTWRITEBYTECODE", "PYTHONPROFILEIMPORTTIME")
    }
    return {**kept, "MLFLOW_DISABLE_TELEMETRY": "1", "PYTHONPATH": str(ROOT)}
