"""One small delivery, made once, that many tests look at; a desk with the command line; a small disk."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.register_assert_rewrite("tests.journeys.desk")

from tests.journeys.desk import Desk, Mount  # noqa: E402 - its assertions are to be shown as those of a test
from tests.journeys.making import BRIEF, Made, make  # noqa: E402


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return make(BRIEF, tmp_path_factory.mktemp("runs"))


@pytest.fixture
def desk(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A folder of one's own."""
    return Desk(tmp_path, capsys, monkeypatch)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Mount]:
    """A disk of one megabyte."""
    path = tmp_path / "disk"
    path.mkdir()
    if not sys.platform.startswith("linux") or os.geteuid() != 0:
        pytest.skip("a small disk is mounted as root on Linux only")
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(path)], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip(f"no small disk can be mounted here: {mounted.stderr.decode().strip()}")
    try:
        yield Mount(path)
    finally:
        subprocess.run(["umount", "--lazy", str(path)], check=True)
