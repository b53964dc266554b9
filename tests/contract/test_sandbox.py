"""A child process is heard, limited and stopped; it never outlives its parent."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from mlwright.base.errors import BudgetError, Infeasible, RunError
from mlwright.contract.sandbox import ChildLimits, DeadlineError, run_child

FREE = ChildLimits()


def _gone(pid: int) -> bool:
    for _ in range(100):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return True
        if state == "Z":
            return True
        time.sleep(0.05)
    return False


def test_a_result_and_messages_come_back(toys: Any) -> None:
    heard: list[Any] = []
    assert run_child(toys.double, (21,), FREE, heard.append) == 42
    assert heard == [("half", 21)]


def test_errors_of_ours_come_back_as_they_are(toys: Any) -> None:
    with pytest.raises(Infeasible, match="It cannot work") as caught:
        run_child(toys.refuse, (), FREE)
    assert caught.value.hint == "plan again"


def test_foreign_errors_say_what_and_where(toys: Any) -> None:
    with pytest.raises(RunError, match=r"(?s)ZeroDivisionError.*in divide"):
        run_child(toys.divide, (), FREE)


def test_a_child_that_vanishes_is_reported(toys: Any) -> None:
    with pytest.raises(RunError, match="exit code 7"):
        run_child(toys.vanish, (), FREE)


def test_memory_is_limited_by_the_watchdog(toys: Any) -> None:
    with pytest.raises(BudgetError, match="200 MB are allowed") as caught:
        run_child(toys.use_memory, (600,), ChildLimits(memory_bytes=200_000_000))
    assert "constraints.memory" in caught.value.hint


def test_one_huge_allocation_fails_in_the_child(toys: Any) -> None:
    with pytest.raises(BudgetError, match="memory"):
        run_child(toys.allocate_at_once, (6,), ChildLimits(memory_bytes=200_000_000))


def test_a_deadline_is_kept_even_against_a_stubborn_child(toys: Any) -> None:
    pids: list[int] = []
    started = time.monotonic()
    with pytest.raises(DeadlineError, match="deadline"):
        run_child(toys.sleep_stubbornly, (), ChildLimits(deadline_seconds=3.0, grace_seconds=0.3), pids.append)
    assert time.monotonic() - started < 5
    assert all(_gone(pid) for pid in pids)


def test_openmp_libraries_work_in_a_child(toys: Any) -> None:
    assert run_child(toys.fit_lightgbm, (), ChildLimits(memory_bytes=2_000_000_000, threads=2)) == 5


def test_a_local_function_is_refused_clearly() -> None:
    with pytest.raises(RunError, match="cannot run in a child process"):
        run_child(lambda send: 1, (), FREE)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_the_child_dies_with_its_parent(toys: Any, how: signal.Signals) -> None:
    code = (
        f"import sys; sys.path.insert(0, {str(Path(toys.__file__).parent)!r})\n"
        "import toys\nfrom mlwright.contract.sandbox import ChildLimits, run_child\n"
        "run_child(toys.sleep_long, (), ChildLimits(), lambda pid: print(pid, flush=True))"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert pid != os.getpid()
        parent.send_signal(how)
        parent.wait(timeout=20)
    assert _gone(pid)
