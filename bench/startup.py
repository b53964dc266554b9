"""How long `import mlwright` and `mlwright --help` take, and how much the base install brings."""

import re
import sys
from collections.abc import Iterable
from importlib.metadata import Distribution, distribution
from pathlib import Path

from bench.figures import Part, Reference, Row, Target, median
from bench.workspace import ROOT, Cost, Workspace, mlwright

RUNS = 11


def startup(space: Workspace) -> Part:
    """Measure both in fresh processes, in turn with a bare interpreter; then count the base install."""
    commands = {
        "pass": [sys.executable, "-c", "pass"],
        "import": [sys.executable, "-c", "import mlwright"],
        "help": [mlwright(), "--help"],
    }
    for command in commands.values():
        space.measure(command)  # writes byte code, warms the disk's cache
    costs: dict[str, list[Cost]] = {name: [] for name in commands}
    for _ in range(RUNS):
        for name, command in commands.items():
            costs[name].append(space.measure(command))
    wall = {name: median([cost.seconds for cost in each]) for name, each in costs.items()}
    cpu = {name: median([cost.cpu_seconds for cost in each]) for name, each in costs.items()}
    bare, bare_cpu = Reference("`python -c pass`", wall["pass"]), Reference("`python -c pass`", cpu["pass"])
    rows = (
        Row("`import mlwright`", wall["import"], "s", bare, Target(0.15)),
        Row("`import mlwright`, processor time", cpu["import"], "s", bare_cpu),
        Row("`mlwright --help`", wall["help"], "s", bare, Target(0.4)),
        Row("`mlwright --help`, processor time", cpu["help"], "s", bare_cpu),
        *_install(),
    )
    return Part(
        rows,
        (
            f"Medians of {RUNS} fresh processes each, in turn; byte code is cached, the interpreter's start included.",
            "The base install is what mlwright without extras requires, itself not counted.",
            "Its megabytes are the files of these packages and of mlwright, byte code left out.",
        ),
    )


def _install() -> tuple[Row, Row]:
    names = closure("mlwright")
    size = sum(installed_bytes(distribution(name)) for name in names)
    size += sum(path.stat().st_size for path in _counted((ROOT / "src" / "mlwright").rglob("*")))
    return (
        Row("base install, packages", len(names), "packages", None, Target(25)),
        Row("base install, files", size / 1e6, "MB", None, Target(170)),
    )


def closure(root: str) -> tuple[str, ...]:
    """Return the packages that installing `root` without extras brings, `root` not among them."""
    from packaging.requirements import Requirement

    found: set[str] = set()
    todo = [root]
    while todo:
        for line in distribution(todo.pop()).requires or []:
            requirement = Requirement(line)
            name = re.sub(r"[-_.]+", "-", requirement.name).lower()
            wanted = requirement.marker is None or requirement.marker.evaluate({"extra": ""})
            if wanted and name not in found:
                found.add(name)
                todo.append(name)
    return tuple(sorted(found))


def installed_bytes(package: Distribution) -> int:
    """Return the size of a package's files, byte code left out."""
    return sum(path.stat().st_size for path in _counted(Path(str(file.locate())) for file in package.files or ()))


def _counted(paths: Iterable[Path]) -> list[Path]:
    return [path for path in paths if path.suffix != ".pyc" and path.is_file()]
