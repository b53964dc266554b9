"""A throw-away virtual environment per system, made by uv when it is first needed."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from bench.automl.systems import System
from bench.workspace import BenchError

VARIABLE = "MLWRIGHT_BENCH_ENVS"
_DONE = "requirements.sha256"


def default_folder() -> Path:
    """Return where environments are kept: `$MLWRIGHT_BENCH_ENVS`, else a folder in the user's cache."""
    if given := os.environ.get(VARIABLE):
        return Path(given)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "mlwright" / "bench-automl"


def interpreter(system: System, folder: Path) -> Path:
    """Return the Python of a system's environment; the environment is made, or made again when its pins changed.

    Raises:
        BenchError: uv is not there, or it could not install the requirements.
    """
    if system.requirements is None:
        return Path(sys.executable)
    home = folder / system.adapter
    python = home / "bin" / "python"
    digest = hashlib.sha256(system.requirements.read_bytes()).hexdigest()
    done = home / _DONE
    if not (done.is_file() and done.read_text(encoding="utf-8") == digest):
        print(f"Making the environment of {system.name} in {home} ...", file=sys.stderr, flush=True)
        _uv("venv", "--quiet", "--clear", "--python", sys.executable, str(home))
        # Byte code is compiled now: the first fit must not pay for it.
        install = ("pip", "install", "--quiet", "--compile-bytecode", "--python", str(python))
        _uv(*install, "--requirement", str(system.requirements))
        done.write_text(digest, encoding="utf-8")
    return python


def _uv(*arguments: str) -> None:
    uv = shutil.which("uv") or shutil.which("uv", path=str(Path(sys.executable).parent))
    if uv is None:
        raise BenchError("uv is not there; the comparison makes its environments with it. Try: pip install uv")
    # pip's folder of wheels, such as a CPU build of torch, holds for uv too.
    environment = {"UV_FIND_LINKS": os.environ.get("PIP_FIND_LINKS", ""), **os.environ}
    found = subprocess.run([uv, *arguments], check=False, capture_output=True, text=True, env=environment)
    if found.returncode:
        raise BenchError(f"uv {arguments[0]} failed: {found.stderr.strip()[-800:]}")
