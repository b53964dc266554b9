"""Tables: classification and regression, from raw rows to a delivered service.

Read `Table.plan` from top to bottom: it is what a senior engineer would do, in that order, and why.
"""

from typing import Any, ClassVar

from mlwright.base.errors import BriefError
from mlwright.base.traits import Traits
from mlwright.brief.schema import Brief, SearchSpec
from mlwright.recipes import of_brief
from mlwright.run.types import Plan, Step

# Simple first: within the noise floor the earlier one is kept.
_LINEAR = ("dummy", "linear")
_EXPLAINABLE = (*_LINEAR, "lightgbm")
_BOOSTED = ("lightgbm", "catboost", "xgboost", "hist_boosting")
_ALL = (*_LINEAR, *_BOOSTED, "extra_trees", "random_forest", "network", "nearest_neighbours")
_FAMILIES = {"linear": _LINEAR, "explainable": _EXPLAINABLE, "any": _ALL}


class Table:
    """The plan for one table with one target."""

    traits: ClassVar[Traits] = Traits(
        summary="Tables: binary and multi-class classification, regression",
        extra="train",
        requires=("polars", "sklearn", "lightgbm", "onnx"),
    )

    def plan(self, brief: Brief) -> Plan:
        """Return the whole lifecycle as steps."""
        return Plan(
            steps=(*_look(brief), *_make(brief), *_prove(brief), *of_brief.hand_over(brief, _REPORTED)),
            notes=_notes(brief),
        )


_INTERVAL = 0.9  # of true values within the band around a predicted one, where the brief asks for no other share


# What most tools take: the problem, and the columns that may be learned from.
_NEED = {"understanding": "read.understanding", "schema": "leaks.schema"}
_TRAINING = {**_NEED, "training": "split.training"}
_DELIVERED = {**_NEED, "onnx": "export.onnx", "signature": "export.signature"}


def _look(brief: Brief) -> tuple[Step, ...]:
    """Nothing is decided before the data has been read and looked at, and nothing learns before the test is sealed."""
    data = {"dataset": "read.dataset", "understanding": "read.understanding"}
    checked = {**data, "reading": "read.reading", "split": "split.split"}
    return (
        Step(name="read", tool="read", params=_reading(brief)),
        Step(name="profile", tool="profile", inputs=data),
        Step(name="split", tool="split", inputs=data, params=of_brief.splitting(brief)),
        # A leak makes every later number a lie, so it is looked for before the first model.
        Step(name="leaks", tool="check_leaks", inputs=checked, params={"on_leak": brief.on_leak, "seed": brief.seed}),
    )


def _make(brief: Brief) -> tuple[Step, ...]:
    """Search, choose, export, and put under load: a model that is too slow is not yet the model."""
    trials = {**_TRAINING, "trials": "train.trials"}
    exported = {**_NEED, "model": "select.model", "test": "split.test"}
    served = {
        "schema": "leaks.schema",
        "onnx": "export.onnx",
        "signature": "export.signature",
        "test": "split.test",
        "selection": "select.selection",
    }
    return (
        Step(name="train", tool="train", inputs=_TRAINING, params=_training(brief)),
        Step(name="select", tool="select", inputs=trials, params=_choosing(brief)),
        Step(name="export", tool="export", inputs=exported),
        Step(name="load", tool="load_test", inputs=served, params=of_brief.limits(brief)),
    )


def _prove(brief: Brief) -> tuple[Step, ...]:
    """Only now, with the model decided, the vault is opened; then the model is explained and its monitor tested."""
    curve = {**_TRAINING, "trials": "train.trials", "selection": "select.selection"}
    judged = {
        "schema": "leaks.schema",
        "signature": "export.signature",
        "native": "export.predictions",
        "test": "split.test",
        "split": "split.split",
    }
    rows = {"training": "split.training", "test": "split.test", "predictions": "evaluate.predictions"}
    watched = {**_DELIVERED, **rows, "split": "split.split", "importance": "explain.importance"}
    return (
        Step(name="evaluate", tool="evaluate", inputs=judged, params=_judging(brief)),
        Step(name="explain", tool="explain", inputs={**_DELIVERED, **rows}, params={"seed": brief.seed}),
        Step(name="watch", tool="watch", inputs=watched, params={"seed": brief.seed}),
        Step(name="learning", tool="learning_curve", inputs=curve, params={"seed": brief.seed}),
    )


