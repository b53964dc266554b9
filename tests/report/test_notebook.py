"""The notebook runs on its delivery, wherever it lies."""

import importlib.util
import json
import shutil
from pathlib import Path

import pytest

from mlwright.base.errors import BudgetError, VerifyError
from mlwright.report.notebook import build_notebook, execute_notebook, write_notebook


@pytest.fixture(scope="module")
def delivery(tmp_path_factory) -> Path:
    spec = importlib.util.spec_from_file_location("small_delivery", Path(__file__).with_name("small_delivery.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.write_small_delivery(tmp_path_factory.mktemp("run") / "delivery")


def outputs(path: Path) -> str:
    return json.dumps([cell.get("outputs") for cell in json.loads(path.read_text())["cells"]])


def test_it_is_written_executed_and_recomputes_the_headline_score(facts, delivery):
    path = write_notebook(facts, delivery)
    assert "computed here" in outputs(path)
    assert "image/png" in outputs(path)
    assert "169 test rows, 3 inputs" in outputs(path)


def test_it_runs_again_after_the_folder_moved_and_gives_the_same_bytes(facts, delivery, tmp_path):
    moved = tmp_path / "a new place"
    shutil.copytree(delivery, moved)
    assert write_notebook(facts, moved).read_bytes() == write_notebook(facts, delivery).read_bytes()


def test_a_score_that_does_not_belong_to_the_files_stops_it(facts, delivery, tmp_path):
    forged = tmp_path / "forged"
    shutil.copytree(delivery, forged)
    scores = json.loads((forged / "evaluation" / "scores.json").read_text())
    scores["test"]["roc_auc"]["value"] = 0.5
    (forged / "evaluation" / "scores.json").write_text(json.dumps(scores))
    with pytest.raises(VerifyError, match="do not belong together"):
        execute_notebook(build_notebook(facts), forged)


def test_its_time_is_bounded(facts, delivery):
    with pytest.raises(BudgetError, match="did not finish within"):
        execute_notebook(build_notebook(facts), delivery, seconds=0.5)
