"""Judge a detector on held-out rows: by sealed labels, or, without any, by what it finds of injected rows."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import BaseModel

from mlwright.base.traits import Traits
from mlwright.data.schema import SemanticType
from mlwright.models.signature import Signature
from mlwright.run.types import Context
from mlwright.tools.evaluate import EvaluateParams, judge_gate, judge_requirements
from mlwright.tools.table import dataset_of
from mlwright.tools.understanding import Understanding

if TYPE_CHECKING:
    from mlwright.data.columns import Array, Columns

_BUDGETS = (0.001, 0.005, 0.01, 0.02, 0.05, 0.1)
_STRANGEST = 10


class EvaluateAnomalies:
    """Values of held-out rows to precision, recall, alarms, and the evidence for them."""

    traits: ClassVar[Traits] = Traits(summary="Judge the alarms on held-out rows", extra="train")
    name: ClassVar[str] = "evaluate_anomalies"
    version: ClassVar[str] = "1"
    summary: ClassVar[str] = traits.summary
    heavy: ClassVar[bool] = False
    final: ClassVar[bool] = True
    params: ClassVar[type[BaseModel]] = EvaluateParams
    inputs: ClassVar[Mapping[str, str]] = {
        "understanding": "json",
        "schema": "json",
        "signature": "json",
        "native": "npz",
        "training": "parquet",
        "test": "parquet",
        "injected": "json",
        "split": "json",
    }
    outputs: ClassVar[Mapping[str, str]] = {
        "evaluation": "json",
        "predictions": "npz",
        "rows": "bytes",
        "judgement": "json",
    }

    def run(self, params: EvaluateParams, inputs: Mapping[str, Any], context: Context) -> Mapping[str, Any]:
        """Compare the values with what is known of the rows."""
        import numpy as np

        from mlwright.evaluation.alarms import alarm_metrics
        from mlwright.evaluation.score import Basis
        from mlwright.tools.evaluate import labelled_rows

        understanding = Understanding.model_validate(inputs["understanding"])
        signature = Signature.model_validate(inputs["signature"])
        test = dataset_of(inputs["test"], inputs["schema"])
        values, real = inputs["native"]["values"], int(inputs["injected"]["rows"])
        y = _truth(understanding, signature, context, inputs["injected"])
        threshold = float(signature.threshold or 0.0)
        basis = Basis(evaluator="vault", split=inputs["split"]["strategy"], rows=len(y), seed=params.seed)
        facts: dict[str, Any] = {
            "task": signature.task.value,
            "rows": len(y),
            "basis": basis.model_dump(mode="json"),
            "metrics": alarm_metrics(y, values, threshold, injected=not understanding.labelled, seed=params.seed),
        }
        names = [column.name for column in signature.inputs]
        training = dataset_of(inputs["training"], inputs["schema"]).columns(names)
        facts["sections"] = [
            _quality(understanding, inputs["injected"]["kinds"], values[real:] >= threshold),
            _budgets(y, values, understanding),
            _strangest(signature, test.columns(names), training, values[:real]),
        ]
        predictions = {"values": values[:real]} | ({"y": np.asarray(y, float)} if understanding.labelled else {})
        return {
            "evaluation": facts,
            "predictions": predictions,
            "rows": labelled_rows(test, y, signature),
            "judgement": {
                "requirements": judge_requirements(params.requirements, facts),
                "gates": [judge_gate(gate, {**facts, "fairness": []}) for gate in params.gates],
            },
        }


def _truth(
    understanding: Understanding, signature: Signature, context: Context, injected: Mapping[str, Any]
) -> "Array":
    """Return 1 for anomalies: by the sealed labels, opened once, or for the rows that were injected."""
    import numpy as np

    from mlwright.evaluation.vault import open_once

    if not understanding.labelled:
        return np.concatenate([np.zeros(injected["rows"], np.int64), np.ones(len(injected["kinds"]), np.int64)])
    vault = context.gate.read(context.vault / "labels.npy").parent
    y = open_once(vault, f"evaluate {signature.name} {signature.version}")
    context.emit("vault", {"text": "the sealed labels were opened", "rows": len(y), "model": signature.version})
    return y.astype(np.int64)


def _quality(understanding: Understanding, kinds: list[str], found: "Array") -> dict[str, Any]:
    """Return what can be said of quality, and what cannot."""
    import numpy as np

    if understanding.labelled:
        told = "Labels of the held-out rows were sealed and have been opened once; precision and recall are theirs."
        return {"title": "How good the alarms are", "paragraphs": [told]}
    told = (
        "No row is labelled, so how good the alarms are on real anomalies cannot be measured. What can be: rows made "
        "strange on purpose were put among held-out rows, and this share of them raises an alarm. Real anomalies may "
        "be of other kinds; an alarm on a real row counts against the detector here although it may be right."
    )
    meaning = {
        "shifted": "one to three numbers 4 to 8 robust deviations away",
        "mixed": "half of the cells from another row",
        "unseen": "a level that training never saw",
    }
    of_kind = {kind: np.array([one == kind for one in kinds]) for kind in dict.fromkeys(kinds)}
    rows = [
        [kind, meaning[kind], str(int(mask.sum())), f"{float(found[mask].mean()):.0%}"]
        for kind, mask in of_kind.items()
    ]
    header = ["injected", "what was done", "rows", "found"]
    return {"title": "How good the alarms are", "paragraphs": [told], "table": {"header": header, "rows": rows}}


def _budgets(y: "Array", values: "Array", understanding: Understanding) -> dict[str, Any]:
    """Return precision and recall when a share of the rows may raise an alarm."""
    from mlwright.evaluation.alarms import at_budget

    rows = [
        [f"{one.share:.1%}", str(one.alarms), f"{one.threshold:.3f}", f"{one.precision:.3f}", f"{one.recall:.3f}"]
        for one in at_budget(y, values, _BUDGETS)
    ]
    what = "labelled anomalies" if understanding.labelled else "injected rows"
    header = ["share of rows", "alarms", "threshold", f"precision ({what})", f"recall ({what})"]
    return {"title": "Other budgets of alarms", "table": {"header": header, "rows": rows}}


def _strangest(signature: Signature, columns: "Columns", training: "Columns", values: "Array") -> dict[str, Any]:
    """Return the held-out rows of the highest values, each with the cells that lie furthest out."""
    import numpy as np

    order = np.argsort(-values, kind="stable")[:_STRANGEST]
    numbers = [column.name for column in signature.inputs if column.type is SemanticType.NUMBER]
    rows = [[str(int(row)), f"{values[row]:.2f}", _furthest(int(row), numbers, columns, training)] for row in order]
    header = ["held-out row", "value", "cells that lie furthest out (robust deviations)"]
    return {"title": "The strangest held-out rows", "table": {"header": header, "rows": rows}}


def _furthest(row: int, numbers: list[str], columns: "Columns", training: "Columns") -> str:
    import numpy as np

    found: list[tuple[float, str]] = []
    for name in numbers:
        known = training[name][np.isfinite(training[name])]
        cell = float(columns[name][row])
        if not len(known) or not np.isfinite(cell):
            continue
        low, middle, high = np.quantile(known, [0.25, 0.5, 0.75])
        spread = float(high - low) / 1.349 or float(known.std()) or 1.0
        away = (cell - float(middle)) / spread
        found.append((abs(away), f"{name} {cell:.4g} ({away:+.1f})"))
    return "; ".join(text for _, text in sorted(found, key=lambda one: -one[0])[:3])
