"""How many rows repeat an earlier row, in bounded memory."""

import zlib
from collections.abc import Sequence

import numpy as np

from mlwright.data.columns import Array

_LIMIT = 1 << 17
_ODD = np.uint64(0x9E3779B97F4A7C15)


class RowHashes:
    """Hashes of rows with their counts; above 131,072 different ones, only those of a random share of the hashes.

    Rows are kept or not by their hash, so equal rows are kept together and the share of repeats stays unbiased.
    """

    def __init__(self) -> None:
        self._hashes = np.zeros(0, dtype=np.uint64)
        self._counts = np.zeros(0, dtype=np.int64)
        self._shift = np.uint64(0)

    def add(self, columns: Sequence[Array]) -> None:
        """Count a batch of rows: arrays of numbers or strings, equally long."""
        if not columns or not len(columns[0]):
            return
        fresh = _row_hashes(columns)
        hashes = np.concatenate([self._hashes, fresh[self._kept(fresh)]])
        weights = np.concatenate([self._counts, np.ones(len(hashes) - len(self._counts), dtype=np.int64)])
        self._hashes, place = np.unique(hashes, return_inverse=True)
        self._counts = np.bincount(place, weights, minlength=len(self._hashes)).astype(np.int64)
        while len(self._hashes) > _LIMIT:
            self._shift += np.uint64(1)
            kept = self._kept(self._hashes)
            self._hashes, self._counts = self._hashes[kept], self._counts[kept]

    def duplicate_share(self) -> float:
        """Return the share of rows that repeat an earlier one, 0 for no rows."""
        rows = int(self._counts.sum())
        return 1 - len(self._hashes) / rows if rows else 0.0

    def _kept(self, hashes: Array) -> Array:
        return (hashes & ((np.uint64(1) << self._shift) - np.uint64(1))) == 0


def _row_hashes(columns: Sequence[Array]) -> Array:
    total = np.zeros(len(columns[0]), dtype=np.uint64)
    for values in columns:
        cells = _text_hashes(values) if values.dtype == object else (values.astype(np.float64) + 0.0).view(np.uint64)
        total = _mixed(total * _ODD + _mixed(cells))
    return total


def _text_hashes(values: Array) -> Array:
    cells = values.tolist()
    known = {cell: zlib.crc32(cell.encode("utf-8", "surrogatepass")) for cell in set(cells)}
    return np.fromiter(map(known.__getitem__, cells), dtype=np.uint64, count=len(cells))


def _mixed(x: Array) -> Array:
    """Spread every bit over all (the finaliser of SplitMix64; overflow is meant)."""
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))
