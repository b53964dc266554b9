"""Score the model on the sealed test, once.

The predictions are the native model's; `export` has refused any graph that differs from them, and `verify` scores the
graph itself again. Row weights guide the training; the test counts every row once.
"""

import gzip
import json
from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import BaseModel

from mlwright.base.traits import Traits
from mlwright.data.schema import Role
from mlwright.models.signature import Signature, Task
from mlwright.run.types import Context
from mlwright.tools.raw_rows import raw_rows
from mlwright.tools.table import dataset_of


class EvaluateParams(BaseModel, extra="forbid"):
    """What the brief wants to see reached: thresholds by metric, and gates, both as in the brief."""

    seed: int = 0
    requirements: dict[str, dict[str, Any]] = {}
    gates: tuple[dict[str, Any], ...] = ()
    metric: str | None = None
    costs: dict[str, float] | None = None


class Evaluate:
    """Predictions and sealed labels to every measure of quality, with intervals."""

    traits: ClassVar[Traits] = Traits(summary="Open the vault once and score what is delivered", extra="train")
    name: ClassVar[str] = "evaluate"
    version: ClassVar[str] = "1"
    summary: ClassVar[str] = traits.summary
    heavy: ClassVar[bool] = False
    final: ClassVar[bool] = True
    params: ClassVar[type[BaseModel]] = EvaluateParams
    inputs: ClassVar[Mapping[str, str]] = {
        "schema": "json",
        "signature": "json",
        "native": "npz",
        "test": "parquet",
        "split": "json",
    }
    outputs: ClassVar[Mapping[str, str]] = {
        "evaluation": "json",
        "predictions": "npz",
        "rows": "bytes",
        "judgement": "json",
    }

    def run(self, params: EvaluateParams, inputs: Mapping[str, Any], context: Context) -> Mapping[str, Any]:
        """Open the vault and measure the exported model's predictions of the test rows."""
        from mlwright.evaluation.intervals import Bootstrap
        from mlwright.evaluation.report import EvaluationOptions, evaluate_classification, evaluate_regression
        from mlwright.evaluation.score import Basis
        from mlwright.evaluation.slices import SliceConfig
        from mlwright.evaluation.vault import open_once
        from mlwright.models.tabular.ensemble import label_codes

        signature = Signature.model_validate(inputs["signature"])
        predicted = inputs["native"]
        test = dataset_of(inputs["test"], inputs["schema"])
        sensitive = [column.name for column in test.schema.with_role(Role.SENSITIVE)]
        vault = context.gate.read(context.vault / "labels.npy").parent
        y = open_once(vault, f"evaluate {signature.name} {signature.version}")
        context.emit("vault", {"text": "the sealed labels were opened", "rows": len(y), "model": signature.version})
        options = EvaluationOptions(
            basis=Basis(evaluator="vault", split=inputs["split"]["strategy"], rows=len(y), seed=params.seed),
            threshold=signature.threshold,
            columns=test.columns([column.name for column in signature.inputs]),
            sensitive=test.columns(sensitive),
            bootstrap=Bootstrap(seed=params.seed),
            slices=SliceConfig(seed=params.seed),
            also=_asked(params),
            labels=label_codes(signature, predicted["probabilities"]) if signature.cuts else None,
        )
        if signature.task.is_classification:
            evaluation = evaluate_classification(y, predicted["probabilities"], signature.classes, options)
        else:
            evaluation = evaluate_regression(y, predicted["values"], options)
        facts = evaluation.model_dump(mode="json")
        facts["cost"] = _cost(evaluation, params.costs)
        facts["interval"] = _coverage(y, predicted.get("values"), signature)
        facts["curves"] = _curves(y, predicted.get("probabilities"), signature)
        return {
            "evaluation": facts,
            "predictions": {**predicted, "y": y},
            "rows": labelled_rows(test, y, signature),
            "judgement": {
                "requirements": judge_requirements(params.requirements, facts),
                "gates": [judge_gate(gate, facts) for gate in params.gates],
            },
        }


def _asked(params: EvaluateParams) -> tuple[str, ...]:
    """Return the metrics that the brief names, in the order in which it does."""
    from mlwright.evaluation.metrics import metric as find

    gates = [gate for gate in params.gates if not gate.get("fairness")]
    named = [params.metric, *params.requirements]
    named += [gate.get(key) for gate in gates for key in ("metric", "at_metric")]
    named = [name for name in named if name]
    if any(find(name).ordered for name in named):
        named += ["quadratic_kappa", "ordinal_mae"]
    return tuple(dict.fromkeys(named))


