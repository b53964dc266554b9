"""Clusters: rows that nobody has labelled into groups that can be found again, delivered as a service.

Read `Clustering.plan` from top to bottom. That there are no clusters is an answer too, and it is delivered as one.
"""

from typing import ClassVar

from mlwright.base.traits import Traits
from mlwright.brief.schema import Brief
from mlwright.recipes.table import Table
from mlwright.run.types import Plan, Step

# Simple first: within the noise the earlier one is kept.
_EXPLAINABLE = ("kmeans", "agglomerative")
_ALL = (*_EXPLAINABLE, "mixture", "hdbscan")
_FAMILIES = {"linear": ("kmeans",), "explainable": _EXPLAINABLE, "any": _ALL}
_ROWS = {"understanding": "read.understanding", "schema": "leaks.schema", "training": "split.training"}


class Clustering:
    """The plan for one table without a target, or with one that judges and is never learned from."""

    traits: ClassVar[Traits] = Traits(
        summary="Clusters that are found again on other rows: k-means, Ward, mixtures, HDBSCAN",
        extra="train",
        requires=("polars", "sklearn", "onnx"),
    )

    def plan(self, brief: Brief) -> Plan:
        """Return the whole lifecycle as steps; what a table's recipe does alike is taken from there."""
        table = {step.name: step for step in Table().plan(brief).steps}
        shared = {name: without_targets(step) for name, step in table.items()}
        steps = (
            shared["read"].model_copy(update={"tool": "read_rows"}),
            shared["profile"],
            # Held-out rows show whether a cluster is found again; with labels, those are sealed now.
            shared["split"],
            shared["leaks"].model_copy(update={"tool": "check_rows"}),
            _search(brief),
            _build(brief),
            shared["export"],
            shared["load"],
            _judge(table["evaluate"]),
            # No column is more or less important for a prediction that nobody can call wrong: profiles explain.
            shared["watch"],
            shared["report"],
            shared["track"],
        )
        return Plan(steps=steps, notes=_notes(brief))


def _search(brief: Brief) -> Step:
    params = {
        "families": list(_FAMILIES[brief.constraints.interpretability]),
        "clusters": brief.constraints.clusters,
        "seed": brief.seed,
    }
    return Step(name="train", tool="find_clusters", inputs=_ROWS, params=params)


def _build(brief: Brief) -> Step:
    return Step(
        name="select", tool="build_clusters", inputs={**_ROWS, "search": "train.search"}, params={"seed": brief.seed}
    )


def _judge(step: Step) -> Step:
    inputs = {**step.inputs, "understanding": "read.understanding", "model": "select.model"}
    return step.model_copy(update={"tool": "evaluate_clusters", "inputs": inputs})


def without_targets(step: Step) -> Step:
    """Return the step without what only a target gives."""
    gone = ("explain.", "learning.")
    kept = {name: source for name, source in step.inputs.items() if not source.startswith(gone)}
    return step.model_copy(update={"inputs": kept})


def _notes(brief: Brief) -> tuple[str, ...]:
    notes = ["Clusters are described, not proved: the report says how they were told from chance."]
    if brief.data.target is not None:
        notes.append(f"'{brief.data.target}' is used to judge the clusters at the end, never to make them.")
    return tuple(notes)
