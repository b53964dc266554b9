import numpy as np
import pytest

from mlwright.monitoring.duplicates import RowHashes


def share(columns, parts: int = 1) -> float:
    hashes = RowHashes()
    for rows in np.array_split(np.arange(len(columns[0])), parts):
        hashes.add([values[rows] for values in columns])
    return hashes.duplicate_share()


def test_repeated_rows_are_counted_in_any_batches():
    numbers = np.array([1.0, 2, 1, 1, np.nan, np.nan])
    texts = np.array(["a", "a", "a", "b", "", ""], dtype=object)
    assert share([numbers, texts]) == pytest.approx(2 / 6)
    assert share([numbers, texts], parts=3) == pytest.approx(2 / 6)
    assert share([np.array([0.0, -0.0])]) == 0.5
    assert RowHashes().duplicate_share() == 0.0


def test_swapped_columns_are_no_repeat():
    assert share([np.array([1.0, 2.0]), np.array([2.0, 1.0])]) == 0.0


def test_a_large_file_is_estimated_in_bounded_memory():
    rng = np.random.default_rng(0)
    values = np.concatenate([np.arange(400_000.0), rng.integers(0, 400_000, 100_000).astype(float)])
    hashes = RowHashes()
    for part in np.array_split(values, 10):
        hashes.add([part])
    assert hashes.duplicate_share() == pytest.approx(0.2, abs=0.01)
    assert len(hashes._hashes) <= 131_072
