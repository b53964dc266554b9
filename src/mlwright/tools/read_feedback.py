"""Read interactions of users with items and decide what each column means."""

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import BaseModel

from mlwright.base.errors import BriefError
from mlwright.base.traits import Traits
from mlwright.brief.schema import Assumption
from mlwright.data.schema import Role
from mlwright.data.task import Task
from mlwright.run.types import Context
from mlwright.tools.read import ReadParams
from mlwright.tools.sources import read_source, reading_facts
from mlwright.tools.understanding import Understanding

_NAMELESS = "interaction"  # what is predicted where there are no ratings


class ReadFeedback:
    """Source to interactions, each user and item once."""

    traits: ClassVar[Traits] = Traits(summary="Read interactions of users with items", extra="train")
    name: ClassVar[str] = "read_feedback"
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
        """Read, find the columns, and leave one row a pair; every assumption is said."""
        from mlwright.data.dataset import to_dataset
        from mlwright.data.feedback import check_feedback, feedback_columns, feedback_roles
        from mlwright.data.infer import infer_schema
        from mlwright.data.readers.raw import ReadProblem

        raw = read_source(params.source, params.query, context)
        given = {name: Role(word) for name, word in params.roles.items()}
        roles, guessed = feedback_roles(raw.frame.columns, given, params.target)
        target = next((name for name, role in roles.items() if role is Role.TARGET), None)
        schema = infer_schema(raw, target=target, roles=roles)
        typed, problems = to_dataset(raw, schema)
        dataset, notes = check_feedback(typed)
        columns = feedback_columns(dataset)
        assumptions = [
            Assumption(field=f"data.columns.{name}", value=str(roles[name]), why="its name says so") for name in guessed
        ]
        metric, chosen = _metric(params.metric, rated=columns.rating is not None)
        understanding = Understanding(
            task=Task.RECOMMENDATION,
            target=columns.rating or _NAMELESS,
            classes=(),
            label_type="string",
            metric=metric,
            rows=dataset.rows,
            features=2,
            table=dataset.schema,
            assumptions=(*assumptions, *chosen),
            labelled=columns.rating is not None,
        )
        for assumption in understanding.assumptions:
            context.emit("assumption", assumption.model_dump(mode="json"))
        left_out = [ReadProblem(note) for note in notes]
        return {
            "dataset": dataset.frame,
            "schema": dataset.schema.model_dump(mode="json"),
            "understanding": understanding.model_dump(mode="json"),
            "reading": reading_facts(params.source, raw, dataset.rows, (*problems, *left_out)),
        }


def _metric(wanted: str | None, *, rated: bool) -> tuple[str, list[Assumption]]:
    from mlwright.evaluation.metrics import metric

    if wanted is None:
        why = "no metric is required; this one judges the first ten of a list, the first most"
        return "ndcg@10", [Assumption(field="metric", value="ndcg@10", why=why)]
    found = metric(wanted)
    if "recommendation" not in found.tasks or found.name.partition("@")[0] in ("coverage", "novelty"):
        raise BriefError(
            f"The metric '{wanted}' does not choose a recommender.", hint="use ndcg@10, recall@10 or, of ratings, rmse."
        )
    if found.name in ("rmse", "mae") and not rated:
        raise BriefError(
            f"The metric '{wanted}' needs ratings, and no column has the role target.",
            hint="set data.target in the brief to the rating, or require ndcg@10.",
        )
    return (found.name if found.name in ("rmse", "mae") or "@" in found.name else f"{found.name}@10"), []
