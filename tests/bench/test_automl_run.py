import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from bench.automl import environments
from bench.automl.measure import Order, measure
from bench.automl.results import append
from bench.automl.systems import SYSTEMS, System
from bench.automl.tables import split, table
from bench.workspace import ROOT, BenchError

HERE = Path(sys.executable)
NOWHERE = Path("/nowhere")


def _order(system: System, budget_seconds: float | None = None, limit_seconds: float | None = None) -> Order:
    # One core: threads that wait for each other take minutes on a busy machine.
    return Order(system, HERE, budget_seconds, 0, 1, limit_seconds)


@pytest.mark.parametrize("name", ["digits+rows300", "shops+rows300", "diabetes+missing10"])
def test_lightgbm_is_fitted_in_a_process_of_its_own_and_scored_here(name: str) -> None:
    found = table(name, NOWHERE)
    result, predictions = measure(_order(SYSTEMS["lightgbm"]), found)
    assert result.status == "done"
    assert result.score is not None
    assert predictions is not None
    test = split(found, 0)[1]
    assert len(predictions["prediction"]) == len(test)
    constant = {"log_loss": np.log(10), "roc_auc": -0.5, "rmse": float(found.y.std())}[found.metric]
    assert (-result.score if found.metric == "roc_auc" else result.score) < constant
    assert len(result.draws) == 200
    assert result.peak_mb is not None
    assert result.peak_mb > 50
    assert result.predict_1000_seconds is not None
    assert result.predict_1_seconds is not None


def test_mlwright_keeps_its_budget_and_beats_a_constant() -> None:
    result, _ = measure(_order(SYSTEMS["mlwright"], 3.0, 280.0), table("wine", NOWHERE))
    assert result.status == "done", result.reason
    assert result.version
    assert result.score is not None
    assert result.score < 1.0
    assert result.fit_seconds is not None
    assert result.fit_seconds < 15


_HALF = "def fit(X, y, job):\n    return lambda rows: [[0.2, 0.3, 0.5]] * len(rows), [2, 1, 0]\n"


class _Own(System):
    """A system whose adapter lies elsewhere."""

    folder: Path

    @property
    def adapter_file(self) -> Path:
        return type(self).folder / f"{self.adapter}.py"


def _own(folder: Path, name: str, text: str) -> System:
    (folder / f"{name}.py").write_text(text)
    kind = type("_Own", (_Own,), {"folder": folder})
    return kind(name, name, "numpy")


def test_why_a_fit_failed_is_said_without_folders_of_this_machine(tmp_path: Path) -> None:
    system = _own(
        tmp_path,
        "bad",
        "def fit(X, y, job):\n    raise OSError('no room in /home/some/where.txt\\nHint: https://a.b/c/d')\n",
    )
    result, predictions = measure(_order(system), table("wine", NOWHERE))
    assert (result.status, result.reason) == ("fit", "OSError: no room in where.txt Hint: https://a.b/c/d")
    assert result.score is None
    assert predictions is None


def test_the_target_of_the_test_part_never_reaches_the_child(tmp_path: Path) -> None:
    text = """\
from pathlib import Path


def fit(X, y, job):
    target = Path(job.folder, "target.csv").read_text().splitlines()
    assert len(target) == len(y) + 1 == 134, target
    assert job.target not in Path(job.folder, "rows.csv").read_text()
    return lambda rows: [[0.2, 0.3, 0.5]] * len(rows), [2, 1, 0]
"""
    result, predictions = measure(_order(_own(tmp_path, "spy", text)), table("wine", NOWHERE))
    assert result.status == "done", result.reason
    assert predictions is not None
    assert np.allclose(predictions["prediction"], [0.5, 0.3, 0.2])


def test_predictions_that_make_no_sense_are_a_failure(tmp_path: Path) -> None:
    text = "def fit(X, y, job):\n    return lambda rows: [float('nan')] * len(rows), None\n"
    result, _ = measure(_order(_own(tmp_path, "nan", text)), table("diabetes", NOWHERE))
    assert (result.status, result.score) == ("predict", None)
    assert "finite" in result.reason


def test_a_system_far_over_its_budget_is_stopped_with_all_it_started(tmp_path: Path) -> None:
    text = """\
import subprocess
import sys


def fit(X, y, job):
    subprocess.run([sys.executable, "-c", "import time; time.sleep(60)"])
"""
    result, _ = measure(_order(_own(tmp_path, "slow", text), 1.0, 4.0), table("wine", NOWHERE))
    assert result.status == "timeout"
    assert result.score is None


def test_what_is_measured_already_is_skipped(tmp_path: Path) -> None:
    out = tmp_path / "results.jsonl"
    done, _ = measure(_order(_own(tmp_path, "half", _HALF)), table("wine", NOWHERE))
    append(out, replace(done, system="mlwright", budget_seconds=2.0), {"truth": np.zeros(1)})
    command = [HERE, "-m", "bench.automl", "run", "--systems", "mlwright", "--tables", "wine", "--budgets", "2"]
    ran = subprocess.run([*command, "--out", out], check=True, cwd=ROOT, capture_output=True, text=True)
    assert ran.stdout == ""
    assert len(out.read_text().splitlines()) == 1
    assert (tmp_path / "results.predictions" / "wine-mlwright-2s-0.npz").is_file()


def test_a_measured_line_is_added_and_says_what_happened(tmp_path: Path) -> None:
    out = tmp_path / "results.jsonl"
    command = [HERE, "-m", "bench.automl", "run", "--systems", "mlwright", "--tables", "wine", "--budgets", "0"]
    ran = subprocess.run(
        [*command, "--cores", "1", "--out", out], check=False, cwd=ROOT, capture_output=True, text=True
    )
    assert ran.returncode == 1  # a budget of nothing is refused
    assert ran.stdout.startswith("wine  mlwright  0 s  mlwright.")
    assert json.loads(out.read_text())["status"] == "fit"


def test_environments_lie_outside_the_repository(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv(environments.VARIABLE, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert environments.default_folder() == tmp_path / "mlwright" / "bench-automl"
    monkeypatch.setenv(environments.VARIABLE, str(tmp_path / "envs"))
    assert environments.default_folder() == tmp_path / "envs"


def test_mlwright_runs_in_the_current_environment(tmp_path: Path) -> None:
    assert environments.interpreter(SYSTEMS["mlwright"], tmp_path) == HERE
    assert not list(tmp_path.iterdir())


def test_without_uv_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    with pytest.raises(BenchError, match="pip install uv"):
        environments.interpreter(SYSTEMS["flaml"], tmp_path)


def test_requirements_are_pinned() -> None:
    for system in SYSTEMS.values():
        if system.requirements is not None:
            assert all("==" in line for line in system.requirements.read_text().splitlines())
