"""Score a ranking on the sealed test, once, query by query."""

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import BaseModel

from mlwright.base.traits import Traits
from mlwright.models.signature import Signature
from mlwright.run.types import Context
from mlwright.tools.evaluate import EvaluateParams, judge_gate, judge_requirements, labelled_rows
from mlwright.tools.table import dataset_of


class EvaluateRanking:
    """Scores and sealed grades to every measure of a ranking, with intervals over queries."""

    traits: ClassVar[Traits] = Traits(summary="Open the vault once and score the rankings, by query", extra="train")
    name: ClassVar[str] = "evaluate_ranking"
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
        """Open the vault and measure the exported model's orders of the test's queries."""
        from mlwright.data.cells import category_text
        from mlwright.data.graded import query_codes, query_column
        from mlwright.evaluation.intervals import Bootstrap
        from mlwright.evaluation.ranking_report import RankingOptions, evaluate_ranking
        from mlwright.evaluation.score import Basis
        from mlwright.evaluation.vault import open_once

        signature = Signature.model_validate(inputs["signature"])
        test = dataset_of(inputs["test"], inputs["schema"])
        vault = context.gate.read(context.vault / "labels.npy").parent
        y = open_once(vault, f"evaluate {signature.name} {signature.version}")
        context.emit("vault", {"text": "the sealed grades were opened", "rows": len(y), "model": signature.version})
        cells = test.frame[query_column(test).name]
        options = RankingOptions(
            basis=Basis(evaluator="vault", split=inputs["split"]["strategy"], rows=len(y), seed=params.seed),
            names=[category_text(name) for name in cells.unique(maintain_order=True).to_list()],
            metrics=[*params.requirements, *(gate["metric"] for gate in params.gates if not gate["fairness"])],
            bootstrap=Bootstrap(seed=params.seed),
        )
        queries = query_codes(test)
        facts = evaluate_ranking(y, inputs["native"]["values"], queries, options)
        return {
            "evaluation": facts,
            "predictions": {**inputs["native"], "y": y, "queries": queries},
            "rows": labelled_rows(test, y, signature),
            "judgement": {
                "requirements": judge_requirements(params.requirements, facts),
                "gates": [judge_gate(gate, facts) for gate in params.gates],
            },
        }
