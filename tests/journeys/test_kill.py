"""`kill -9` at any moment, resume: the same delivery, and no finished trial is done again."""

import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.journeys.making import BRIEF

KILLS = 30
# What must not depend on when the run was killed. The rest tells of times: latency, seconds, event numbers.
COMPARED = (
    "model/",
    "data/",
    "monitoring/",
    "evaluation/scores.json",
    "evaluation/test_",
    "evaluation/evaluation.json",
)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_thirty_kills_change_nothing(made, tmp_path):
    draw = random.Random(7)
    kills = 0
    run = None
    while True:
        command = _resume(run) if run else _start(tmp_path)
        child = subprocess.Popen([sys.executable, "-c", command], stdout=subprocess.DEVNULL, start_new_session=True)
        finished = _wait(child, draw.uniform(0.3, 5.0) if kills < KILLS else None)
        run = run or next(iter(tmp_path.glob("*/journal.jsonl")), None)
        run = run.parent if run and run.name == "journal.jsonl" else run
        if finished:
            break
        kills += 1
    assert child.returncode == 0
    assert _hashes(run / "delivery") == _hashes(made.root)
    assert _repeated_trials(run) == []
    assert kills >= 5, "the run ended before it could be killed often enough to show anything"


def _start(root: Path) -> str:
    return f"from mlwright.planner.deliver import deliver; deliver({BRIEF!r}, root={str(root)!r})"


def _resume(run: Path) -> str:
    return f"from pathlib import Path; from mlwright.planner.deliver import resume; resume(Path({str(run)!r}))"


def _wait(child: "subprocess.Popen[bytes]", seconds: float | None) -> bool:
    """Return whether the child ended by itself; otherwise it and its children are killed."""
    end = None if seconds is None else time.monotonic() + seconds
    while child.poll() is None:
        if end is not None and time.monotonic() > end:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()
            return False
        time.sleep(0.02)
    return True


def _hashes(delivery: Path) -> dict[str, str]:
    files = {path.relative_to(delivery).as_posix(): path for path in delivery.rglob("*") if path.is_file()}
    return {
        name: hashlib.sha256(path.read_bytes()).hexdigest()
        for name, path in sorted(files.items())
        if name.startswith(COMPARED)
    }


def _repeated_trials(run: Path) -> list[int]:
    """Return the trials whose fit is in the journal twice."""
    events = [json.loads(line) for line in (run / "journal.jsonl").read_text().splitlines()]
    numbers = [event["data"]["number"] for event in events if event["kind"] == "trial"]
    return sorted({number for number in numbers if numbers.count(number) > 1})
