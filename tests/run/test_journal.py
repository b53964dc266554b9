"""The journal survives a kill, tells a change, and stays valid when the disk is full."""

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest

from mlwright.base.errors import RunError
from mlwright.delivery.chain import chain_hash
from mlwright.run.journal import Journal, read_journal


def _filled(path: Path, count: int = 5) -> Journal:
    journal = Journal.open(path)
    for number in range(count):
        journal.append("count", {"number": number, "share": 0.1 * number, "text": "ä\n\u2028"}, "step")
    return journal


def _append_many(journal: Journal) -> None:
    for _ in range(100):
        journal.append("count", {"text": "x" * 3000})


def test_events_are_read_back_as_they_were_written(tmp_path: Path) -> None:
    journal = _filled(tmp_path / "j")
    assert read_journal(tmp_path / "j") == journal.events
    assert [event.seq for event in journal] == [0, 1, 2, 3, 4]


def test_each_hash_covers_the_event_and_the_one_before(tmp_path: Path) -> None:
    _filled(tmp_path / "j")
    events = [json.loads(line) for line in (tmp_path / "j").read_bytes().splitlines()]
    assert all(event["hash"] == chain_hash(event) for event in events)
    assert all(after["previous"] == before["hash"] for before, after in pairwise(events))


@pytest.mark.parametrize("cut", [1, 2, 40])
def test_a_torn_last_line_is_cut_off_and_said(tmp_path: Path, cut: int) -> None:
    _filled(tmp_path / "j")
    content = (tmp_path / "j").read_bytes()
    (tmp_path / "j").write_bytes(content[:-cut])
    journal = Journal.open(tmp_path / "j")
    assert [event.kind for event in journal] == ["count"] * 4 + ["journal.repaired"]
    assert read_journal(tmp_path / "j") == journal.events


def test_a_changed_line_is_refused_with_its_number(tmp_path: Path) -> None:
    _filled(tmp_path / "j")
    content = (tmp_path / "j").read_text()
    (tmp_path / "j").write_text(content.replace('"number":2', '"number":9'))
    with pytest.raises(RunError, match="j:3 does not have the hash"):
        Journal.open(tmp_path / "j")


def test_a_missing_line_is_refused(tmp_path: Path) -> None:
    _filled(tmp_path / "j")
    lines = (tmp_path / "j").read_bytes().splitlines(keepends=True)
    (tmp_path / "j").write_bytes(b"".join(lines[:2] + lines[3:]))
    with pytest.raises(RunError, match="j:3 does not follow"):
        Journal.open(tmp_path / "j")


def test_a_torn_line_in_the_middle_is_refused(tmp_path: Path) -> None:
    _filled(tmp_path / "j")
    lines = (tmp_path / "j").read_bytes().splitlines(keepends=True)
    (tmp_path / "j").write_bytes(lines[0] + lines[1][:20] + b"\n" + b"".join(lines[2:]))
    with pytest.raises(RunError, match="j:2 is not an event"):
        Journal.open(tmp_path / "j")


def test_nan_is_no_evidence(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="not JSON"):
        Journal.open(tmp_path / "j").append("score", {"value": float("nan")})
    assert not (tmp_path / "j").exists()


def test_a_killed_writer_leaves_a_journal_that_can_be_opened(tmp_path: Path) -> None:
    path = tmp_path / "j"
    code = (
        "import sys; from pathlib import Path; from mlwright.run.journal import Journal\n"
        "journal = Journal.open(Path(sys.argv[1])); print('open', flush=True)\n"
        "while True: journal.append('count', {'text': 'x' * 2000})"
    )
    draw = Random(3)
    for _ in range(4):
        with subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(draw.uniform(0.0, 0.1))
            process.send_signal(signal.SIGKILL)
        before = len(Journal.open(path).events)
        Journal.open(path).append("count", {})
        assert len(read_journal(path)) == before + 1


def test_a_full_disk_leaves_the_journal_valid(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = shutil.which("mount")
    if os.geteuid() != 0 or mount is None:
        pytest.skip("mounting a small file system needs root")
    done = subprocess.run(
        [mount, "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)], check=False, capture_output=True
    )
    if done.returncode:
        pytest.skip(f"a small file system cannot be mounted here: {done.stderr.decode().strip()}")
    try:
        journal = Journal.open(disk / "j")
        with pytest.raises(RunError, match="No space left") as caught:
            _append_many(journal)
        assert "Free some space" in caught.value.hint
        assert read_journal(disk / "j") == journal.events
        assert 10 < len(journal.events) < 30
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_a_file_size_limit_leaves_the_journal_valid(tmp_path: Path) -> None:
    journal = _filled(tmp_path / "j")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, ((tmp_path / "j").stat().st_size + 100, before[1]))
        with pytest.raises(RunError, match="File too large"):
            journal.append("count", {"text": "x" * 3000})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)
    journal.append("count", {"after": True})
    assert read_journal(tmp_path / "j") == journal.events


def test_a_read_only_folder_is_a_clear_error(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        tmp_path.chmod(0o555)
        with pytest.raises(RunError, match="Permission denied"):
            Journal.open(tmp_path / "j").append("count", {})
        return
    disk = tmp_path / "disk"
    disk.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "ro", "tmpfs", str(disk)], check=False, capture_output=True)
    if done.returncode:
        pytest.skip(f"a read-only file system cannot be mounted here: {done.stderr.decode().strip()}")
    try:
        with pytest.raises(RunError, match="Read-only file system") as caught:
            Journal.open(disk / "j").append("count", {})
        assert "--root" in caught.value.hint
    finally:
        subprocess.run(["umount", str(disk)], check=True)
