"""Standardisation that outliers cannot spoil, in operations that ONNX repeats bit for bit."""

import math

import numpy as np

from mlwright.data.columns import Array

LIMIT = 10.0  # standard deviations; what lies beyond tells a linear model no more
_FENCE = 20.0  # interquartile ranges beyond the quartiles: a value outside is a fault or a different thing
_SAFE = 1e100  # squares of larger numbers, summed, may overflow


def standardise(values: Array, center: Array | float, scale: Array | float) -> Array:
    """Return (values - center) / scale, within ±LIMIT; NaN stays NaN."""
    with np.errstate(over="ignore"):  # ±1e308 minus its opposite: infinite, then LIMIT
        standard = (values - center) / scale
    return np.minimum(np.maximum(standard, -LIMIT), LIMIT)


def middle(values: Array) -> float:
    """Return the upper median of finite values, at least one: one that occurs, and no mean that could overflow.

    Example:
        >>> middle(np.array([4.0, 1.0, 2.0, 9.0]))
        4.0
    """
    # + 0.0 makes -0.0 plain: ONNX Runtime's Where, which fills it in, loses the sign of zero.
    return float(np.partition(values, len(values) // 2)[len(values) // 2]) + 0.0


def fit_standard(values: Array) -> tuple[float, float]:
    """Return centre and scale (mean and population standard deviation) of finite values, shape (n,).

    Values further than 20 interquartile ranges from the quartiles count as if they lay at that fence. The scale of
    constant or of no values is 1.

    Example:
        >>> fit_standard(np.array([1.0, 3.0]))
        (2.0, 1.0)
    """
    if not len(values):
        return 0.0, 1.0
    largest = float(np.max(np.abs(values)))
    # A power of two is taken out and put back without rounding.
    factor = math.ldexp(0.5, math.frexp(largest)[1]) if largest > _SAFE else 1.0
    scaled = values / factor
    low, high = np.quantile(scaled, [0.25, 0.75])
    if high > low:
        fence = _FENCE * (high - low)
        scaled = np.clip(scaled, low - fence, high + fence)
    center, scale = float(np.mean(scaled)) * factor, float(np.std(scaled)) * factor
    return snapped(center, 0.0), snapped(scale, 1.0) if 0.0 < scale < math.inf else 1.0


def snapped(value: float, neutral: float) -> float:
    """Return `neutral` for a value that float32 cannot tell from it, else the value.

    ONNX Runtime takes a subtraction of 0 and a division by 1 out of the graph, and looks at the double constant through
    a float (NoopElimination): such a value has to be neutral for us too.

    Example:
        >>> snapped(1.0 + 1e-12, 1.0), snapped(1e-310, 0.0), snapped(0.5, 0.0)
        (1.0, 0.0, 0.5)
    """
    with np.errstate(over="ignore"):
        return neutral if np.float32(value) == np.float32(neutral) else value
