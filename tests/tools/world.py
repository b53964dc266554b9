"""A small world for one tool: a real context in a folder, tables, and what a run knows of them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mlwright.contract.gate import Gate
from mlwright.contract.schema import load_contract
from mlwright.data.schema import Column, Role, Schema, SemanticType
from mlwright.data.task import Task
from mlwright.run.partial import Partial
from mlwright.run.types import Context
from mlwright.tools.understanding import Understanding


def context(root: Path, tool: str, said: list[tuple[str, Mapping[str, Any]]] | None = None) -> Context:
    """Return a context under the default contract; what the tool says is kept in `said`."""
    for name in ("workspace", "delivery"):
        (root / name).mkdir(exist_ok=True)
    kept = [] if said is None else said
    return Context(
        seed=0,
        threads=1,
        deadline=None,
        emit=lambda kind, data: kept.append((kind, data)),
        workspace=root / "workspace",
        partial=Partial(root / "partial"),
        gate=Gate(load_contract().within(root), tool),
        delivery=root / "delivery",
        vault=root / "vault",
        base=root,
    )


def number(name: str, role: Role = Role.FEATURE) -> Column:
    return Column(name=name, type=SemanticType.NUMBER, role=role)


def category(name: str, role: Role = Role.FEATURE) -> Column:
    return Column(name=name, type=SemanticType.CATEGORY, role=role)


def understanding(schema: Schema, task: Task, *, target: str = "y", classes: tuple[str, ...] = ()) -> Understanding:
    metric = "rmse" if task is Task.REGRESSION else "accuracy"
    return Understanding(
        task=task,
        target=target,
        classes=classes,
        label_type="string",
        metric=metric,
        rows=0,
        features=len(schema.inputs),
        table=schema,
    )
