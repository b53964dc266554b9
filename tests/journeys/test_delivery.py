"""What a person gets, from a brief to a delivery, on a bundled table."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from mlwright.base.errors import VerifyError
from mlwright.delivery.manifest import check_manifest
from mlwright.delivery.verify import verify
from mlwright.delivery.watching import watch_file
from mlwright.planner.deliver import hand_over, resume

PROMISED = (
    "SUMMARY.md", "report.html", "model_card.md", "notebook.ipynb", "MANIFEST.json", "brief.yaml", "journal.jsonl",
    "model/model.onnx", "model/signature.json", "model/config.yaml", "model/native/model.json",
    "service/app.py", "service/Dockerfile", "service/compose.yaml", "service/requirements.txt",
    "service/tests/test_service.py", "service/.github/workflows/ci.yml",
    "monitoring/baseline.json", "monitoring/monitor.toml", "data/schema.json", "data/data_card.md",
    "evaluation/scores.json", "evaluation/test_rows.jsonl.gz", "evaluation/test_predictions.npz",
)  # fmt: skip
TRAINED_WITH = (
    "pandas", "polars", "pyarrow", "sklearn", "scipy", "yaml", "jinja2", "mlflow", "onnx", "lightgbm", "narwhals",
    "psutil", "matplotlib",
)  # fmt: skip
SECTIONS = (
    "Objective", "Solution architecture", "Models and techniques", "Implementation details", "Evaluation results",
    "Deployment strategy", "Monitoring and maintenance", "Next steps", "Dependencies", "Success checklist",
)  # fmt: skip


@pytest.mark.parametrize("name", PROMISED)
def test_every_promised_file_is_there(made, name):
    assert (made.root / name).stat().st_size > 0


def test_verify_accepts_it(made):
    found = verify(made.root)
    assert found.ok, found.reasons
    assert {check.name for check in found.checks if check.status == "passed"} >= {"files", "test score", "service"}


def test_verify_refuses_it_when_any_file_was_changed(made, tmp_path):
    copy = shutil.copytree(made.root, tmp_path / "copy")
    for path in sorted(path for path in copy.rglob("*") if path.is_file()):
        content = path.read_bytes()
        path.write_bytes(bytes([content[0] ^ 1]) + content[1:])
        with pytest.raises(VerifyError):
            check_manifest(copy)
        path.write_bytes(content)
    check_manifest(copy)


def test_the_summary_has_its_sections_in_order(made):
    headings = [line.removeprefix("## ") for line in made.delivery.summary.splitlines() if line.startswith("## ")]
    assert [heading.lower() for heading in headings] == [section.lower() for section in SECTIONS]


def test_the_report_is_one_file_without_addresses(made):
    text = (made.root / "report.html").read_text()
    assert "<svg" in text
    assert 'src="http' not in text
    assert "<link" not in text


def test_the_vault_was_opened_once(made):
    assert sum(event.kind == "vault" for event in made.events) == 1


def test_each_claim_names_an_event_of_the_journal(made):
    seqs = {json.loads(line)["seq"] for line in (made.root / "journal.jsonl").read_text().splitlines()}
    assert made.delivery.manifest.claims
    assert all(claim.evidence.event in seqs for claim in made.delivery.manifest.claims)


def rows(made) -> pl.DataFrame:
    import gzip

    with gzip.open(made.root / "evaluation" / "test_rows.jsonl.gz") as packed:
        return pl.read_ndjson(packed.read())


@pytest.mark.parametrize(
    ("convert", "kind"),
    [
        (lambda frame: frame, pl.DataFrame),
        (lambda frame: frame.to_pandas(), pd.DataFrame),
        (lambda frame: frame.to_arrow(), pa.Table),
    ],
    ids=["polars", "pandas", "arrow"],
)
def test_a_frame_comes_back_as_the_same_kind(made, convert, kind):
    frame = rows(made)
    predicted = made.delivery.model.predict(convert(frame))
    assert isinstance(predicted, kind)
    agreement = sum(str(a) == b for a, b in zip(list(predicted["prediction"]), frame["diagnosis"], strict=True))
    assert agreement / len(frame) > 0.9


def test_fresh_rows_raise_no_alarm_and_shifted_rows_do(made, tmp_path):
    frame = rows(made)
    frame.write_csv(tmp_path / "fresh.csv")
    top = json.loads((made.root / "evaluation" / "drift_self_test.json").read_text())["column"]
    frame.with_columns(pl.col(top) * 3).write_csv(tmp_path / "shifted.csv")
    assert watch_file(made.root, tmp_path / "fresh.csv").exit_code == 0
    assert watch_file(made.root, tmp_path / "shifted.csv").exit_code == 4


def test_resuming_a_finished_run_does_nothing_again(made):
    before = {path: path.read_bytes() for path in made.root.rglob("*") if path.is_file()}
    again = resume(made.run)
    assert {path: path.read_bytes() for path in again.root.rglob("*") if path.is_file()} == before


def test_handing_over_replaces_a_delivery_and_nothing_else(made, tmp_path):
    from mlwright.base.errors import RunError

    out = tmp_path / "out"
    hand_over(made.root, out)
    hand_over(made.root, out)
    check_manifest(out)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("mine")
    with pytest.raises(RunError, match="is no delivery"):
        hand_over(made.root, tmp_path / "mine")


def test_it_is_used_without_the_libraries_that_trained_it(made, tmp_path):
    rows(made).write_csv(tmp_path / "rows.csv")
    code = f"""
import sys
class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {TRAINED_WITH!r}:
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Blocked())
from pathlib import Path
from mlwright.delivery.delivery import Delivery
from mlwright.delivery.scoring import predict_file
from mlwright.delivery.verify import verify
from mlwright.delivery.watching import watch_file
root = Path({str(made.root)!r})
print(predict_file(Delivery.open(root), {str(tmp_path / "rows.csv")!r}, {str(tmp_path / "out.csv")!r}).rows)
print(verify(root, service=False).ok, watch_file(root, Path({str(tmp_path / "rows.csv")!r})).exit_code)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["114", "True", "0"], done.stderr


def test_the_services_own_tests_pass(made, tmp_path):
    copy = shutil.copytree(made.root, tmp_path / "copy")
    command = [sys.executable, "-B", "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(copy / "service")]
    done = subprocess.run([*command, str(copy / "service" / "tests")], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.filterwarnings("ignore")  # MLflow warns of itself while it loads
def test_mlflow_loads_the_model_and_predicts(made):
    import mlflow

    tracked = next(event for event in made.events if event.step == "track" and event.kind == "step.done")
    digest = tracked.data["outputs"]["tracked"]["sha256"]
    stored = _artifact(made.run, digest)
    facts = json.loads(stored.read_text())
    mlflow.set_tracking_uri(facts["uri"])
    frame = rows(made).to_pandas()
    predicted = mlflow.pyfunc.load_model(facts["model"]).predict(frame.drop(columns="diagnosis"))
    assert len(predicted) == len(frame)


def _artifact(run: Path, digest: str) -> Path:
    return next(
        path for path in (run / "artifacts").rglob("*") if path.is_file() and digest in str(path).replace("/", "")
    )
