"""Permutation importance on raw columns: how much the metric drops when one column is shuffled.

It measures what the whole model, preparation included, gets from a column. Columns that carry the same news share
their importance: each looks weak alone.

Source: Breiman, Random forests, 2001; Fisher, Rudin and Dominici, All models are wrong but many are useful, 2019.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from pydantic import BaseModel, ConfigDict

from mlwright.base.errors import DataError
from mlwright.base.seeds import generator
from mlwright.data.columns import Array, Columns, row_count, take
from mlwright.evaluation.distributions import student_quantile
from mlwright.evaluation.metrics import Metric


class Importance(BaseModel):
    """One column. Immutable.

    Attributes:
        drop: Mean loss of the metric, positive when the column matters, in units of the metric.
        low, high: 95 % interval over shuffles and resampled rows.
        share: This drop among the positive drops of all columns, in [0, 1].
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    column: str
    drop: float
    low: float
    high: float
    share: float = 0.0

    @property
    def matters(self) -> bool:
        return self.low > 0


@dataclass(frozen=True, slots=True)
class Shuffling:
    """How columns are shuffled: `repeats` times (at least 2), on at most `max_rows` rows drawn with the seed."""

    repeats: int = 8
    max_rows: int = 20_000
    seed: int = 0


def permutation_importance(
    predict: Callable[[Columns], Array], columns: Columns, y: Array, metric: Metric, how: Shuffling | None = None
) -> tuple[Importance, ...]:
    """Return the importance of each column, largest first.

    Args:
        predict: The model: columns to probabilities (n, C) or values (n,). Called once per column and repeat.
        columns: Rows that the model has not been fitted on.
        y: Codes or values, shape (n,).
        metric: What is lost.

    Raises:
        DataError: Fewer than two repeats, lengths differ, or the metric is not defined on these rows.
    """
    how = how or Shuffling()
    rows = row_count(columns)
    if rows != len(y) or rows == 0 or how.repeats < 2:
        raise DataError(
            f"There are {rows} rows, {len(y)} labels and {how.repeats} repeats.",
            hint="pass one label per row, and at least 2 repeats.",
        )
    picked = np.sort(generator(how.seed, "importance rows").permutation(rows)[: how.max_rows])
    columns, y = take(columns, picked), np.asarray(y)[picked]
    plain = predict(columns)
    if not np.isfinite(metric.compute(y, plain)):
        raise DataError(f"{metric.name} is not defined on these {len(y)} rows.", hint="use rows of every class.")
    probe = _Probe(predict, columns, y, plain, metric, how)
    found = [probe.importance(name) for name in columns]
    total = sum(max(item.drop, 0.0) for item in found)
    shared = [item.model_copy(update={"share": max(item.drop, 0.0) / total if total > 0 else 0.0}) for item in found]
    return tuple(sorted(shared, key=lambda item: (-item.drop, item.column)))


@dataclass(frozen=True, slots=True)
class _Probe:
    """One model on one set of rows, ready to lose a column."""

    predict: Callable[[Columns], Array]
    columns: Columns
    y: Array
    plain: Array
    metric: Metric
    how: Shuffling

    def importance(self, name: str) -> Importance:
        pairs = [self._drops(name, repeat) for repeat in range(self.how.repeats)]
        drop = float(np.mean([whole for whole, _ in pairs]))
        resampled = np.array([part for _, part in pairs if np.isfinite(part)])
        spread = float(resampled.std(ddof=1)) if len(resampled) > 1 else float("inf")
        half = student_quantile(0.975, max(len(resampled) - 1, 1)) * spread if spread > 0 else 0.0
        return Importance(column=name, drop=drop, low=drop - half, high=drop + half)

    def _drops(self, name: str, repeat: int) -> tuple[float, float]:
        """Return the drop on all rows, and on resampled rows: the second adds the noise of having few rows."""
        rng = generator(self.how.seed, "importance", name, repeat)
        shuffled = self.predict({**self.columns, name: self.columns[name][rng.permutation(len(self.y))]})
        rows = np.sort(rng.integers(0, len(self.y), len(self.y)))
        return self._gain(shuffled, slice(None)), self._gain(shuffled, rows)

    def _gain(self, shuffled: Array, rows: Array | slice) -> float:
        y, compute = self.y[rows], self.metric.compute
        return self.metric.gain(compute(y, self.plain[rows]), compute(y, shuffled[rows]))
