"""Rows of numbers by level: the one mechanism behind every encoder of categories."""

from collections import Counter
from collections.abc import Sequence
from itertools import repeat

import numpy as np

from mlwright.data.columns import Array

MISSING = ""  # the normal form of a missing category or text


class LevelTable:
    """Maps strings to rows of numbers.

    A dictionary is several times faster than sorting strings (`np.unique`, `searchsorted`), and it is what ONNX's
    LabelEncoder does.

    Attributes:
        keys: The strings that are known, each once.
        rows: float64, shape (keys + 1, width); the last row is for every other string.

    Example:
        >>> table = LevelTable(("a", "b"), np.array([[1.0], [2.0], [-1.0]]))
        >>> table.take(np.array(["b", "z"], dtype=object)).ravel().tolist()
        [2.0, -1.0]
    """

    __slots__ = ("_codes", "keys", "rows")

    def __init__(self, keys: Sequence[str], rows: Array) -> None:
        self.keys = tuple(keys)
        self.rows = rows
        self._codes = {key: code for code, key in enumerate(self.keys)}

    def codes(self, values: Array) -> Array:
        """Return the index of each string's row, int64, shape (n,)."""
        get = self._codes.get
        return np.fromiter(map(get, values.tolist(), repeat(len(self.keys))), dtype=np.int64, count=len(values))

    def take(self, values: Array) -> Array:
        """Return each string's row, float64, shape (n, width)."""
        return self.rows[self.codes(values)]


def count_levels(values: Array) -> dict[str, int]:
    """Return how often each level occurs, most frequent first, ties by name; missing cells are left out."""
    counts = Counter(values.tolist())
    counts.pop(MISSING, None)
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
