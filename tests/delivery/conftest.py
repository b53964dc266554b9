"""A small sealed delivery, made by hand, for the tests of this room."""

import json
import runpy
import shutil
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from mlwright.data.cells import category_text
from mlwright.delivery.chain import GENESIS, chain_hash
from mlwright.delivery.evidence_files import write_test_predictions, write_test_rows
from mlwright.delivery.manifest import Claim, Evidence, write_manifest
from mlwright.delivery.service_files import ServiceFacts, write_service
from mlwright.evaluation.metrics import metric
from mlwright.models.signature import Task
from mlwright.serving.runtime import Prediction

METRICS = {Task.BINARY: ("roc_auc", "accuracy", "log_loss"), Task.REGRESSION: ("rmse", "r2")}


@pytest.fixture(scope="session")
def small() -> SimpleNamespace:
    path = Path(__file__).parents[1] / "serving" / "small_delivery.py"
    return SimpleNamespace(**runpy.run_path(str(path)))


@pytest.fixture(scope="session")
def sealed(small: SimpleNamespace, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return seal(small, tmp_path_factory.mktemp("sealed") / "delivery", Task.BINARY)


@pytest.fixture(scope="session")
def sealed_regression(small: SimpleNamespace, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return seal(small, tmp_path_factory.mktemp("sealed") / "delivery", Task.REGRESSION)


@pytest.fixture
def copy(sealed: Path, tmp_path: Path) -> Path:
    """A copy of the sealed delivery that a test may break."""
    return Path(shutil.copytree(sealed, tmp_path / "delivery"))


def seal(small: SimpleNamespace, root: Path, task: Task) -> Path:
    small.write(root, task)
    table = small.rows(40)
    targets = small.targets(table, task, 2)
    write_test_rows(root, [row | {"bought": target} for row, target in zip(table, targets, strict=True)])
    prediction = trained(small, table, task)
    write_test_predictions(root, prediction)
    scores = stated(task, targets, prediction)
    (root / "evaluation" / "scores.json").write_text(json.dumps({"metric": METRICS[task][0], "test": scores}))
    (root / "journal.jsonl").write_text(journal())
    (root / "SUMMARY.md").write_text("# Summary\n")
    signature = small.signature(task)
    write_service(root, ServiceFacts(signature.name, signature.version))
    name = METRICS[task][0]
    evidence = Evidence(event=1, file="evaluation/scores.json", pointer=f"/test/{name}/value")
    write_manifest(
        root, model=signature, claims=[Claim(id="t", claim="score", value=scores[name]["value"], evidence=evidence)]
    )
    return root


def trained(small: SimpleNamespace, table: list[dict], task: Task) -> Prediction:
    if task is Task.REGRESSION:
        return Prediction(values=small.score(table))
    shares = small.shares(table)
    labels = np.array(["yes" if share >= 0.5 else "no" for share in shares[:, 1]], dtype=object)
    return Prediction(labels=labels, probabilities=shares)


def stated(task: Task, targets: list, prediction: Prediction) -> dict:
    if task is Task.REGRESSION:
        y, predicted = np.array(targets), prediction.values
    else:
        y, predicted = np.array([category_text(t) == "yes" for t in targets]).astype(np.int64), prediction.probabilities
    return {name: {"value": metric(name).compute(y, predicted)} for name in METRICS[task]}


def journal() -> str:
    lines, previous = [], GENESIS
    for seq in range(3):
        event = {"seq": seq, "time": "t", "kind": "k", "step": None, "data": {"ü": seq}, "previous": previous}
        previous = event["hash"] = chain_hash(event)
        lines.append(json.dumps(event) + "\n")
    return "".join(lines)
