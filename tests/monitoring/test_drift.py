"""Distances and p-values against scipy, and the behaviour of the tests when nothing has changed."""

from collections import Counter

import numpy as np
import pytest
from scipy import stats
from scipy.spatial import distance as sp

from mlwright.monitoring import drift as d
from mlwright.monitoring.sketch import NumberSketch, sketch_numbers, tabulate_levels


def counted(reference: np.ndarray, current: np.ndarray, points: int = 1000) -> tuple[NumberSketch, d.NumberCounts]:
    sketch = sketch_numbers(reference, points)
    assert sketch is not None
    counts = d.NumberCounts(np.zeros(len(sketch.points) + 1, dtype=np.int64))
    counts.add(current, sketch)
    return sketch, counts


def levelled(reference: list[str], current: list[str], limit: int = 1000):
    table = tabulate_levels(Counter(reference), limit)
    counts = d.LevelCounts()
    counts.add(Counter(current), table)
    return table, counts


def test_ks_equals_scipy_when_every_number_has_a_point():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=600), rng.normal(0.3, 1.2, 400)
    # scipy's statistic looks between the points of b, too; on the grid of a it may miss one step of b.
    found = d.number_drift(*counted(a, b))
    theirs = stats.ks_2samp(a, b)
    assert found.value == pytest.approx(theirs.statistic, abs=1 / 400 + 1e-12)
    assert found.value <= theirs.statistic + 1e-12
    whole = d.number_drift(*counted(np.rint(a * 3), np.rint(b * 3)))
    assert whole.value == pytest.approx(stats.ks_2samp(np.rint(a * 3), np.rint(b * 3)).statistic, abs=1e-12)


def test_the_ks_p_value_is_near_scipys_exact_one():
    for n, m, value in ((100, 150, 0.2), (2000, 500, 0.1), (300, 300, 0.05)):
        exact = stats.kstwo.sf(value, round(n * m / (n + m)))
        assert d.ks_p_value(value, n, m) == pytest.approx(exact, rel=0.1)


def test_wasserstein_equals_scipys_within_a_grid_step():
    rng = np.random.default_rng(1)
    a, b = rng.normal(size=5000), rng.normal(0.5, 1.5, 4000)
    found = d.number_drift(*counted(a, b))
    assert found.wasserstein == pytest.approx(stats.wasserstein_distance(a, b) / a.std(), rel=0.01)
    far = d.number_drift(*counted(a, a + 100))
    assert far.wasserstein == pytest.approx(100 / a.std(), rel=0.01)


def test_jensen_shannon_equals_scipy_and_psi_its_formula():
    p, q = np.array([0.5, 0.3, 0.2]), np.array([0.2, 0.2, 0.6])
    assert d.jensen_shannon(p, q) == pytest.approx(sp.jensenshannon(p, q, base=2))
    assert d.psi(p, q, 100, 100) == pytest.approx(((q - p) * np.log(q / p)).sum())
    assert np.isfinite(d.psi(np.array([1.0, 0]), np.array([0, 1.0]), 10, 10))


def test_the_chi_squared_test_equals_scipys_when_no_level_is_rare():
    a, b = list("aaabbbbccc" * 30), list("aabbbcccccc" * 20)
    table = np.array([[Counter(x)[level] for level in "abc"] for x in (a, b)])
    pearson = stats.chi2_contingency(table, correction=False).pvalue
    likelihood = stats.chi2_contingency(table, correction=False, lambda_="log-likelihood").pvalue
    assert d._chi2_p_value(table.T.astype(float)) == pytest.approx(max(pearson, likelihood), rel=1e-9)


def test_one_level_that_stands_out_among_many_is_seen_by_itself():
    rng = np.random.default_rng(4)
    then, now = zipf(rng, 5000, 200), zipf(rng, 5000, 200)
    now[:150] = ["7"] * 150
    table, counts = levelled(then, now)
    cells = d._cells(table, counts)
    assert d._single_level_p_value(cells) < 1e-6 * d._chi2_p_value(cells)


