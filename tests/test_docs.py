"""The documents say what holds: generated parts are up to date, links lead somewhere, the tutorial runs."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def test_generated_documents_are_up_to_date():
    command = [sys.executable, str(ROOT / "docs" / "generate.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_lead_to_files(document):
    links = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", document.read_text())
    absent = [link for link in links if "://" not in link and not (document.parent / link).exists()]
    assert not absent


def test_the_readme_names_every_command():
    from mlwright.cli.app import app

    text = (ROOT / "README.md").read_text() + (ROOT / "docs" / "tutorial.md").read_text()
    names = [command.name or command.callback.__name__ for command in app.registered_commands]
    assert {name for name in names if f"mlwright {name}" not in text} <= {"list", "doctor"}


def test_the_readmes_brief_is_a_brief():
    from mlwright.brief.load import load_brief

    block = re.search(r"```yaml\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert block is not None
    assert load_brief(block[1]).data.target == "diagnosis"


@pytest.mark.parametrize("name", ["tumour", "diabetes", "wine", "bakery", "search", "books"])
def test_the_examples_are_short_commented_briefs(name):
    from mlwright.brief.load import load_brief

    path = ROOT / "examples" / name / "brief.yaml"
    lines = path.read_text().splitlines()
    assert len(lines) < 25
    assert any("#" in line for line in lines)
    assert load_brief(path).objective


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_tutorial_runs(tmp_path):
    text = (ROOT / "docs" / "tutorial.md").read_text()
    blocks = re.findall(r"```(python)?\n(.*?)```", text, re.DOTALL)
    scripts = [body for kind, body in blocks if kind == "python"]
    (tmp_path / "customers.py").write_text(scripts[0])
    for kind, body in blocks:
        if kind == "python":
            continue
        for line in body.strip().splitlines():
            if "serve" not in line:
                _run(line, tmp_path)
    (tmp_path / "use.py").write_text(scripts[-1])
    assert "probability_yes" in _run("python use.py", tmp_path)


def _run(line: str, folder: Path) -> str:
    words = line.split()
    program = [sys.executable] if words[0] == "python" else [sys.executable, "-m", "mlwright"]
    done = subprocess.run([*program, *words[1:]], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
    return done.stdout
