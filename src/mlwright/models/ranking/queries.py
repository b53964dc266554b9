"""The rows of a fit in the order that ranking libraries want: query after query."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from mlwright.base.errors import Infeasible
from mlwright.data.columns import Array
from mlwright.evaluation.queries import spread_within
from mlwright.models.protocol import FitData
from mlwright.models.signature import Task
from mlwright.models.tabular.estimator_file import EstimatorFile


@dataclass(frozen=True, slots=True)
class QueryRows:
    """Rows sorted by query.

    Attributes:
        X, y, weight: As in `FitData`.
        queries: Codes 0..Q-1, ascending, shape (n,).
        sizes: Rows of each query, shape (Q,).
    """

    X: Array
    y: Array
    weight: Array | None
    queries: Array
    sizes: Array

    @classmethod
    def of(cls, data: FitData) -> Self:
        """Return the rows of a fit query by query; the order within a query stays.

        Raises:
            Infeasible: Rows have no query, or no query has two grades to tell apart.
        """
        if data.queries is None or not len(data.y):
            raise Infeasible(
                f"{len(data.y)} rows came without their queries; an order can be learned only within queries.",
                hint="set kind: ranking and give a column the role group.",
            )
        codes = np.unique(data.queries, return_inverse=True)[1]
        order = np.argsort(codes, kind="stable")
        y, queries = data.y[order], codes[order]
        if not np.any((y[1:] != y[:-1]) & (queries[1:] == queries[:-1])):
            raise Infeasible(
                "No query of the training rows has two different grades, so no order can be learned.",
                hint="give queries of several rows with different grades.",
            )
        weight = None if data.weight is None else data.weight[order]
        return cls(data.X[order], y, weight, queries, np.bincount(queries))

    @property
    def query_weight(self) -> Array | None:
        """Mean weight of the rows of each query, (Q,), for libraries that weigh queries."""
        return None if self.weight is None else np.bincount(self.queries, self.weight) / self.sizes

    def file(self, family: str, rounds: int, raw: Array) -> EstimatorFile:
        """Return the `estimator.json` of what was fitted.

        The scores get the spread 1 within queries, so that the estimators of a bag count the same.

        Args:
            family: Whose files and whose ONNX form the estimator has.
            raw: Its own scores of these rows, (n,).
        """
        spread = spread_within(raw, self.queries)
        return EstimatorFile(
            family=family,
            task=Task.REGRESSION,
            rounds=rounds,
            features=int(self.X.shape[1]),
            scale=1.0 / spread if spread > 0 else 1.0,
        )
