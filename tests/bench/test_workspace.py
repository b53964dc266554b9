import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from bench.delivered import csv_cell
from bench.startup import closure
from bench.workspace import ROOT, BenchError, Limits, child_environment, workspace


def test_what_a_process_took_is_measured_without_its_parent() -> None:
    ballast = bytearray(200_000_000)
    with workspace() as space:
        cost = space.python("-S", "-c", "import time; time.sleep(0.2); print('done')")
    assert cost.output == "done\n"
    assert 0.2 <= cost.seconds < 30
    assert cost.peak_bytes < len(ballast) / 2


def test_the_peak_is_that_of_the_largest_moment() -> None:
    with workspace() as space:
        cost = space.python("-S", "-c", "x = bytearray(150_000_000); x = None")
    assert 150 <= cost.peak_mb < 250


def test_a_command_over_its_memory_fails() -> None:
    with workspace() as space, pytest.raises(BenchError, match="MemoryError"):
        space.python("-S", "-c", "bytearray(150_000_000)", limits=Limits(data_bytes=100_000_000))


def test_a_command_over_its_time_is_stopped() -> None:
    with workspace() as space, pytest.raises(BenchError, match="status -9"):
        space.python("-S", "-c", "import time; time.sleep(60)", limits=Limits(timeout_seconds=0.3))


def test_nothing_is_left_behind() -> None:
    with workspace() as space:
        space.python("-S", "-c", "pass")
        (space.folder / "table.csv").write_text("a\n1\n")
    assert not space.folder.exists()


def test_byte_code_is_cached_in_what_is_measured() -> None:
    environment = child_environment({"PYTHONDONTWRITEBYTECODE": "1", "HOME": "/h"})
    assert "PYTHONDONTWRITEBYTECODE" not in environment
    assert environment["HOME"] == "/h"


def test_the_closure_knows_requirements_of_requirements() -> None:
    found = closure("mlwright")
    assert {"fastapi", "starlette", "pydantic-core"} <= set(found)
    assert not {"mlwright", "pandas", "polars"} & set(found)


@pytest.mark.parametrize(("value", "text"), [(None, ""), (True, "true"), (1.5, "1.5"), ('a "b", c', '"a ""b"", c"')])
def test_cells_are_written_as_csv(value: object, text: str) -> None:
    assert csv_cell(value) == text


def test_the_interpreter_that_measures_is_the_one_that_is_measured() -> None:
    with workspace() as space:
        assert space.python("-c", "import sys; print(sys.executable)").output.strip() == sys.executable


def test_an_interrupted_measurement_leaves_no_process(tmp_path: Path) -> None:
    asleep = f"import os, time; open({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid())); time.sleep(60)"
    code = "from bench.workspace import workspace\nwith workspace() as space:\n"
    code += f"    space.python('-S', '-c', {asleep!r})"
    command = [sys.executable, "-c", code]
    with subprocess.Popen(command, cwd=ROOT, start_new_session=True, stderr=subprocess.DEVNULL) as measuring:
        pid = _read_soon(tmp_path / "pid")
        os.killpg(measuring.pid, signal.SIGINT)
        measuring.wait(30)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def _read_soon(path: Path, seconds: float = 30.0) -> int:
    deadline = time.monotonic() + seconds
    while not (path.is_file() and path.read_text()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return int(path.read_text())
