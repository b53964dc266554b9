"""A run copied to MLflow: a local SQLite file by default, a server by its address."""

import json
import math
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlwright.models.signature import Signature
from mlwright.tracking.facts import DatasetFacts, Point, RunFacts, TrialFacts
from mlwright.tracking.flavour import save_flavour, schema_json
from mlwright.tracking.quiet import quiet
from mlwright.tracking.registry import Standing, client_of, register

_BATCH_METRICS, _BATCH_PARAMS = 1000, 100  # what one call of MLflow takes
_LONGEST_PARAM = 6000


@dataclass(frozen=True, slots=True)
class TrackingOptions:
    """Where to.

    Attributes:
        uri: Of a tracking server (http://...), or None for `mlflow.db` in `root`.
        experiment: MLflow's experiment; made when it isn't there.
        root: Folder of the local database and its artifacts; None is the folder that the delivery lies in.
        registered: Whether to add the model to the registry.
    """

    uri: str | None = None
    experiment: str = "mlwright"
    root: Path | None = None
    registered: bool = True


@dataclass(frozen=True, slots=True)
class Tracked:
    """What was written.

    Attributes:
        model: What `mlflow.pyfunc.load_model` takes, after `mlflow.set_tracking_uri(uri)`.
        version: Of the registered model; None when it was not registered.
    """

    uri: str
    run_id: str
    model: str
    version: int | None = None
    standing: Standing | None = None


def track(facts: RunFacts, delivery_dir: Path, options: TrackingOptions) -> Tracked:
    """Write the run, its trials, its files and its model; return where they are.

    Calls are batched: a run of 40 trials takes some seconds, most of them MLflow making its database.
    """
    with quiet():
        uri, store = _store(delivery_dir, options)
        client = client_of(uri)
        experiment = _experiment(client, options.experiment, store)
        run = client.create_run(experiment, run_name=facts.name, tags={**facts.tags, "mlwright.run": facts.run})
        run_id = str(run.info.run_id)
        done = False
        try:
            _log(client, run_id, facts.params, facts.metrics)
            if facts.dataset is not None:
                _log_dataset(client, run_id, facts.dataset, delivery_dir)
            for trial in facts.trials:
                _log_trial(client, experiment, run_id, trial)
            source = _log_files(client, run, facts.artifacts, delivery_dir)
            tracked = _registered(client, facts, uri, run_id, source) if options.registered else None
            done = True
        finally:
            client.set_terminated(run_id, status="FINISHED" if done else "FAILED")
        return tracked or Tracked(uri, run_id, f"runs:/{run_id}/model")


def _store(delivery_dir: Path, options: TrackingOptions) -> tuple[str, str | None]:
    """Return the tracking URI and where artifacts go; the server decides that itself."""
    if options.uri is not None:
        return options.uri, None
    root = (options.root or delivery_dir.parent).resolve()
    root.mkdir(parents=True, exist_ok=True)
    return f"sqlite:///{(root / 'mlflow.db').as_posix()}", (root / "mlflow-artifacts").as_uri()


def _experiment(client: Any, name: str, artifacts: str | None) -> str:
    found = client.get_experiment_by_name(name)
    return str(client.create_experiment(name, artifact_location=artifacts) if found is None else found.experiment_id)


def _registered(client: Any, facts: RunFacts, uri: str, run_id: str, source: str) -> Tracked:
    version, standing = register(client, facts.name, source, run_id, facts.score)
    return Tracked(uri, run_id, f"models:/{facts.name}/{version}", version, standing)


def _log(client: Any, run_id: str, params: dict[str, str], metrics: Sequence[Point]) -> None:
    from mlflow.entities import Metric, Param

    now = int(time.time() * 1000)
    values = [Metric(p.name, p.value, now, p.step) for p in metrics if math.isfinite(p.value)]
    texts = [Param(name, str(value)[:_LONGEST_PARAM]) for name, value in params.items()]
    for some in _chunks(texts, _BATCH_PARAMS):
        client.log_batch(run_id, params=some)
    for some in _chunks(values, _BATCH_METRICS):
        client.log_batch(run_id, metrics=some)


def _chunks(items: Sequence[Any], size: int) -> Iterable[Sequence[Any]]:
    return (items[at : at + size] for at in range(0, len(items), size))


def _log_trial(client: Any, experiment: str, parent: str, trial: TrialFacts) -> None:
    tags = {"mlflow.parentRunId": parent, "mlwright.family": trial.family}
    run = client.create_run(experiment, run_name=f"trial {trial.number}: {trial.family}", tags=tags)
    params = {"family": trial.family, **trial.params}
    _log(client, run.info.run_id, params, (*trial.metrics, Point(name="seconds", value=trial.seconds)))
    client.set_terminated(
        run.info.run_id, status={"done": "FINISHED", "failed": "FAILED", "pruned": "KILLED"}[trial.status]
    )


def _log_dataset(client: Any, run_id: str, dataset: DatasetFacts, delivery_dir: Path) -> None:
    from mlflow.entities import Dataset, DatasetInput, InputTag

    signature = Signature.model_validate_json((delivery_dir / "model" / "signature.json").read_bytes())
    entity = Dataset(
        name=dataset.name,
        digest=dataset.digest[:36],  # MLflow's column is that short
        source_type="mlwright",
        source=json.dumps({"uri": dataset.source, "sha256": dataset.digest}),
        schema=schema_json(signature),
        profile=json.dumps({"num_rows": dataset.rows, "num_columns": dataset.columns}),
    )
    client.log_inputs(run_id, [DatasetInput(entity, [InputTag("mlflow.data.context", "training")])])


def _log_files(client: Any, run: Any, paths: Sequence[str], delivery_dir: Path) -> str:
    """Copy the documents and the model; return the model's address in the artifact store."""
    run_id = run.info.run_id
    for path in paths:
        found = delivery_dir / path
        if found.is_dir():
            client.log_artifacts(run_id, str(found), path)
        elif found.is_file():
            client.log_artifact(run_id, str(found))
    with tempfile.TemporaryDirectory(prefix="mlwright-mlflow-") as scratch:
        out = Path(scratch) / "model"
        save_flavour(delivery_dir / "model", out)
        client.log_artifacts(run_id, str(out), "model")
    return f"{run.info.artifact_uri}/model"
