"""Copy the run to MLflow: a local database by default, a server where the contract and the environment name one."""

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import BaseModel

from mlwright.base.traits import Traits
from mlwright.run.types import Context

_STATUS = {"complete": "done", "partial": "done", "pruned": "pruned", "failed": "failed"}


class TrackParams(BaseModel, extra="forbid"):
    """`uri`: of a tracking server; None is a SQLite file beside the runs."""

    uri: str | None = None
    experiment: str = "mlwright"
    seed: int = 0


class Track:
    """A sealed delivery to a tracked run and a registered model."""

    traits: ClassVar[Traits] = Traits(
        summary="Track the run in MLflow; register the model as champion or challenger",
        extra="train",
        requires=("mlflow",),
    )
    name: ClassVar[str] = "track"
    version: ClassVar[str] = "1"
    summary: ClassVar[str] = traits.summary
    heavy: ClassVar[bool] = True
    final: ClassVar[bool] = True
    optional: ClassVar[bool] = True
    params: ClassVar[type[BaseModel]] = TrackParams
    inputs: ClassVar[Mapping[str, str]] = {
        "verdict": "json",
        "signature": "json",
        "selection": "json",
        "search": "json",
        "evaluation": "json",
        "reading": "json",
        "split": "json",
    }
    outputs: ClassVar[Mapping[str, str]] = {"tracked": "json"}

    def run(self, params: TrackParams, inputs: Mapping[str, Any], context: Context) -> Mapping[str, Any]:
        """Write the run, its trials, its files and its model."""
        from dataclasses import asdict

        from mlwright.tracking.mlflow_sink import TrackingOptions, track

        assert context.root is not None  # noqa: S101 - a run always has a folder
        root = context.root.parent
        if params.uri is None:
            context.gate.write(root / "mlflow.db")
        facts = _facts(inputs, context.root.name, params.seed)
        options = TrackingOptions(uri=params.uri, experiment=params.experiment, root=root)
        return {"tracked": asdict(track(facts, context.delivery, options))}


def _facts(inputs: Mapping[str, Any], run: str, seed: int) -> Any:
    from mlwright.tracking.facts import DatasetFacts, Point, RunFacts, ScoreFacts

    search, evaluation, reading, split = inputs["search"], inputs["evaluation"], inputs["reading"], inputs["split"]
    metric = search["metric"]
    measured = {name: one["value"] for name, one in evaluation["metrics"].items() if one["value"] is not None}
    points = [Point(name=_written(f"test_{name}"), value=value) for name, value in measured.items()]
    points += [
        Point(name=_written(f"{stage}_{metric}"), value=inputs["selection"][f"{stage}_score"]["value"])
        for stage in ("search", "selection")
    ]
    basis = f"{reading['sha256']} {split['strategy']} {split['test_rows']} rows seed {seed}"
    return RunFacts(
        name=inputs["signature"]["name"],
        run=run,
        params={
            "chosen": inputs["selection"]["chosen"],
            "families": ", ".join(one["family"] for one in inputs["selection"]["members"]),
            "folds": str(search["folds"]),
            "seed": str(seed),
            "version": inputs["signature"]["version"],
        },
        metrics=tuple(points),
        tags={"verdict": inputs["verdict"]["state"]},
        trials=tuple(_trial(one, metric) for one in search["trials"]),
        dataset=DatasetFacts(
            name=inputs["signature"]["name"],
            source=", ".join(reading["source"]),
            digest=reading["sha256"],
            rows=reading["rows"],
            columns=len(inputs["signature"]["inputs"]) + 1,
        ),
        score=ScoreFacts(metric=metric, direction=search["direction"], value=measured[metric], basis=basis)
        if metric in measured
        else None,
    )


def _trial(one: Mapping[str, Any], metric: str) -> Any:
    from mlwright.tracking.facts import Point, TrialFacts

    scored = () if one["score"] is None else (Point(name=_written(metric), value=one["score"], step=one["number"]),)
    return TrialFacts(
        number=one["number"],
        family=one["family"],
        params={key: str(value) for key, value in one["params"].items()},
        metrics=scored,
        seconds=one["seconds"],
        status=_STATUS[one["status"]],  # pyright: ignore[reportArgumentType]
    )


def _written(name: str) -> str:
    """Return a metric's name as MLflow takes it: it knows no @."""
    return name.replace("@", " at ")
