"""What is particular to the choice between rankings: scores of one scale to be mixed, differences query by query."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mlwright.data.columns import Array
from mlwright.evaluation.metrics import Metric
from mlwright.evaluation.queries import query_scores, spread_within


@dataclass(frozen=True, slots=True)
class Scaled:
    """Predictions divided by their spread within queries, and those spreads.

    A ranking's scores have no unit: a mix of raw ones would be that of the model with the largest numbers. Dividing by
    a constant changes no ranking, so a mix of scaled scores is a mix of raw ones with other weights, and the model
    needs no further part.
    """

    predictions: tuple[Array, ...]
    spreads: tuple[float, ...]

    def weights(self, found: Sequence[float]) -> tuple[float, ...]:
        """Return the weights of the raw predictions, summing to 1, for those found on the scaled ones."""
        raw = np.array([weight / spread for weight, spread in zip(found, self.spreads, strict=True)])
        return tuple((raw / raw.sum()).tolist())


def scaled_scores(predictions: Sequence[Array], queries: Array) -> Scaled:
    """Scale predictions, each (n,), by what they are out of fold; a constant one stays as it is."""
    spreads = tuple(spread_within(one, queries) or 1.0 for one in predictions)
    return Scaled(tuple(one / spread for one, spread in zip(predictions, spreads, strict=True)), spreads)


def difference_by_query(metric: Metric, y: Array, pair: tuple[Array, Array], queries: Array) -> tuple[float, float]:
    """Return the mean over queries of loss(a) - loss(b), and its standard error: that of a mean over queries."""
    a, b = (query_scores(metric, y, one, queries) for one in pair)
    gaps = (b - a) if metric.direction == "maximise" else (a - b)
    gaps = gaps[np.isfinite(gaps)]
    error = float(np.std(gaps, ddof=1) / np.sqrt(len(gaps))) if len(gaps) > 1 else 0.0
    return float(np.mean(gaps)) if len(gaps) else 0.0, error