_REPORTED = {
    "understanding": "read.understanding",
    "reading": "read.reading",
    "schema": "leaks.schema",
    "profile": "profile.profile",
    "quality": "profile.findings",
    "leaks": "leaks.findings",
    "split": "split.split",
    "search": "train.search",
    "selection": "select.selection",
    "model": "select.model",
    "learning": "learning.curve",
    "onnx": "export.onnx",
    "signature": "export.signature",
    "parity": "export.parity",
    "native": "export.predictions",
    "load": "load.load_test",
    "evaluation": "evaluate.evaluation",
    "judgement": "evaluate.judgement",
    "predictions": "evaluate.predictions",
    "rows": "evaluate.rows",
    "explanation": "explain.explanation",
    "importance": "explain.importance",
    "baseline": "watch.baseline",
    "drift": "watch.self_test",
    "monitor": "watch.config",
}


def _reading(brief: Brief) -> dict[str, Any]:
    return {**of_brief.reading(brief), "kind": brief.kind, "metric": _metric(brief)}


def _training(brief: Brief) -> dict[str, Any]:
    params: dict[str, Any] = {
        "families": list(_FAMILIES[brief.constraints.interpretability]),
        "trials": brief.constraints.trials,
        "seed": brief.seed,
    }
    if brief.search is None and brief.constraints.compute == "local":
        return params
    search = _searching(brief, params["families"])
    return params | {"search": search.model_dump(mode="json"), "compute": brief.constraints.compute}


def _searching(brief: Brief, allowed: list[str]) -> SearchSpec:
    """Return the brief's own search, if it goes with what else the brief asks for."""
    search = brief.search or SearchSpec()
    barred = [name for name in (*search.families, *search.space) if name not in allowed]
    if barred and brief.constraints.interpretability != "any":
        raise BriefError(
            f"'{barred[0]}' is to be searched, but is not {brief.constraints.interpretability}.",
            hint=f"search {', '.join(allowed)}, or set constraints.interpretability to any.",
        )
    if brief.constraints.compute != "local" and not search.method.startswith("ray_"):
        if search.method != "auto":
            raise BriefError(
                f"The search method '{search.method}' runs on this machine; compute is {brief.constraints.compute}.",
                hint="set search.method to ray_asha or ray_pbt, or constraints.compute to local.",
            )
        return search.model_copy(update={"method": "ray_asha"})
    return search


def _choosing(brief: Brief) -> dict[str, Any]:
    return {
        "seed": brief.seed,
        "single_member": brief.constraints.interpretability != "any",
        "gates": [gate.model_dump(mode="json") for gate in brief.gates],
        "costs": brief.costs.model_dump(mode="json") if brief.costs else None,
        "interval": brief.interval or _INTERVAL,
    }


def _judging(brief: Brief) -> dict[str, Any]:
    costs = brief.costs.model_dump(mode="json") if brief.costs else None
    return {**of_brief.judging(brief), "metric": _metric(brief), "costs": costs}


def _metric(brief: Brief) -> str | None:
    return brief.headline_metric or ("quadratic_kappa" if brief.kind == "ordinal" else None)


def _notes(brief: Brief) -> tuple[str, ...]:
    notes = ["CatBoost is used on encoded columns: its native categories cannot be written as ONNX."]
    if brief.constraints.interpretability != "any":
        kept = ", ".join(_FAMILIES[brief.constraints.interpretability])
        notes.append(f"interpretability is {brief.constraints.interpretability}: only {kept} are candidates.")
    return tuple(notes)
