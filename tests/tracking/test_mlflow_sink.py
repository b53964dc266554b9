"""MLflow itself, on SQLite and as a server over loopback."""

import logging
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import numpy as np
import pytest

from mlwright.base.errors import InputError
from mlwright.serving.runtime import Runtime
from mlwright.tracking.facts import RunFacts
from mlwright.tracking.mlflow_sink import Tracked, TrackingOptions, track
from mlwright.tracking.quiet import mlflow
from mlwright.tracking.registry import client_of, promote, roll_back

ROWS = {"worst area": [500.0, 2000.0], "worst concave points": [0.05, 0.25], "mean texture": [15.0, 25.0]}


@pytest.fixture(scope="module")
def root(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("mlflow root")


@pytest.fixture(scope="module")
def tracked(run_facts, delivery, root) -> Tracked:
    return track(run_facts, delivery, TrackingOptions(experiment="tumours", root=root))


def load(uri: str, model: str):
    library = mlflow()
    before = library.get_tracking_uri()
    library.set_tracking_uri(uri)
    try:
        return library.pyfunc.load_model(model)
    finally:
        library.set_tracking_uri(before)


def scored(facts: RunFacts, value: float, basis: str = "test 114 abab") -> RunFacts:
    return facts.model_copy(
        update={"trials": (), "score": facts.score.model_copy(update={"value": value, "basis": basis})}
    )


def test_the_default_is_a_database_in_the_root_with_artifacts_beside_it(tracked, root):
    assert tracked.uri == f"sqlite:///{root.as_posix()}/mlflow.db"
    assert (root / "mlflow.db").is_file()
    assert list(root.glob("mlflow-artifacts/*/artifacts/SUMMARY.md"))
    assert list(root.glob("mlflow-artifacts/*/artifacts/evaluation/scores.json"))


def test_params_metrics_and_the_dataset_are_there(tracked):
    client = client_of(tracked.uri)
    run = client.get_run(tracked.run_id)
    assert run.info.status == "FINISHED"
    assert run.data.params["seed"] == "0"
    assert len(run.data.params["long"]) == 6000
    assert run.data.metrics["roc_auc"] == 0.99
    steps = [(m.step, m.value) for m in client.get_metric_history(tracked.run_id, "search")]
    assert sorted(steps) == [(0, 0.0), (1, 0.25), (2, 0.5), (3, 0.75)]
    assert run.inputs.dataset_inputs[0].dataset.digest == ("ab" * 32)[:36]


def test_trials_are_nested_runs_with_their_status(tracked):
    client = client_of(tracked.uri)
    experiment = client.get_experiment_by_name("tumours").experiment_id
    nested = client.search_runs([experiment], f"tags.`mlflow.parentRunId` = '{tracked.run_id}'")
    assert {(run.data.params["family"], run.info.status) for run in nested} == {
        ("linear", "FINISHED"),
        ("lightgbm", "FAILED"),
    }


def test_the_registered_champion_predicts_as_the_delivery_does(tracked, delivery):
    import pandas as pd

    found = load(tracked.uri, "models:/tumour@champion").predict(pd.DataFrame(ROWS, index=[7, 9]))
    expected = Runtime.open(delivery / "model").predict({name: np.array(v) for name, v in ROWS.items()})
    assert list(found["prediction"]) == ["benign", "malignant"]
    assert list(found.index) == [7, 9]
    np.testing.assert_array_equal(found["probability_malignant"], expected.probabilities[:, 1])


def test_the_model_is_saved_without_pickle_and_with_our_signature(tracked, root):
    folder = next(root.glob("mlflow-artifacts/*/artifacts/model"))
    assert not [path for path in folder.rglob("*") if path.suffix in {".pkl", ".joblib", ".pickle"}]
    loaded = load(tracked.uri, tracked.model).metadata.signature
    assert loaded.inputs.input_names() == list(ROWS)
    assert loaded.outputs.input_names() == ["prediction", "probability_benign", "probability_malignant"]


def test_champion_and_challenger_change_only_on_a_comparable_better_score(run_facts, delivery, tmp_path):
    options = TrackingOptions(root=tmp_path)
    first = track(scored(run_facts, 0.95), delivery, options)
    assert (first.standing.champion, first.standing.challenger) == (1, None)
    worse = track(scored(run_facts, 0.94), delivery, options)
    assert (worse.standing.champion, worse.standing.challenger) == (1, 2)
    other = track(scored(run_facts, 0.99, "another split"), delivery, options)
    assert (other.standing.champion, other.standing.challenger) == (1, 3)
    assert "another basis" in other.standing.why
    better = track(scored(run_facts, 0.97), delivery, options)
    assert (better.standing.champion, better.standing.challenger) == (4, 3)

    assert roll_back(first.uri, "tumour").champion == 1
    assert promote(first.uri, "tumour").champion == 4  # the one that was rolled back is the challenger
    assert promote(first.uri, "tumour", 2).champion == 2
    assert roll_back(first.uri, "tumour").champion == 4
    with pytest.raises(InputError, match="no version 9"):
        promote(first.uri, "tumour", 9)
    with pytest.raises(InputError, match="no registered model 'tumor'"):
        roll_back(first.uri, "tumor")


def test_it_says_nothing_and_leaves_global_settings_alone(run_facts, delivery, root, capfd):
    library = mlflow()
    before, level = library.get_tracking_uri(), logging.getLogger("mlflow").level
    track(scored(run_facts, 0.5), delivery, TrackingOptions(experiment="tumours", root=root, registered=False))
    assert capfd.readouterr() == ("", "")
    assert library.get_tracking_uri() == before
    assert logging.getLogger("mlflow").level == level


@pytest.mark.slow
def test_a_server_over_loopback_takes_the_same(run_facts, delivery, tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    store = ["--backend-store-uri", f"sqlite:///{tmp_path}/server.db", "--artifacts-destination", str(tmp_path / "a")]
    command = [sys.executable, "-m", "mlflow", "server", "--port", str(port), "--host", "127.0.0.1", "--workers", "1"]
    with (tmp_path / "log").open("w") as log:
        server = subprocess.Popen(command + store, stdout=log, stderr=log, cwd=tmp_path, start_new_session=True)
    uri = f"http://127.0.0.1:{port}"
    try:
        wait_for(f"{uri}/health")
        tracked = track(run_facts, delivery, TrackingOptions(uri=uri))
        assert tracked.standing.champion == 1
        import pandas as pd

        found = load(uri, "models:/tumour@champion").predict(pd.DataFrame(ROWS))
        assert list(found["prediction"]) == ["benign", "malignant"]
    finally:
        os.killpg(server.pid, signal.SIGKILL)  # the server's workers are of its own session
        server.wait(20)


def wait_for(address: str, seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while True:
        try:
            with urllib.request.urlopen(address, timeout=2):  # noqa: S310
                return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.3)
