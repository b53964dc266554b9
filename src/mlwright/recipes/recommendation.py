"""Recommendation: who will like what, from interactions to a service that answers with lists.

Read `Recommendation.plan` from top to bottom: it is what a senior engineer would do, in that order, and why.
"""

from typing import ClassVar

from mlwright.base.traits import Traits
from mlwright.brief.schema import Brief
from mlwright.recipes import of_brief
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
        return Plan(
            steps=(*_look(brief), *_make(brief), *_prove(brief), *of_brief.hand_over(brief, _REPORTED)), notes=_notes()
        )


def _look(brief: Brief) -> tuple[Step, ...]:
    """What came last is sealed: a recommender is asked what users will like next; nothing else is a test of that."""
    data = {"dataset": "read.dataset", "understanding": "read.understanding"}
    return (
        Step(name="read", tool="read_feedback", params={**of_brief.reading(brief), "kind": brief.kind}),
        Step(name="split", tool="split_feedback", inputs=data, params=of_brief.splitting(brief)),
    )


def _make(brief: Brief) -> tuple[Step, ...]:
    """Compare on later rows of the training part, mix, choose, fit to all of it, export, and put under load."""
    training = {
        "understanding": "read.understanding",
        "schema": "read.schema",
        "training": "split.training",
        "split": "split.split",
    }
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
    return (
        Step(name="train", tool="train_recommender", inputs=training, params=tried),
        Step(
            name="select",
            tool="select_recommender",
            inputs={**training, "trials": "train.trials"},
            params={"seed": brief.seed},
        ),
        Step(name="export", tool="export_recommender", inputs=_MADE, params={"seed": brief.seed}),
        Step(name="load", tool="load_test", inputs=loaded, params=of_brief.limits(brief)),
    )


def _prove(brief: Brief) -> tuple[Step, ...]:
    """Only now the vault is opened; then the monitor is made and tested."""
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
            params=of_brief.judging(brief),
        ),
        Step(name="watch", tool="watch", inputs=watched, params={"seed": brief.seed}),
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


def _notes() -> tuple[str, ...]:
    return (
        "Users whom training never saw are served by the items they like, and without any by what is popular.",
        "Scores order the items of one user; they mean nothing across users, unless ratings are foreseen.",
    )
