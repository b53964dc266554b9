"""The rules of the house, as tests: what reviewers would otherwise have to remember."""

import ast
import re
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement

SOURCE = Path(__file__).parents[1] / "src" / "mlwright"
FILES = sorted(SOURCE.rglob("*.py"))
FORBIDDEN_NAMES = {"utils", "util", "common", "helpers", "helper", "core", "manager", "misc"}
HEAVY = ("torch", "pandas", "sklearn", "mlflow", "polars", "pyarrow", "scipy", "onnxruntime", "matplotlib", "lightgbm")
# What may be imported at the top of a module beside the standard library, numpy and our own rooms.
LIGHT = {"numpy", "pydantic", "pydantic_core", "mlwright"}
# Rooms whose very classes are a library's kind: a door to the terminal, to the web, to scikit-learn.
DOORS = {"cli": {"typer", "rich"}, "serving": {"starlette", "fastapi"}, "estimators": {"sklearn"}}


def _trees() -> list[tuple[Path, ast.Module]]:
    return [(path, ast.parse(path.read_text())) for path in FILES]


def test_no_file_is_a_junk_drawer() -> None:
    named = {part for path in FILES for part in path.relative_to(SOURCE).with_suffix("").parts}
    assert not named & FORBIDDEN_NAMES


def test_files_stay_short() -> None:
    long = {path.name: count for path in FILES if (count := len(path.read_text().splitlines())) > 500}
    assert not long


def test_functions_stay_short() -> None:
    long = [
        f"{path.relative_to(SOURCE)}:{node.name} {node.end_lineno - node.lineno + 1}"
        for path, tree in _trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and _body_lines(node) > 60
    ]
    assert not long


def _body_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    first = node.body[1] if ast.get_docstring(node) and len(node.body) > 1 else node.body[0]
    return (node.end_lineno or 0) - first.lineno + 1


def test_every_module_has_a_docstring() -> None:
    assert not [str(path) for path, tree in _trees() if not ast.get_docstring(tree)]


def test_heavy_libraries_are_imported_where_they_are_used() -> None:
    wrong = []
    for path, tree in _trees():
        allowed = LIGHT | DOORS.get(path.relative_to(SOURCE).parts[0], set()) | set(sys.stdlib_module_names)
        for node in tree.body:
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []
            wrong += [f"{path.relative_to(SOURCE)}: {name}" for name in names if name.split(".")[0] not in allowed]
    assert not wrong


@pytest.mark.parametrize(
    "pattern",
    [
        r"except \(?(ImportError|ModuleNotFoundError)",
        r"\bpickle\.loads?\(|\b(import|from) (joblib|cloudpickle|pickle)\b",
        r"(?<![\w.])(eval|exec)\(",
        r"shell=True",
        r"yaml\.(load|unsafe_load)\(",
        r"\b(TODO|FIXME|XXX)\b",
        r"except Exception:\s*(pass|\.\.\.)",
    ],
)
def test_the_source_never_says(pattern: str) -> None:
    said = [str(path.relative_to(SOURCE)) for path in FILES if re.search(pattern, path.read_text())]
    assert not said


def test_importing_mlwright_loads_nothing_heavy() -> None:
    code = f"import sys, mlwright; print([name for name in {HEAVY!r} if name in sys.modules])"
    assert _python(code) == "[]"


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys, mlwright.cli.app; "
        f"print([name for name in {HEAVY!r} + ('numpy', 'fastapi', 'yaml') if name in sys.modules])"
    )
    assert _python(code) == "[]"


def test_the_base_install_is_small() -> None:
    assert len(_closure("mlwright")) <= 25


def _python(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def _closure(root: str) -> set[str]:
    """Return the packages that `pip install root` brings, without extras and without root itself."""
    found: set[str] = set()
    todo = [root]
    while todo:
        for line in _requirements(todo.pop()):
            requirement = Requirement(line)
            name = re.sub(r"[-_.]+", "-", requirement.name).lower()
            if name not in found and (requirement.marker is None or requirement.marker.evaluate({"extra": ""})):
                found.add(name)
                todo.append(name)
    return found


def _requirements(name: str) -> list[str]:
    try:
        return distribution(name).requires or []
    except PackageNotFoundError:
        pytest.fail(f"{name} is required but not installed")
