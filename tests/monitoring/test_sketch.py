from collections import Counter

import numpy as np
import pytest

from mlwright.monitoring.sketch import sketch_numbers, tabulate_levels


def test_few_different_numbers_get_a_point_each_with_exact_counts():
    found = sketch_numbers(np.array([3.0, 1, 3, 2]), 100)
    assert found is not None
    assert found.points == (1.0, 2.0, 3.0)
    assert found.cumulative == (1, 2, 4)
    assert found.integer


def test_counts_at_the_points_are_exact_though_the_points_are_rounded():
    values = 1e6 + np.random.default_rng(0).normal(0, 1e-3, 5000)
    found = sketch_numbers(values, 200)
    assert found is not None
    assert len(found.points) > 150
    for point, count in zip(found.points, found.cumulative, strict=True):
        assert count == (values <= point).sum()


def test_quantiles_are_within_a_grid_step():
    values = np.random.default_rng(1).normal(size=20_000)
    found = sketch_numbers(values, 500)
    assert found is not None
    for share in (0.05, 0.5, 0.95):
        assert found.quantile(share) == pytest.approx(np.quantile(values, share), abs=0.02)


def test_nothing_known_has_no_sketch():
    assert sketch_numbers(np.array([]), 10) is None


def test_unseen_mass_is_near_the_true_one_whether_or_not_the_table_is_cut():
    rng = np.random.default_rng(0)
    p = 1 / np.arange(1, 20_001)
    p /= p.sum()
    counts = np.bincount(rng.choice(20_000, 10_000, p=p), minlength=20_000)
    for limit in (100, 20_000):
        table = tabulate_levels(Counter({str(k): int(n) for k, n in enumerate(counts) if n}), limit)
        truth = 1 - sum(p[int(level)] for level in table.counts)
        assert table.unseen_mass == pytest.approx(truth, abs=0.02)
        assert len(table.counts) <= limit
        assert table.whole == (limit == 20_000)


def test_levels_are_in_order_of_their_counts():
    table = tabulate_levels(Counter({"b": 2, "a": 2, "c": 5}), 10)
    assert list(table.counts) == ["c", "a", "b"]
    assert table.unseen_mass == 0
