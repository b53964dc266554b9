"""Tail probabilities without scipy: gamma, beta, chi-squared, Student, Kolmogorov, hypergeometric; Holm; Wilson.

Sources: Numerical Recipes, 3rd edition, sections 6.2 and 6.4 (continued fractions by Lentz's method); Holm, A simple
sequentially rejective multiple test procedure, 1979; Wilson, Probable inference, 1927.
"""

import math
from statistics import NormalDist

import numpy as np

from mlwright.data.columns import Array

_TINY = 1e-300
_EPS = 1e-16
_STEPS = 100_000


def normal_quantile(probability: float) -> float:
    """Return the standard normal quantile of a probability in (0, 1)."""
    return NormalDist().inv_cdf(probability)


def normal_sf(z: float) -> float:
    """Return P(Z > z) of a standard normal Z."""
    return 0.5 * math.erfc(z / math.sqrt(2))


def gamma_sf(shape: float, x: float) -> float:
    """Return the regularised upper incomplete gamma function Q(shape, x), shape > 0, x >= 0."""
    if x <= 0:
        return 1.0
    front = math.exp(shape * math.log(x) - x - math.lgamma(shape))
    if x < shape + 1:
        return max(0.0, 1.0 - front * _gamma_series(shape, x))
    return min(1.0, front * _gamma_fraction(shape, x))


def _gamma_series(shape: float, x: float) -> float:
    term = total = 1.0 / shape
    for step in range(1, _STEPS):
        term *= x / (shape + step)
        total += term
        if term < total * _EPS:
            break
    return total


def _gamma_fraction(shape: float, x: float) -> float:
    b = x + 1.0 - shape
    c, d = 1.0 / _TINY, 1.0 / b
    value = d
    for step in range(1, _STEPS):
        a = -step * (step - shape)
        b += 2.0
        d = 1.0 / _away_from_zero(a * d + b)
        c = _away_from_zero(b + a / c)
        value *= d * c
        if abs(d * c - 1.0) < _EPS * 8:
            break
    return value


def _away_from_zero(x: float) -> float:
    return x if abs(x) > _TINY else _TINY


def chi2_sf(x: float, freedom: float) -> float:
    """Return P(X > x) of a chi-squared X.

    Example:
        >>> round(chi2_sf(3.841458820694124, 1), 12)
        0.05
    """
    return gamma_sf(freedom / 2, x / 2)


def beta_cdf(x: float, a: float, b: float) -> float:
    """Return the regularised incomplete beta function I_x(a, b), a and b > 0."""
    if x <= 0:
        return 0.0
    if x >= 1:
        return 1.0
    logs = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    front = math.exp(logs)
    if x < (a + 1) / (a + b + 2):
        return front * _beta_fraction(x, a, b) / a
    return 1.0 - front * _beta_fraction(1 - x, b, a) / b


def _beta_fraction(x: float, a: float, b: float) -> float:
    c = 1.0
    d = 1.0 / _away_from_zero(1.0 - (a + b) * x / (a + 1))
    value = d
    for m in range(1, _STEPS):
        for top in (
            m * (b - m) / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d = 1.0 / _away_from_zero(1.0 + top * x * d)
            c = _away_from_zero(1.0 + top * x / c)
            value *= d * c
        if abs(d * c - 1.0) < _EPS * 8:
            break
    return value


def student_sf(t: float, freedom: float) -> float:
    """Return P(T > t) of a Student T."""
    x = t * t / (freedom + t * t)
    # Near t = 0 the first form would lose its digits in 1 - x.
    half = 0.5 * beta_cdf(1 - x, freedom / 2, 0.5) if x > 0.5 else 0.5 - 0.5 * beta_cdf(x, 0.5, freedom / 2)
    return half if t >= 0 else 1.0 - half


def student_quantile(probability: float, freedom: float) -> float:
    """Return the Student quantile of a probability in (0, 1), by bisection to 1e-12."""
    if probability < 0.5:
        return -student_quantile(1 - probability, freedom)
    low, high = 0.0, 1.0
    while student_sf(high, freedom) > 1 - probability:
        high *= 2
    while high - low > 1e-12 * max(1.0, high):
        middle = (low + high) / 2
        low, high = (middle, high) if student_sf(middle, freedom) > 1 - probability else (low, middle)
    return (low + high) / 2


def kolmogorov_sf(x: float) -> float:
    """Return P(K > x) of Kolmogorov's limit distribution of sqrt(n) D."""
    if x <= 0:
        return 1.0
    if x < 1.18:
        # The other theta series converges where the alternating one does not.
        factor = math.exp(-(math.pi**2) / (8 * x * x))
        terms = sum(factor ** ((2 * k - 1) ** 2) for k in range(1, 8))
        return max(0.0, 1.0 - math.sqrt(2 * math.pi) / x * terms)
    return 2 * sum((-1) ** (k - 1) * math.exp(-2 * (k * x) ** 2) for k in range(1, 20))


def hypergeometric_sf(found: int, drawn: int, marked: int, total: int) -> float:
    """Return P(at least `found` of `drawn` are marked), drawing without return from `total` of which `marked` are.

    This is Fisher's exact test of two proportions, one-sided.
    """
    low, high = max(0, drawn + marked - total), min(drawn, marked)
    if found <= low:
        return 1.0
    if found > high:
        return 0.0
    mean = drawn * marked / total
    if found < mean:
        return 1.0 - hypergeometric_sf(drawn - found + 1, drawn, total - marked, total)
    return min(
        1.0, math.exp(_log_hypergeometric(found, drawn, marked, total)) * _tail_ratio(found, drawn, marked, total)
    )


def _log_choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)


def _log_hypergeometric(found: int, drawn: int, marked: int, total: int) -> float:
    return _log_choose(marked, found) + _log_choose(total - marked, drawn - found) - _log_choose(total, drawn)


def _tail_ratio(found: int, drawn: int, marked: int, total: int) -> float:
    """Return P(X >= found) / P(X = found) for found at or above the mean, where the terms fall."""
    term = ratio = 1.0
    for k in range(found, min(drawn, marked)):
        term *= (marked - k) * (drawn - k) / ((k + 1) * (total - marked - drawn + k + 1))
        ratio += term
        if term < ratio * _EPS:
            break
    return ratio


def wilson_interval(hits: float, rows: float, level: float = 0.95) -> tuple[float, float]:
    """Return the interval of a proportion, (0, 1) for no rows.

    Example:
        >>> low, high = wilson_interval(0, 10)
        >>> low, round(high, 4)
        (0.0, 0.2775)
    """
    if rows <= 0:
        return 0.0, 1.0
    z = normal_quantile(0.5 + level / 2)
    share = hits / rows
    centre = (share + z * z / (2 * rows)) / (1 + z * z / rows)
    half = z / (1 + z * z / rows) * math.sqrt(share * (1 - share) / rows + z * z / (4 * rows * rows))
    # At the ends the formula gives 0 and 1 but for rounding.
    low = 0.0 if hits <= 0 else max(0.0, centre - half)
    return low, (1.0 if hits >= rows else min(1.0, centre + half))


def holm(p_values: Array) -> Array:
    """Return p-values adjusted for the number of tests by Holm's step-down rule, same order.

    Example:
        >>> holm(np.array([0.01, 0.04, 0.03])).tolist()
        [0.03, 0.06, 0.06]
    """
    p = np.asarray(p_values, dtype=np.float64)
    if p.size == 0:
        return p
    order = np.argsort(p, kind="stable")
    stepped = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    adjusted = np.empty(len(p))
    adjusted[order] = np.minimum(stepped, 1.0)
    return adjusted
