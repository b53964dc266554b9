"""Anomalies: rows that are unlike the others, told by several detectors, delivered with a threshold for alarms.

Read `Anomaly.plan` from top to bottom. Without labels nobody can say how good the alarms are, and the report says so.
"""

from typing import Any, ClassVar

from mlwright.base.traits import Traits
from mlwright.brief.schema import Brief
from mlwright.recipes.clustering import without_targets
from mlwright.recipes.table import Table
from mlwright.run.types import Plan, Step

# Simple first.
_LINEAR = ("deviation", "mahalanobis", "components")
_EXPLAINABLE = (*_LINEAR, "neighbours")
_FAMILIES = {"linear": _LINEAR, "explainable": _EXPLAINABLE, "any": (*_EXPLAINABLE, "isolation_forest")}
_ROWS = {"understanding": "read.understanding", "schema": "leaks.schema", "training": "split.training"}


class Anomaly:
    """The plan for one table of mostly usual rows, labelled or not."""

    traits: ClassVar[Traits] = Traits(
        summary="Anomalies: several detectors averaged, alarms within a budget",
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
            shared["split"],
            shared["leaks"].model_copy(update={"tool": "check_rows"}),
            Step(name="train", tool="find_anomalies", inputs=_ROWS, params=_search(brief)),
            Step(name="select", tool="build_anomalies", inputs=_BUILT, params=_alarms(brief)),
            # Where nobody has labels, rows made strange on purpose go with the held-out ones from here on.
            Step(name="challenge", tool="inject_anomalies", inputs=_HELD_OUT, params={"seed": brief.seed}),
            _challenged(shared["export"]),
            _challenged(shared["load"]),
            _judge(table["evaluate"]),
            shared["watch"],
            shared["report"],
            shared["track"],
        )
        return Plan(steps=steps, notes=_notes(brief))


_BUILT = {**_ROWS, "search": "train.search", "scores": "train.scores"}
_HELD_OUT = {"understanding": "read.understanding", "schema": "leaks.schema", "test": "split.test"}


def _search(brief: Brief) -> dict[str, Any]:
    return {"families": list(_FAMILIES[brief.constraints.interpretability]), "seed": brief.seed}


def _alarms(brief: Brief) -> dict[str, Any]:
    wanted = brief.constraints.alarms
    return {
        "alarm_share": wanted.share if wanted else None,
        "alarms_per_day": wanted.per_day if wanted else None,
        "seed": brief.seed,
    }


def _challenged(step: Step) -> Step:
    return step.model_copy(update={"inputs": {**step.inputs, "test": "challenge.test"}})


def _judge(step: Step) -> Step:
    inputs = {
        **_challenged(step).inputs,
        "understanding": "read.understanding",
        "training": "split.training",
        "injected": "challenge.injected",
    }
    return step.model_copy(update={"tool": "evaluate_anomalies", "inputs": inputs})


def _notes(brief: Brief) -> tuple[str, ...]:
    if brief.data.target is not None:
        return (f"Detectors never learn from '{brief.data.target}'; it chooses among them and sets the threshold.",)
    return ("Without labels the quality of alarms cannot be measured; injected rows test the detector instead.",)
