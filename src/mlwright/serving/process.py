"""Memory and processor time of a process, from /proc where there is one."""

import os
import sys
from pathlib import Path


def resident_bytes(pid: int | str = "self") -> int | None:
    """Return the resident memory of a process, None where the system doesn't tell."""
    try:
        pages = Path(f"/proc/{pid}/statm").read_text().split()[1]
    except OSError:
        return None
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def cpu_seconds(pid: int) -> float | None:
    """Return the user and system time that a process has used, None where the system doesn't tell."""
    if not sys.platform.startswith("linux"):
        return None
    try:
        after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return (int(after_name[11]) + int(after_name[12])) / os.sysconf("SC_CLK_TCK")