def _cost(evaluation: Any, costs: Mapping[str, float] | None) -> dict[str, float] | None:
    """Return what wrong decisions cost a row at the delivered threshold, and at best with one answer for all."""
    if costs is None or evaluation.confusion is None or evaluation.task != "binary":
        return None
    (tn, fp), (fn, tp) = evaluation.confusion.counts
    rows = tn + fp + fn + tp
    cost = (costs["false_positive"] * fp + costs["false_negative"] * fn) / rows
    constant = min(costs["false_positive"] * (tn + fp), costs["false_negative"] * (fn + tp)) / rows
    return {"mean_cost": cost, "one_answer": constant, "false_positives": fp, "false_negatives": fn, "rows": rows}


def _coverage(y: Any, values: Any, signature: Signature) -> dict[str, Any] | None:
    """Return what the bands around the predicted values did; None where there are none."""
    from mlwright.evaluation.coverage import coverage

    interval = signature.interval
    if interval is None or values is None:
        return None
    return coverage(y, values, interval.band(values), interval.level).model_dump(mode="json")


def _curves(y: Any, probabilities: Any, signature: Signature) -> dict[str, Any]:
    """Return ROC and precision-recall points: of the positive class, or of each class against the rest."""
    import numpy as np

    from mlwright.evaluation.thresholds import threshold_table

    if not signature.task.is_classification:
        return {}
    codes = [1] if signature.task is Task.BINARY else range(len(signature.classes))
    found: dict[str, Any] = {}
    for code in codes:
        truth = (y == code).astype(np.int64)
        if 0 < truth.sum() < len(truth):
            points = threshold_table(truth, probabilities[:, code], points=100)
            found[signature.classes[code]] = [point.model_dump(mode="json") for point in points]
    return found


def labelled_rows(test: Any, y: Any, signature: Signature) -> bytes:
    """Return the test rows as a caller of the service would send them, with the true answer, one JSON object a line."""
    truth = [signature.classes[int(code)] for code in y] if signature.classes else [float(value) for value in y]
    columns = [*signature.inputs, *(one for one in test.schema.columns if one.name == signature.group)]
    rows = raw_rows(test, columns)
    lines = (
        json.dumps({**row, signature.target: answer}, ensure_ascii=False)
        for row, answer in zip(rows, truth, strict=True)
    )
    return gzip.compress(("\n".join(lines) + "\n").encode(), mtime=0)


def judge_requirements(wanted: Mapping[str, Mapping[str, Any]], facts: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return one line per threshold: what was measured, and whether it is met; None where it is not defined."""
    from mlwright.brief.schema import Threshold
    from mlwright.evaluation.metrics import metric

    judged: list[dict[str, Any]] = []
    for name, limit in wanted.items():
        measured = facts["metrics"].get(metric(name).name, {"value": None, "low": None, "high": None})
        met = None if measured["value"] is None else Threshold(**limit).met(measured["value"])
        estimate = {key: measured[key] for key in ("value", "low", "high")}
        judged.append({"name": name, "op": limit["op"], "wanted": limit["value"], **estimate, "met": met})
    return judged


def judge_gate(gate: Mapping[str, Any], facts: Mapping[str, Any]) -> dict[str, Any]:
    """Judge one gate; "recall >= a at precision b" holds when the delivered threshold reaches both on the test."""
    from mlwright.brief.schema import Gate
    from mlwright.evaluation.fairness import fairness_name

    wanted = Gate.model_validate(gate)
    if wanted.fairness:
        name = fairness_name(wanted.metric)
        known = [(_group_of(one, facts), one["gaps"][name]) for one in facts["fairness"] if name in one["gaps"]]
        known = [(group, value) for group, value in known if value is not None]
        worst = max if wanted.op == "<=" else min  # of gaps the widest, of ratios the lowest
        measured = worst(value for _, value in known) if known else None
        detail = ", ".join(f"{group} {value:.3f}" for group, value in known)
        return _judged(wanted, measured, measured is not None and wanted.met(measured), detail)
    measured = facts["metrics"].get(wanted.metric, {}).get("value")
    passed = measured is not None and wanted.met(measured)
    if wanted.at_metric is None or wanted.at_value is None:
        return _judged(wanted, measured, passed, "")
    other = facts["metrics"].get(wanted.at_metric, {}).get("value")
    passed = passed and other is not None and other >= wanted.at_value
    shown = "not defined" if other is None else f"{other:.3f}"
    return _judged(wanted, measured, passed, f"{wanted.at_metric} {shown} at the delivered threshold")


def _group_of(one: Mapping[str, Any], facts: Mapping[str, Any]) -> str:
    """Return the attribute, and with several classes the one that is looked at."""
    return f"{one['attribute']} ({one['positive']})" if facts["task"] == Task.MULTICLASS else str(one["attribute"])


def _judged(gate: Any, measured: float | None, passed: bool, detail: str) -> dict[str, Any]:
    return {"name": gate.metric, "condition": str(gate), "measured": measured, "passed": passed, "detail": detail}
