"""Read the data and decide what each column and the problem as a whole mean."""

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import BaseModel

from mlwright.base.errors import BriefError
from mlwright.base.traits import Traits
from mlwright.brief.schema import Assumption
from mlwright.data.schema import Role
from mlwright.models.signature import Task
from mlwright.run.types import Context
from mlwright.tools.guess import guess_target
from mlwright.tools.sources import read_source, reading_facts
from mlwright.tools.understanding import Understanding

_SHOWN_CLASSES = 12


class ReadParams(BaseModel, extra="forbid"):
    """What the brief says of the data."""

    source: tuple[str, ...]
    query: str | None = None
    table: str | None = None
    sheet: str | None = None
    target: str | None = None
    roles: dict[str, str] = {}
    kind: str | None = None
    metric: str | None = None
    objective: str = ""


class Read:
    """Source to typed table, schema and an understanding of the problem."""

    traits: ClassVar[Traits] = Traits(summary="Read the data, type its columns, name the task", extra="train")
    name: ClassVar[str] = "read"
    version: ClassVar[str] = "1"
    summary: ClassVar[str] = traits.summary
    heavy: ClassVar[bool] = False
    params: ClassVar[type[BaseModel]] = ReadParams
    inputs: ClassVar[Mapping[str, str]] = {}
    outputs: ClassVar[Mapping[str, str]] = {
        "dataset": "parquet",
        "schema": "json",
        "understanding": "json",
        "reading": "json",
    }

    def run(self, params: ReadParams, inputs: Mapping[str, Any], context: Context) -> Mapping[str, Any]:
        """Read, infer, type and encode; every assumption is said."""
        from mlwright.data.dataset import to_dataset
        from mlwright.data.graded import check_graded, query_column
        from mlwright.data.infer import infer_schema
        from mlwright.data.rare_classes import check_rarest
        from mlwright.data.target import encode_target, infer_task

        raw = read_source(params.source, params.query, context)
        assumptions: list[Assumption] = []
        target = params.target
        if target is None:
            target, why = guess_target(raw.frame.columns, params.objective)
            assumptions.append(Assumption(field="data.target", value=target, why=why))
        roles = {name: Role(word) for name, word in params.roles.items()}
        schema = infer_schema(raw, target=target, roles=roles)
        dataset, problems = to_dataset(raw, schema)
        task, why = infer_task(dataset)
        task = _agreed(task, params.kind)
        if params.kind is None:
            kind = "classification" if task.is_classification else "regression"
            assumptions.append(Assumption(field="kind", value=kind, why=why))
        if task is Task.RANKING:
            check_graded(dataset)
            assumptions += _guessed_query(query_column(dataset).name, params.roles)
        encoded = encode_target(dataset, task)
        check_rarest(encoded, target)
        metric, chosen = _metric(task, params.metric)
        assumptions += chosen
        if params.kind == "ordinal":
            assumptions.append(_order(encoded.classes))
        understanding = Understanding(
            task=task,
            target=target,
            classes=encoded.classes,
            label_type=encoded.label_type,
            metric=metric,
            rows=dataset.rows,
            features=len(dataset.schema.inputs),
            table=dataset.schema,
            assumptions=tuple(assumptions),
        )
        for assumption in assumptions:
            context.emit("assumption", assumption.model_dump(mode="json"))
        reading = reading_facts(params.source, raw, dataset.rows, problems)
        return {
            "dataset": dataset.frame,
            "schema": dataset.schema.model_dump(mode="json"),
            "understanding": understanding.model_dump(mode="json"),
            "reading": reading,
        }


def _agreed(task: Task, kind: str | None) -> Task:
    if kind == "ordinal":
        return task if task.is_classification else Task.MULTICLASS
    if kind is None or (kind == "classification") == task.is_classification:
        return task
    if kind in (Task.REGRESSION, Task.RANKING):
        return Task(kind)
    return Task.MULTICLASS


def _order(classes: tuple[str, ...]) -> Assumption:
    shown = classes if len(classes) <= _SHOWN_CLASSES else (*classes[:_SHOWN_CLASSES], "...")
    why = "numbers go by size, names by the alphabet; put a number before the names if that is not their order"
    return Assumption(field="the order of the classes", value=" < ".join(shown), why=why)


def _guessed_query(name: str, given: Mapping[str, str]) -> list[Assumption]:
    if name in given:
        return []
    return [Assumption(field=f"data.columns.{name}", value="group", why="its name and values are those of a query")]


def _metric(task: Task, wanted: str | None) -> tuple[str, list[Assumption]]:
    from mlwright.evaluation.metrics import default_metric, metric

    if wanted is None:
        name = "ndcg@10" if task is Task.RANKING else default_metric(task).name
        why = "no metric is required; this one judges the whole ranking or error of a prediction"
        return name, [Assumption(field="metric", value=name, why=why)]
    found = metric(wanted)
    if task not in found.tasks:
        raise BriefError(
            f"The metric '{wanted}' does not fit a {task.value} target.",
            hint=f"require a metric such as '{default_metric(task).name}', or set kind in the brief.",
        )
    return found.name, []
