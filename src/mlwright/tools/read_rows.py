"""Read rows of which nobody says what is to be predicted: for clusters and anomalies."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import BaseModel

from mlwright.base.errors import BriefError, DataError
from mlwright.base.traits import Traits
from mlwright.brief.schema import Assumption
from mlwright.data.schema import Role
from mlwright.models.signature import Task
from mlwright.run.types import Context
from mlwright.tools.read import ReadParams
from mlwright.tools.sources import read_source, reading_facts
from mlwright.tools.understanding import Understanding

if TYPE_CHECKING:
    from mlwright.data.dataset import Dataset

_GIVEN = {Task.CLUSTERING: "cluster", Task.ANOMALY: "anomaly"}  # what the model gives, where no column is called so
_WITHOUT_LABELS = frozenset(
    ("silhouette", "davies_bouldin", "stability", "injected_pr_auc", "injected_recall", "alarm_share")
)
_STRANGE = frozenset(("1", "true", "yes", "anomaly", "anomalous", "abnormal", "outlier", "attack", "fraud", "positive"))


class ReadRows:
    """Source to typed rows, schema and an understanding; a target is only for judging, where there is one."""

    traits: ClassVar[Traits] = Traits(summary="Read rows without a target, type their columns", extra="train")
    name: ClassVar[str] = "read_rows"
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
        """Read and type; every assumption is said."""
        from mlwright.data.dataset import to_dataset
        from mlwright.data.infer import infer_schema

        task = Task(params.kind or Task.CLUSTERING)
        raw = read_source(params.source, params.query, context)
        roles = {name: Role(word) for name, word in params.roles.items()}
        schema = infer_schema(raw, target=params.target, roles=roles)
        dataset, problems = to_dataset(raw, schema)
        if not dataset.schema.inputs:
            raise DataError(
                f"No column of {raw.source} can be learned from: all are empty, constant or identifiers.",
                hint="give columns that say something of the rows, or set their role to feature in the brief.",
            )
        understanding = _understanding(dataset, task, params)
        for assumption in understanding.assumptions:
            context.emit("assumption", assumption.model_dump(mode="json"))
        return {
            "dataset": dataset.frame,
            "schema": dataset.schema.model_dump(mode="json"),
            "understanding": understanding.model_dump(mode="json"),
            "reading": reading_facts(params.source, raw, dataset.rows, problems),
        }


def _understanding(dataset: "Dataset", task: Task, params: ReadParams) -> Understanding:
    classes, assumptions = _classes(dataset, task)
    metric, chosen = _metric(task, params.metric, labelled=bool(classes))
    return Understanding(
        task=task,
        target=params.target or _free_name(_GIVEN[task], dataset.schema.names),
        classes=classes,
        label_type="string",
        metric=metric,
        rows=dataset.rows,
        features=len(dataset.schema.inputs),
        table=dataset.schema,
        assumptions=(*assumptions, *chosen),
        labelled=bool(classes),
    )


def _free_name(wanted: str, names: tuple[str, ...]) -> str:
    return wanted if wanted not in names else f"{wanted} found"


def _classes(dataset: "Dataset", task: Task) -> tuple[tuple[str, ...], list[Assumption]]:
    """Return the labels that the table holds for judging: groups, or (normal, anomaly); none without a target."""
    from mlwright.data.target import encode_target

    column = dataset.schema.target
    if column is None:
        return (), []
    if task is Task.CLUSTERING:
        return encode_target(dataset, task).classes, []
    classes = encode_target(dataset, Task.BINARY).classes
    telling = [label for label in classes if label.lower() in _STRANGE]
    counts = {label: int((dataset.frame[column.name].cast(str) == label).sum()) for label in classes}
    strange = telling[0] if len(telling) == 1 else min(classes, key=lambda label: (counts[label], label))
    why = "it is the usual word for it" if len(telling) == 1 else "it is the rarer of the two"
    normal = next(label for label in classes if label != strange)
    field = f"the label of '{column.name}' that means an anomaly"
    return (normal, strange), [Assumption(field=field, value=strange, why=why)]


def _metric(task: Task, wanted: str | None, *, labelled: bool) -> tuple[str, list[Assumption]]:
    from mlwright.evaluation.metrics import default_metric, metric

    if wanted is None:
        name = default_metric(task).name if labelled or task is Task.CLUSTERING else "injected_pr_auc"
        why = "no metric is required; this one tells how well what is found stands out from the rest"
        return name, [Assumption(field="metric", value=name, why=why)]
    found = metric(wanted)
    if not found.fits(task):
        raise BriefError(
            f"The metric '{wanted}' does not fit {task.value}.",
            hint=f"require a metric such as '{default_metric(task).name}'.",
        )
    if not labelled and found.name not in _WITHOUT_LABELS:
        raise BriefError(
            f"The metric '{found.name}' compares with labels, and no column has any.",
            hint="set data.target to the column with the labels, or judge by one of: "
            f"{', '.join(one for one in sorted(_WITHOUT_LABELS) if metric(one).fits(task))}.",
        )
    return found.name, []