def test_total_variation_is_the_share_of_rows_that_moved():
    found = d.level_drift(*levelled(["a"] * 5000 + ["b"] * 5000, ["a"] * 7000 + ["b"] * 3000))
    assert found.value == pytest.approx(0.2)
    assert found.effect == pytest.approx(0.2, abs=0.01)


def test_many_levels_far_apart_by_chance_alone_show_a_small_effect():
    rng = np.random.default_rng(3)
    found = d.level_drift(*levelled(zipf(rng, 2000, 500), zipf(rng, 2000, 500)))
    assert found.value > 0.08
    assert found.effect < 0.06
    # Three hundred rows leave half the mass of 3,000 levels unseen, and that half is expected to be new.
    sparse = [d.level_drift(*levelled(zipf(rng, 300, 3000), zipf(rng, 300, 3000))).effect for _ in range(20)]
    assert np.mean(sparse) < 0.15


def test_fishers_test_equals_scipy():
    expected = stats.fisher_exact([[9, 191], [4, 296]], alternative="greater").pvalue
    assert d.share_p_value(4, 300, 9, 200) == pytest.approx(expected)


def test_fractions_in_a_whole_number_column_do_not_read_as_another_number():
    whole = np.repeat(np.arange(10.0), 100)
    assert d.number_drift(*counted(whole, whole + 0.2)).value == 0
    assert d.number_drift(*counted(whole, whole - 1)).value == pytest.approx(0.1)


def test_batches_count_as_the_whole_does():
    rng = np.random.default_rng(2)
    a, b = rng.normal(size=1000), rng.normal(1, 1, 900)
    sketch, whole = counted(a, b)
    parts = d.NumberCounts(np.zeros(len(sketch.points) + 1, dtype=np.int64))
    for piece in np.array_split(b, 7):
        parts.add(piece, sketch)
    assert np.array_equal(parts.cells, whole.cells)
    assert parts.above == pytest.approx(whole.above)


def zipf(rng: np.random.Generator, rows: int, levels: int) -> list[str]:
    p = 1 / np.arange(1, levels + 1)
    return [str(k) for k in rng.choice(levels, rows, p=p / p.sum())]


@pytest.mark.parametrize(("n", "m"), [(200, 200), (2000, 200), (200, 2000), (2000, 2000)])
@pytest.mark.parametrize("levels", [3, 30, 1000])
def test_p_values_of_unchanged_levels_are_small_no_more_often_than_they_say(n, m, levels):
    rng = np.random.default_rng(n + m + levels)
    drift, unseen = [], []
    for _ in range(150):
        table, counts = levelled(zipf(rng, n, levels), zipf(rng, m, levels), limit=100)
        drift.append(d.level_drift(table, counts).p)
        unseen.append(d.unseen_p_value(table, counts))
    for p_values in (drift, unseen):
        # 5 % of 150 is 7.5; more than 17 has a chance of about 0.1 %.
        assert sum(p < 0.05 for p in p_values) <= 17
        assert min(p_values) > 1e-5


def test_p_values_of_numbers_out_of_range_keep_their_promise():
    rng = np.random.default_rng(5)
    found = []
    for _ in range(2000):
        reference, current = rng.random(50), rng.random(200)
        found.append(d.out_of_range_p_value(50, 200, int((current > reference.max()).sum())))
    assert 0.03 < np.mean(np.array(found) <= 0.05) <= 0.06


def test_one_new_level_is_seen_at_once():
    reference = ["a"] * 5000 + ["b"] * 5000
    table, counts = levelled(reference, ["a"] * 495 + ["b"] * 495 + ["new"] * 10)
    assert d.unseen_p_value(table, counts) < 1e-8


def test_no_rows_give_no_suspicion():
    sketch, counts = counted(np.arange(10.0), np.array([]))
    assert d.number_drift(sketch, counts).p == 1
    assert d.level_drift(*levelled(["a"], [])).p == 1
    assert d.out_of_range_p_value(10, 10, 0) == 1
