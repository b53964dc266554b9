"""Everything that is measured on one set of rankings, in the shape that every evaluation has."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from mlwright.data.columns import Array
from mlwright.evaluation.inputs import values
from mlwright.evaluation.intervals import Bootstrap
from mlwright.evaluation.metrics import metric
from mlwright.evaluation.queries import query_interval, query_scores
from mlwright.evaluation.report import Estimate, Evaluation
from mlwright.evaluation.score import Basis

RANKING_METRICS = ("ndcg@1", "ndcg@3", "ndcg@5", "ndcg@10", "ndcg", "ndcg_exp@10", "map", "mrr", "precision_at_k@10")
_WORST = 10
_PERCENTILES = (5, 25, 50, 75, 95)


@dataclass(frozen=True, slots=True)
class RankingOptions:
    """What goes into an evaluation of rankings beside grades and scores.

    Attributes:
        basis: Where the rows come from.
        names: What the queries are called, in the order of their codes.
        metrics: Wanted beside those that are always measured.
        bootstrap: How intervals over queries are made.
    """

    basis: Basis | None = None
    names: Sequence[str] = ()
    metrics: Sequence[str] = ()
    bootstrap: Bootstrap = field(default_factory=Bootstrap)


def evaluate_ranking(y: Array, scores: Array, queries: Array, options: RankingOptions | None = None) -> dict[str, Any]:
    """Return the evaluation of a ranking as JSON, with its sections for the report.

    Args:
        y: Grades, shape (n,).
        scores: What the model says, shape (n,).
        queries: Codes 0..Q-1 of the rows' queries, int64, shape (n,).
        options: Names of the queries, further metrics, seeds.

    Raises:
        DataError: The arrays do not fit each other, or a grade is negative.
    """
    options = options or RankingOptions()
    truth, predicted = values(y, scores)
    wanted = list(dict.fromkeys([*RANKING_METRICS, *(metric(name).name for name in options.metrics)]))
    by_query = {name: query_scores(metric(name), truth, predicted, queries) for name in wanted}
    evaluation = Evaluation(
        task="ranking",
        rows=len(truth),
        basis=options.basis,
        metrics={name: _estimate(found, options) for name, found in by_query.items()},
        slices=(),
        slice_loss="1 - NDCG@10",
        hardest=(),
    )
    facts = evaluation.model_dump(mode="json")
    facts["queries"] = len(by_query["ndcg@10"])
    facts["sections"] = [_summary(by_query, facts), _worst(by_query["ndcg@10"], truth, queries, options.names)]
    return facts


def _estimate(found: Array, options: RankingOptions) -> Estimate:
    interval = query_interval(found, options.bootstrap)
    finite = [float(one) if np.isfinite(one) else None for one in (interval.value, interval.low, interval.high)]
    return Estimate(value=finite[0], low=finite[1], high=finite[2], direction="maximise")


def _summary(by_query: dict[str, Array], facts: dict[str, Any]) -> dict[str, Any]:
    rows = [
        [name, *(f"{np.nanpercentile(found, at):.3f}" for at in _PERCENTILES), _mean_text(facts["metrics"][name])]
        for name, found in by_query.items()
        if np.isfinite(found).any()
    ]
    text = (
        f"{facts['queries']:,} queries of the sealed test; a query counts once, however many rows it has. The mean has "
        "its 95 % interval over queries."
    )
    return {
        "title": "Ranking, query by query",
        "paragraphs": [text],
        "table": {"header": ["metric", *(f"{at} % of queries" for at in _PERCENTILES), "mean"], "rows": rows},
        "lines": [_distribution(by_query["ndcg@10"])],
        "x_label": "share of queries",
        "y_label": "NDCG@10",
    }


def _mean_text(one: dict[str, Any]) -> str:
    return f"{one['value']:.3f} ({one['low']:.3f} to {one['high']:.3f})"


def _distribution(found: Array) -> dict[str, Any]:
    shares = np.linspace(0, 1, 41)
    return {"name": "NDCG@10", "x": shares.tolist(), "y": np.quantile(found, shares).tolist()}


def _worst(found: Array, truth: Array, queries: Array, names: Sequence[str]) -> dict[str, Any]:
    order = np.argsort(found, kind="stable")[:_WORST]
    sizes, best = np.bincount(queries), np.zeros(len(found))
    np.maximum.at(best, queries, truth)
    relevant = np.bincount(queries, truth > 0).astype(np.int64)
    rows = [
        [names[at] if len(names) else str(at), f"{found[at]:.3f}", str(sizes[at]), str(relevant[at]), f"{best[at]:g}"]
        for at in order
    ]
    text = "A query without a relevant row counts 0, whatever the order: nothing could have been right."
    return {
        "title": "Worst queries",
        "paragraphs": [text],
        "table": {"header": ["query", "NDCG@10", "rows", "relevant", "best grade"], "rows": rows},
    }
