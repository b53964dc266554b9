"""What a network sees of a column: the number itself, and how far it has come through each of its bins."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Self

import numpy as np

from mlwright.data.columns import Array

_REACH = 5.0  # standard deviations
_MOST_INPUTS = 4096
_SAMPLE_ROWS = 50_000  # quantiles of more rows are hardly different, and cost seconds
_THIN = 1e-5  # of a standard deviation: a bin less wide says nothing that float32 could hold
_MOST_PAIRED = 200  # columns among which pairs are looked for
_FIELDS = ("source", "centre", "slope", "bound", "left", "right", "left_factor", "right_factor")
_WHOLE = ("source", "left", "right")


@dataclass(frozen=True, slots=True, eq=False)
class NetworkInputs:
    """Inputs of a network: lines through single columns, each held within its bound.

    Input i is (C[:, source[i]] - centre[i]) * slope[i], within ±bound[i], where C are the columns of X and behind them
    the pairs, X[:, left] * left_factor + X[:, right] * right_factor. A number gives one such line over its whole range
    and one across each of its bins (a piecewise-linear encoding, which lets the first layer bend at every quantile); a
    column of two values gives the first alone; a constant gives none. Pairs are sums and differences of the
    columns that go together most: what one says beyond the other is hard to see in either.

    Source: Gorishniy, Rubachev and Babenko, "On Embeddings for Numerical Features in Tabular Deep Learning",
    NeurIPS 2022 (the encoding).

    Attributes:
        source: Column of each input, int64, shape (inputs,).
        centre, slope, bound: float32, shape (inputs,).
        left, right: Columns of each pair, int64, shape (pairs,).
        left_factor, right_factor: float32, shape (pairs,).
        columns: d, the width of X.

    Example:
        >>> inputs = NetworkInputs.fit(np.array([[0.0], [1.0], [1.0]], dtype=np.float32), bins=8)
        >>> inputs.of(np.array([[0.0], [1.0], [9.0]], dtype=np.float32)).round(2).ravel().tolist()
        [-1.41, 0.71, 5.0]
    """

    source: Array
    centre: Array
    slope: Array
    bound: Array
    left: Array
    right: Array
    left_factor: Array
    right_factor: Array
    columns: int

    @property
    def count(self) -> int:
        return len(self.source)

    @classmethod
    def fit(cls, X: Array, *, bins: int, pairs: int = 0) -> Self:
        """Learn from training rows, float32, shape (n, d).

        Args:
            X: The rows.
            bins: Of each number; fewer where columns are many.
            pairs: So many pairs of columns are both added and subtracted.
        """
        rows = X[:: -(-len(X) // _SAMPLE_ROWS)]
        paired = _pairs(rows, pairs if X.shape[1] <= _MOST_PAIRED else 0)
        columns = _with_pairs(rows, *paired)
        bins = min(bins, _MOST_INPUTS // max(columns.shape[1], 1))
        lines = [line for column in range(columns.shape[1]) for line in _lines(column, columns[:, column], bins)]
        source, *numbers = zip(*(lines or [(0, 0.0, 0.0, 0.5)]), strict=True)
        centre, slope, bound = (np.array(part, dtype=np.float32) for part in numbers)
        return cls(np.array(source, dtype=np.int64), centre, slope, bound, *paired, columns=X.shape[1])

    def of(self, X: Array) -> Array:
        """Return the inputs of rows, in the precision of `X`, shape (n, inputs)."""
        values = _with_pairs(X, self.left, self.right, self.left_factor, self.right_factor)[:, self.source]
        values -= self.centre
        values *= self.slope
        np.maximum(values, -self.bound, out=values)
        return np.minimum(values, self.bound, out=values)

    def state(self) -> dict[str, Any]:
        """Return JSON values; a float32 is exact in them."""
        return {"columns": self.columns, **{name: getattr(self, name).tolist() for name in _FIELDS}}

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Self:
        """Return the inputs of which `state` was made."""
        kinds = {name: np.int64 if name in _WHOLE else np.float32 for name in _FIELDS}
        arrays = {name: np.array(state[name], dtype=kind) for name, kind in kinds.items()}
        return cls(**arrays, columns=int(state["columns"]))


def _with_pairs(X: Array, left: Array, right: Array, left_factor: Array, right_factor: Array) -> Array:
    if not len(left):
        return X
    return np.hstack([X, X[:, left] * left_factor + X[:, right] * right_factor])


def _pairs(rows: Array, count: int) -> tuple[Array, Array, Array, Array]:
    """Return left, right and factors of the sums and differences of the most correlated numbers."""
    numbers = [column for column in range(rows.shape[1]) if count and _is_number(rows[:, column])]
    chosen: list[tuple[int, int, float, float]] = []
    if len(numbers) > 1:
        spread = rows[:, numbers].std(axis=0, dtype=np.float64)
        strength = np.abs(np.corrcoef(rows[:, numbers].astype(np.float64), rowvar=False))
        first, second = np.triu_indices(len(numbers), k=1)
        for at in np.argsort(-strength[first, second], kind="stable")[:count]:
            i, j = int(first[at]), int(second[at])
            chosen += [(numbers[i], numbers[j], 1.0 / spread[i], sign / spread[j]) for sign in (1.0, -1.0)]
    columns = list(zip(*chosen, strict=True)) or [(), (), (), ()]
    left, right = (np.array(part, dtype=np.int64) for part in columns[:2])
    left_factor, right_factor = (np.array(part, dtype=np.float32) for part in columns[2:])
    return left, right, left_factor, right_factor


def _is_number(values: Array) -> bool:
    """Tell whether a column has more than two values."""
    low, high = values.min(), values.max()
    return bool(np.any((values != low) & (values != high)))


def _lines(column: int, values: Array, bins: int) -> list[tuple[int, float, float, float]]:
    """Return source, centre, slope and bound of each input of a column."""
    levels, counts = np.unique(values, return_counts=True)
    if len(levels) < 2:
        return []
    spread = max(float(np.std(values, dtype=np.float64)), _THIN)
    whole = (column, float(np.mean(values, dtype=np.float64)), 1.0 / spread, _REACH)
    if len(levels) == 2 or bins < 2:
        return [whole]
    edges = _edges(levels.astype(np.float64), counts, bins)
    wide = [(low, high) for low, high in pairwise(edges.tolist()) if high - low > _THIN * spread]
    return [whole, *((column, (low + high) / 2, 1.0 / (high - low), 0.5) for low, high in wide)]


def _edges(levels: Array, counts: Array, bins: int) -> Array:
    """Return the ends of the bins: quantiles, but a level of many rows (zero, mostly) is told from its neighbours.

    Quantiles alone would all fall on such a level, and leave none for the rows that differ.
    """
    if len(levels) <= bins + 1:
        return levels
    heavy = np.flatnonzero(counts > counts.sum() / bins)
    beside = np.clip(np.concatenate([heavy - 1, heavy, heavy + 1]), 0, len(levels) - 1)
    light = np.delete(np.arange(len(levels)), heavy)
    reached = np.cumsum(counts[light])
    wanted = np.linspace(0, reached[-1], max(bins - 2 * len(heavy), 2) + 1)
    quantiles = light[np.minimum(np.searchsorted(reached, wanted), len(light) - 1)]
    return levels[np.unique(np.concatenate([beside, quantiles]))]
