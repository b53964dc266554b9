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
    factor = 2.0 ** math.floor(math.log2(largest)) if largest > _SAFE else 1.0
    scaled = values / factor
    low, high = np.quantile(scaled, [0.25, 0.75])
    if high > low:
        fence = _FENCE * (high - low)
        scaled = np.clip(scaled, low - fence, high + fence)
    center, scale = float(np.mean(scaled)) * factor, float(np.std(scaled)) * factor
    return center, scale if 0.0 < scale < math.inf else 1.0
