"""Tail probabilities against scipy."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special, stats

from mlwright.evaluation import distributions as d


def close(ours: float, theirs: float) -> bool:
    return bool(np.isclose(ours, theirs, rtol=1e-8, atol=1e-14))


@settings(max_examples=300, deadline=None)
@given(st.floats(0, 2000), st.integers(1, 1500))
def test_chi_squared_equals_scipy(x, freedom):
    assert close(d.chi2_sf(x, freedom), stats.chi2.sf(x, freedom))


@settings(max_examples=300, deadline=None)
@given(st.floats(0, 1), st.floats(0.5, 5000), st.floats(0.5, 5000))
def test_incomplete_beta_equals_scipy(x, a, b):
    assert close(d.beta_cdf(x, a, b), special.betainc(a, b, x))


@settings(max_examples=200, deadline=None)
@given(st.floats(0.01, 6))
def test_kolmogorov_equals_scipy(x):
    assert close(d.kolmogorov_sf(x), special.kolmogorov(x))


@settings(max_examples=200, deadline=None)
@given(st.floats(-30, 30), st.integers(1, 300))
def test_student_equals_scipy(t, freedom):
    assert close(d.student_sf(t, freedom), stats.t.sf(t, freedom))


@pytest.mark.parametrize("freedom", [1, 4, 30])
@pytest.mark.parametrize("probability", [0.01, 0.5, 0.975, 0.9999])
def test_student_quantile_equals_scipy(probability, freedom):
    assert d.student_quantile(probability, freedom) == pytest.approx(
        stats.t.ppf(probability, freedom), rel=1e-9, abs=1e-9
    )


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_hypergeometric_equals_scipy(data):
    total = data.draw(st.integers(2, 20_000))
    drawn, marked = data.draw(st.integers(0, total)), data.draw(st.integers(0, total))
    found = data.draw(st.integers(0, drawn))
    expected = stats.hypergeom.sf(found - 1, total, marked, drawn)
    assert np.isclose(d.hypergeometric_sf(found, drawn, marked, total), expected, rtol=1e-6, atol=1e-11)


def test_far_tails_keep_their_digits():
    assert close(d.chi2_sf(900, 10), stats.chi2.sf(900, 10))
    assert d.hypergeometric_sf(200, 10_000, 200, 20_000) == pytest.approx(
        stats.hypergeom.sf(199, 20_000, 200, 10_000), rel=1e-6
    )
    assert d.kolmogorov_sf(8) == pytest.approx(special.kolmogorov(8), rel=1e-9)


def test_wilson_equals_scipy():
    expected = stats.binomtest(7, 20).proportion_ci(0.9, "wilson")
    assert d.wilson_interval(7, 20, 0.9) == pytest.approx((expected.low, expected.high))
    assert d.wilson_interval(0, 0) == (0.0, 1.0)


def test_holm_never_lowers_a_p_value_and_keeps_their_order():
    p = np.array([0.2, 0.0001, 0.03, 0.03])
    adjusted = d.holm(p)
    assert adjusted.tolist() == pytest.approx([0.2, 0.0004, 0.09, 0.09])
    assert d.holm(np.array([])).size == 0
