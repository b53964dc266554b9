"""Recommendation: who will like what, from interactions to a service that answers with lists.

Read `Recommendation.plan` from top to bottom: it is what a senior engineer would do, in that order, and why.
"""

from typing import Any, ClassVar

from mlwright.base.traits import Traits
from mlwright.brief.schema import Brief
from mlwright.run.types import Plan, Step

# Simple first: within the noise the earlier one is kept. Items that most like are the baseline of every recommender.
_PREFERENCES = ("popularity", "item_knn", "ease", "als")
_RATINGS = ("rating_means", "rating_als")


class Recommendation:
    """The plan for interactions of users with items."""

    traits: ClassVar[Traits] = Traits(
        summary="Recommendation from likes or ratings: lists of items for users",
        extra="train",
        requires=("polars", "scipy", "onnx"),
    )

    def plan(self, brief: Brief) -> Plan:
        """Return the whole lifecycle as steps."""
        return Plan(steps=(*_look(brief), *_make(brief), *_prove(brief), *_hand_over(brief)), notes=_notes())


def _look(brief: Brief) -> tuple[Step, ...]:
    """What came last is sealed: a recommender is asked what users will like next; nothing else is a test of that."""
    split = brief.split
    splitting = {
        "test_share": split.test_share if split else None,
        "strategy": split.strategy if split else "auto",
        "seed": brief.seed,
    }
    data = {"dataset": "read.dataset", "understanding": "read.understanding"}
    return (
        Step(name="read", tool="read_feedback", params=_reading(brief)),
        Step(name="split", tool="split_feedback", inputs=data, params=splitting),
    )


def _make(brief: Brief) -> tuple[Step, ...]:
    """Compare on later rows of the training part, mix, choose, fit to all of it, export, and put under load."""
    training = {
        "understanding": "read.understanding",
        "schema": "read.schema",
        "training": "split.training",
        "split": "split.split",
    }
    limits = brief.requirements
    tried = {
        "preferences": list(_PREFERENCES),
        "ratings": list(_RATINGS),
        "trials": brief.constraints.trials,
        "seed": brief.seed,
    }
    loaded = {
        "schema": "read.schema",
        "onnx": "export.onnx",
        "signature": "select.signature",
        "test": "export.pairs",
        "selection": "select.selection",
    }
    wanted = {
        "latency_p95_seconds": limits.latency_p95_seconds,
        "throughput_rows_per_second": limits.throughput_rows_per_second,
        "size_bytes": limits.size_bytes,
    }
    return (
        Step(name="train", tool="train_recommender", inputs=training, params=tried),
        Step(
            name="select",
            tool="select_recommender",
            inputs={**training, "trials": "train.trials"},
            params={"seed": brief.seed},
        ),
        Step(name="export", tool="export_recommender", inputs=_MADE, params={"seed": brief.seed}),
        Step(name="load", tool="load_test", inputs=loaded, params=wanted),
    )


def _prove(brief: Brief) -> tuple[Step, ...]:
    """Only now the vault is opened; then the monitor is made and tested."""
    judging = {
        "seed": brief.seed,
        "requirements": {name: limit.model_dump(mode="json") for name, limit in brief.requirements.metrics.items()},
        "gates": [gate.model_dump(mode="json") for gate in brief.gates],
    }
    watched = {
        "understanding": "read.understanding",
        "schema": "read.schema",
        "signature": "select.signature",
        "onnx": "export.onnx",
        "training": "split.training",
        "test": "export.pairs",
        "split": "split.split",
        "predictions": "export.predictions",
    }
    return (
        Step(
            name="evaluate",
            tool="evaluate_recommendation",
            inputs={**_MADE, "test": "split.test", "split": "split.split"},
            params=judging,
        ),
        Step(name="watch", tool="watch", inputs=watched, params={"seed": brief.seed}),
    )


def _hand_over(brief: Brief) -> tuple[Step, ...]:
    """Write and seal the delivery, then tell the tracker."""
    tracked = {
        "verdict": "report.verdict",
        "signature": "select.signature",
        "selection": "select.selection",
        "search": "train.search",
        "evaluation": "evaluate.evaluation",
        "reading": "read.reading",
        "split": "split.split",
    }
    return (
        Step(name="report", tool="report", inputs=_REPORTED, params={"brief": brief.model_dump(mode="json")}),
        Step(name="track", tool="track", inputs=tracked, params={"seed": brief.seed}),
    )


_MADE = {"model": "select.model", "signature": "select.signature", "front": "select.front"}
_REPORTED = {
    "understanding": "read.understanding",
    "reading": "read.reading",
    "schema": "read.schema",
    "split": "split.split",
    "search": "train.search",
    "selection": "select.selection",
    "model": "select.model",
    "front": "select.front",
    "onnx": "export.onnx",
    "signature": "select.signature",
    "parity": "export.parity",
    "native": "evaluate.native",
    "load": "load.load_test",
    "evaluation": "evaluate.evaluation",
    "judgement": "evaluate.judgement",
    "predictions": "evaluate.predictions",
    "rows": "evaluate.rows",
    "baseline": "watch.baseline",
    "drift": "watch.self_test",
    "monitor": "watch.config",
}


def _reading(brief: Brief) -> dict[str, Any]:
    data = brief.data
    return {
        "source": list(data.sources),
        "query": data.query,
        "table": data.table,
        "sheet": data.sheet,
        "target": data.target,
        "roles": dict(data.columns),
        "kind": brief.kind,
        "metric": brief.headline_metric,
        "objective": brief.objective,
    }


def _notes() -> tuple[str, ...]:
    return (
        "Users whom training never saw are served by the items they like, and without any by what is popular.",
        "Scores order the items of one user; they mean nothing across users, unless ratings are foreseen.",
    )
