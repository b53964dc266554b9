"""Score a recommender on the sealed interactions, once: the lists it would have shown, the ratings it foresaw."""

import gzip
import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import BaseModel

from mlwright.base.traits import Traits
from mlwright.models.signature import Signature
from mlwright.run.types import Context
from mlwright.tools.evaluate import EvaluateParams, judge_gate, judge_requirements
from mlwright.tools.recommend_front import front_of

if TYPE_CHECKING:
    from mlwright.evaluation.recommendation import Lists
    from mlwright.models.recommend.front import RecommendFront

_EXAMPLES = 5
_SHOWN = 5


class EvaluateRecommendation:
    """Recommender and sealed interactions to every measure, with intervals over users."""

    traits: ClassVar[Traits] = Traits(summary="Open the vault once and score the lists of every user", extra="train")
    name: ClassVar[str] = "evaluate_recommendation"
    version: ClassVar[str] = "1"
    summary: ClassVar[str] = traits.summary
    heavy: ClassVar[bool] = False
    final: ClassVar[bool] = True
    params: ClassVar[type[BaseModel]] = EvaluateParams
    inputs: ClassVar[Mapping[str, str]] = {
        "signature": "json",
        "front": "json",
        "model": "directory",
        "test": "parquet",
        "split": "json",
    }
    outputs: ClassVar[Mapping[str, str]] = {
        "evaluation": "json",
        "native": "npz",
        "predictions": "npz",
        "rows": "bytes",
        "judgement": "json",
    }

    def run(self, params: EvaluateParams, inputs: Mapping[str, Any], context: Context) -> Mapping[str, Any]:
        """Open the vault, make every user's list, and measure."""
        import numpy as np

        from mlwright.evaluation.score import Basis
        from mlwright.evaluation.vault import open_once

        signature, split = Signature.model_validate(inputs["signature"]), inputs["split"]
        vault = context.gate.read(context.vault / "labels.npy").parent
        labels = open_once(vault, f"evaluate {signature.name} {signature.version}")
        codes, values = labels[: len(labels) // 2].astype(np.int64), labels[len(labels) // 2 :]
        context.emit("vault", {"text": "the sealed rows were opened", "rows": len(values), "model": signature.version})
        front = front_of(inputs["model"], inputs["front"])
        users = [str(name) for name in inputs["test"][front.file.user].to_list()]
        items = [split["items"][code] for code in codes]
        rows = {front.file.user: users, front.file.item: items, signature.target: values.tolist()}
        depths = _depths([*params.requirements, *(gate["metric"] for gate in params.gates)])
        metrics, sections = measured(front, rows, signature.target, depths, params.seed)
        native = front.recommender.pairs(users, items)
        basis = Basis(evaluator="vault", split=split["strategy"], rows=len(values), seed=params.seed)
        facts = {
            "task": signature.task.value,
            "rows": len(values),
            "basis": basis.model_dump(mode="json"),
            "metrics": metrics,
            "slices": [],
            "sections": sections,
        }
        return {
            "evaluation": facts,
            "native": {"values": native},
            "predictions": {"values": native},
            "rows": _packed(rows),
            "judgement": {
                "requirements": judge_requirements(params.requirements, facts),
                "gates": [judge_gate(gate, facts) for gate in params.gates],
            },
        }


def measured(
    front: "RecommendFront", rows: Mapping[str, Sequence[Any]], target: str, depths: Sequence[int], seed: int
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return the measures of sealed rows and the report's sections."""
    import numpy as np

    from mlwright.evaluation.intervals import Bootstrap
    from mlwright.evaluation.recommendation_report import rating_metrics, recommendation_metrics
    from mlwright.models.recommend.sealed import sealed_lists

    users, values = list(rows[front.file.user]), np.array(rows[target], dtype=np.float64)
    how = Bootstrap(seed=seed)
    lists, names = sealed_lists(front, rows, target, max(depths))
    metrics = recommendation_metrics(lists, depths, how)
    sections = [_quality(front, metrics, rows, target, depths), _examples(front, lists, names)]
    if front.file.predicts == "ratings":
        said = front.recommender.pairs(users, list(rows[front.file.item]))
        metrics |= rating_metrics(users, values, said, how)
    return metrics, sections


def _depths(names: Sequence[str]) -> list[int]:
    from mlwright.evaluation.recommendation_report import DEPTHS

    asked = {int(name.partition("@")[2]) for name in names if name.partition("@")[2].isdigit()}
    return sorted(asked | set(DEPTHS))


def _quality(
    front: "RecommendFront",
    metrics: Mapping[str, Any],
    rows: Mapping[str, Sequence[Any]],
    target: str,
    depths: Sequence[int],
) -> dict[str, Any]:
    """Return the measures by depth, beside those of lists of what is popular."""
    from mlwright.evaluation.intervals import Bootstrap
    from mlwright.evaluation.recommendation_report import recommendation_metrics, shown
    from mlwright.models.recommend.sealed import Popular, sealed_lists

    plain = recommendation_metrics(sealed_lists(Popular(front), rows, target, max(depths))[0], depths, Bootstrap())
    names = [f"{name}@{k}" for name in ("ndcg", "recall_at_k", "hit_rate", "coverage", "novelty") for k in depths]
    liked = "" if front.file.liked_from is None else f" Liked is a rating of {front.file.liked_from:g} or more."
    text = (
        f"Lists for {len(set(rows[front.file.user])):,} users, without what they had met in the training rows, "
        f"against what they then liked.{liked} Users who liked nothing then are left out of the means. Novelty is "
        "the mean of -log2 of the share of users who had met an item; coverage the share of all items in some list."
    )
    return {
        "title": "Recommendations",
        "paragraphs": [text],
        "table": {
            "header": ["measure", "this recommender", "popularity"],
            "rows": [[name, shown(metrics, name), shown(plain, name)] for name in names],
        },
    }


def _examples(front: "RecommendFront", lists: "Lists", names: Sequence[str]) -> dict[str, Any]:
    import numpy as np

    known, table = front.recommender.items, list[list[str]]()
    step = max(1, len(names) // _EXAMPLES)
    for at in range(0, len(names), step)[:_EXAMPLES]:
        met = front.met_of(names[at])
        liked = met[np.argsort(-front.popularity()[met], kind="stable")][:_SHOWN]
        items = [
            f"{known[code]}{' (taken)' if code in lists.relevant[at] else ''}"
            for code in lists.items[at][:_SHOWN]
            if code >= 0
        ]
        table.append([names[at], ", ".join(known[code] for code in liked), ", ".join(items)])
    header = [front.file.user, "has met, most popular first", "is recommended"]
    return {
        "title": "Examples of recommendations",
        "paragraphs": ["Taken: the user chose it among the sealed rows."],
        "table": {"header": header, "rows": table},
    }


def _packed(rows: Mapping[str, Sequence[Any]]) -> bytes:
    lines = (
        json.dumps(dict(zip(rows, cells, strict=True)), ensure_ascii=False)
        for cells in zip(*rows.values(), strict=True)
    )
    return gzip.compress(("\n".join(lines) + "\n").encode(), mtime=0)
