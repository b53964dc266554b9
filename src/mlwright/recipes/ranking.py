"""Rankings: rows of one query ordered by a grade, from raw rows to a delivered service.

What a table's recipe does is done here too; what differs is said where it differs.
"""

from typing import Any, ClassVar

from mlwright.base.traits import Traits
from mlwright.brief.schema import Brief
from mlwright.recipes.table import Table
from mlwright.run.types import Plan, Step

# Learning the grade of a row alone is the baseline that learning the order of a query has to beat.
_LINEAR = ("dummy", "linear")
_EXPLAINABLE = (*_LINEAR, "lightgbm", "lightgbm_rank")
_ALL = (*_EXPLAINABLE, "xgboost_rank", "catboost_rank", "extra_trees", "catboost")
_FAMILIES = {"linear": _LINEAR, "explainable": _EXPLAINABLE, "any": _ALL}


class Ranking:
    """The plan for a table of queries, each with graded rows."""

    traits: ClassVar[Traits] = Traits(
        summary="Learning to rank: the rows of a query in the order of their grades",
        extra="train",
        requires=("polars", "sklearn", "lightgbm", "onnx"),
    )

    def plan(self, brief: Brief) -> Plan:
        """Return the whole lifecycle as steps."""
        plan = Table().plan(brief)
        steps = tuple(_of_ranking(step, brief) for step in plan.steps)
        notes = (*plan.notes, "Scores order the rows of one query; they mean nothing across queries.")
        return plan.model_copy(update={"steps": steps, "notes": notes})


def _of_ranking(step: Step, brief: Brief) -> Step:
    """Queries stay whole, families learn orders, and the test is scored query by query."""
    changes: dict[str, dict[str, Any]] = {
        "split": {"params": {**step.params, "strategy": _strategy(brief)}},
        "train": {"params": {**step.params, "families": list(_FAMILIES[brief.constraints.interpretability])}},
        "evaluate": {"tool": "evaluate_ranking"},
    }
    return step.model_copy(update=changes.get(step.name, {}))


def _strategy(brief: Brief) -> str:
    """A random split would tear queries apart; by time only where the brief asks for it."""
    return "time" if brief.split and brief.split.strategy == "time" else "group"
