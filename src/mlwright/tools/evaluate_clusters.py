"""Judge clusters on rows that were held out: found again there, apart there, and, with labels, like the labels."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import BaseModel

from mlwright.base.errors import Infeasible
from mlwright.base.traits import Traits
from mlwright.models.signature import Signature
from mlwright.run.types import Context
from mlwright.tools.evaluate import EvaluateParams, judge_gate, judge_requirements
from mlwright.tools.table import dataset_of
from mlwright.tools.understanding import Understanding

if TYPE_CHECKING:
    from mlwright.data.columns import Array
    from mlwright.models.cluster.protocol import Clusterer

_SILHOUETTE_ROWS = 3_000


class EvaluateClusters:
    """Held-out rows and their clusters to agreement, separation and the evidence for both."""

    traits: ClassVar[Traits] = Traits(
        summary="Judge the clusters on held-out rows", extra="train", requires=("sklearn",)
    )
    name: ClassVar[str] = "evaluate_clusters"
    version: ClassVar[str] = "1"
    summary: ClassVar[str] = traits.summary
    heavy: ClassVar[bool] = True
    final: ClassVar[bool] = True
    params: ClassVar[type[BaseModel]] = EvaluateParams
    inputs: ClassVar[Mapping[str, str]] = {
        "understanding": "json",
        "schema": "json",
        "signature": "json",
        "model": "directory",
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
        """Cluster the held-out rows alone, compare, and open the vault where there are labels."""
        from mlwright.evaluation.score import Basis
        from mlwright.models.tabular.ensemble import TabularModel

        understanding = Understanding.model_validate(inputs["understanding"])
        signature = Signature.model_validate(inputs["signature"])
        test = dataset_of(inputs["test"], inputs["schema"])
        member = TabularModel.load(inputs["model"]).members[0]
        X = member.preparations[0].transform(test.columns([column.name for column in signature.inputs]))
        case = _Case(X, inputs["native"]["probabilities"].argmax(axis=1), member, params.seed)
        alone = case.clustered_alone(context.threads)
        truth = _truth(understanding, signature, context)
        y = alone if truth is None else truth
        basis = Basis(evaluator="vault", split=inputs["split"]["strategy"], rows=len(X), seed=params.seed)
        facts: dict[str, Any] = {
            "task": signature.task.value,
            "rows": len(X),
            "basis": basis.model_dump(mode="json"),
            "metrics": case.metrics(alone, truth),
            "sections": [_section(signature, case.labels, truth, understanding)],
        }
        names = [f"held-out cluster {code + 1}" for code in range(int(alone.max()) + 1)]
        return {
            "evaluation": facts,
            "predictions": dict(inputs["native"]),
            "rows": _rows(test, signature, [names[code] for code in y] if truth is None else _labels(understanding, y)),
            "judgement": {
                "requirements": judge_requirements(params.requirements, facts),
                "gates": [judge_gate(gate, {**facts, "fairness": []}) for gate in params.gates],
            },
        }


class _Case:
    """The held-out rows as the model sees them, and the cluster that it gives each."""

    def __init__(self, X: "Array", labels: "Array", member: Any, seed: int) -> None:
        self.X = X
        self.labels = labels
        self._member = member
        self._seed = seed

    def clustered_alone(self, threads: int) -> "Array":
        """Return clusters fitted to the held-out rows alone, the same way: what the model is compared with."""
        import numpy as np

        from mlwright.models.protocol import FitControl

        control = FitControl(seed=self._seed, threads=threads, deadline=None)
        try:
            fitted = self._clusterer().fit(self.X, self._member.params, control)
        except Infeasible:
            return np.zeros(len(self.X), dtype=np.int64)  # nothing is found again there
        return fitted.predict(self.X).argmax(axis=1)

    def _clusterer(self) -> "Clusterer":
        from mlwright.models.unsupervised import UNSUPERVISED

        return UNSUPERVISED.load(self._member.family)()

    def metrics(self, alone: "Array", truth: "Array | None") -> dict[str, Any]:
        """Return every measure with its interval.

        `rederived` is false for what `verify` cannot compute from rows, predictions and one truth.
        """
        import numpy as np

        from mlwright.evaluation.intervals import Bootstrap, bootstrap
        from mlwright.evaluation.metrics import metric
        from mlwright.evaluation.separation import davies_bouldin, mean_interval, silhouettes

        noise = self._member.estimators[0].noise
        part = np.sort(np.random.default_rng(self._seed).permutation(len(self.X))[:_SILHOUETTE_ROWS])
        apart = mean_interval(silhouettes(self.X[part], self.labels[part], noise=noise), self._seed)
        found: dict[str, Any] = {"silhouette": _estimate(apart, "maximise", rederived=False)}
        index = davies_bouldin(self.X[part], self.labels[part])
        value = index if np.isfinite(index) else None
        found["davies_bouldin"] = _estimate((value, None, None), "minimise", rederived=False)
        compared = {"stability": alone} | ({} if truth is None else {"ari": truth, "nmi": truth})
        for name, other in compared.items():
            one = bootstrap(other, self.labels, metric(name), how=Bootstrap(seed=self._seed))
            rederived = truth is None or name != "stability"
            found[name] = _estimate((one.value, one.low, one.high), "maximise", rederived=rederived)
        return found


def _estimate(interval: tuple[Any, Any, Any], direction: str, *, rederived: bool) -> dict[str, Any]:
    value, low, high = interval
    return {"value": value, "low": low, "high": high, "direction": direction, "rederived": rederived}


def _truth(understanding: Understanding, signature: Signature, context: Context) -> "Array | None":
    """Return the sealed labels, None where there are none; they are opened once, like any test's."""
    from mlwright.evaluation.vault import open_once

    if not understanding.labelled:
        return None
    vault = context.gate.read(context.vault / "labels.npy").parent
    y = open_once(vault, f"evaluate {signature.name} {signature.version}")
    context.emit("vault", {"text": "the sealed labels were opened", "rows": len(y), "model": signature.version})
    return y


def _labels(understanding: Understanding, y: "Array") -> list[str]:
    return [understanding.classes[int(code)] for code in y]


def _rows(test: Any, signature: Signature, truth: list[str]) -> bytes:
    import gzip
    import json

    from mlwright.tools.raw_rows import raw_rows

    rows = raw_rows(test, signature.inputs)
    lines = (
        json.dumps({**row, signature.target: answer}, ensure_ascii=False)
        for row, answer in zip(rows, truth, strict=True)
    )
    return gzip.compress(("\n".join(lines) + "\n").encode(), mtime=0)


def _section(signature: Signature, labels: "Array", truth: "Array | None", known: Understanding) -> dict[str, Any]:
    """Return the held-out rows by cluster and, where there are labels, by label."""
    import numpy as np

    counts = np.bincount(labels, minlength=len(signature.classes))
    heard = "Their labels were sealed and have been opened once." if truth is not None else "Nobody knows their labels."
    told = (
        "Rows that no step has seen before. Stability: the adjusted Rand index between the delivered clusters of these "
        f"rows and clusters fitted to these rows alone; 1 is the same grouping, 0 is chance. {heard}"
    )
    header = ["cluster", "held-out rows", *(known.classes[:12] if truth is not None else ())]
    cells: list[list[str]] = []
    for code, name in enumerate(signature.classes):
        shown = [name, f"{counts[code]:,}"]
        if truth is not None:
            inside = truth[labels == code]
            shown += [f"{int(np.sum(inside == label)):,}" for label in range(len(known.classes[:12]))]
        cells.append(shown)
    return {"title": "The held-out rows", "paragraphs": [told], "table": {"header": header, "rows": cells}}
