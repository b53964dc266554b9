"""What a network sees of a column: the number itself, and how far it has come through each of its bins."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Self

import numpy as np

from mlwright.data.columns import Array

_REACH = 5.0  # standard deviations
_MOST_INPUTS = 4096
_SAMPLE_ROWS = 50_000  # quantiles of more rows are hardly different, and cost seconds


@dataclass(frozen=True, slots=True, eq=False)
class NetworkInputs:
    """Inputs of a network: lines through single columns, each held within its bound.

    Input i is (X[:, source[i]] - centre[i]) * slope[i], within ±bound[i]. A number gives one such line over its whole
    range and one across each of its bins (a piecewise-linear encoding, which lets the first layer bend at every
    quantile); a column of two values gives one line from -0.5 to 0.5; a constant gives none.

    Source: Gorishniy, Rubachev and Babenko, "On Embeddings for Numerical Features in Tabular Deep Learning",
    NeurIPS 2022.

    Attributes:
        source: Column of each input, int64, shape (inputs,).
        centre, slope, bound: float32, shape (inputs,).

    Example:
        >>> inputs = NetworkInputs.fit(np.array([[0.0], [1.0], [1.0]], dtype=np.float32), bins=8)
        >>> inputs.of(np.array([[0.0], [0.75], [9.0]], dtype=np.float32)).ravel().tolist()
        [-0.5, 0.25, 0.5]
    """

    source: Array
    centre: Array
    slope: Array
    bound: Array

    @property
    def count(self) -> int:
        return len(self.source)

    @classmethod
    def fit(cls, X: Array, *, bins: int) -> Self:
        """Learn the bins of training rows, float32, shape (n, d); fewer bins a column where columns are many."""
        rows = X[:: -(-len(X) // _SAMPLE_ROWS)]
        bins = min(bins, _MOST_INPUTS // max(X.shape[1], 1))
        lines = [line for column in range(X.shape[1]) for line in _lines(column, rows[:, column], bins)]
        if not lines:
            lines = [(0, 0.0, 0.0, 0.5)]
        source, centre, slope, bound = zip(*lines, strict=True)
        return cls(np.array(source, dtype=np.int64), *(np.array(part, np.float32) for part in (centre, slope, bound)))

    def of(self, X: Array) -> Array:
        """Return the inputs of rows, in the precision of `X`, shape (n, inputs)."""
        values = X[:, self.source]
        values -= self.centre
        values *= self.slope
        np.maximum(values, -self.bound, out=values)
        return np.minimum(values, self.bound, out=values)

    def state(self) -> dict[str, Any]:
        """Return JSON values; a float32 is exact in them."""
        return {name: getattr(self, name).tolist() for name in ("source", "centre", "slope", "bound")}

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Self:
        """Return the inputs of which `state` was made."""
        numbers = (np.array(state[name], dtype=np.float32) for name in ("centre", "slope", "bound"))
        return cls(np.array(state["source"], dtype=np.int64), *numbers)


def _lines(column: int, values: Array, bins: int) -> list[tuple[int, float, float, float]]:
    """Return source, centre, slope and bound of each input of a column."""
    levels = np.unique(values).astype(np.float64)
    if len(levels) < 2:
        return []
    if len(levels) == 2:
        return [_across(column, *levels.tolist())]
    spread = float(np.std(values, dtype=np.float64))
    whole = (column, float(np.mean(values, dtype=np.float64)), 1.0 / max(spread, 1e-30), _REACH)
    if bins < 2:
        return [whole]
    edges = levels if len(levels) <= bins + 1 else np.unique(np.quantile(values, np.linspace(0, 1, bins + 1)))
    return [whole, *(_across(column, float(low), float(high)) for low, high in pairwise(edges))]


def _across(column: int, low: float, high: float) -> tuple[int, float, float, float]:
    return column, (low + high) / 2, 1.0 / max(high - low, 1e-30), 0.5
