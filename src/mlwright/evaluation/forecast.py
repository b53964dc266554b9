"""Measures of forecasts: relative to a naive one, in per cent, of the whole; and of intervals.

Source: Hyndman and Koehler (2006), Another look at measures of forecast accuracy (MASE); Makridakis et al. (2020), The
M4 competition (sMAPE); Gneiting and Raftery (2007), Strictly proper scoring rules (CRPS, interval score).
"""

import numpy as np

from mlwright.base.errors import DataError
from mlwright.data.columns import Array
from mlwright.evaluation.inputs import values as checked


def mase(y: Array, prediction: Array, *, weight: Array | None = None, scale: Array | None = None) -> float:
    """Return the mean absolute error in units of `scale`: 1 is as good as repeating the last season was in the past.

    Args:
        y, prediction: Shape (n,).
        weight: Row weights, shape (n,).
        scale: Mean absolute seasonal change of each row's history, above 0, shape (n,).

    Raises:
        DataError: There is no scale; it comes from the histories and not from the rows.

    Example:
        >>> mase(np.array([2.0, 4.0]), np.array([1.0, 1.0]), scale=np.array([1.0, 2.0]))
        1.25
    """
    if scale is None:
        raise DataError(
            "MASE was asked for without the scale of the histories.", hint="pass scale, or take mae, smape or wape."
        )
    y, prediction = checked(y, prediction)
    return float(np.average(np.abs(y - prediction) / scale, weights=weight))


def smape(y: Array, prediction: Array, *, weight: Array | None = None) -> float:
    """Return the symmetric mean absolute percentage error, in [0, 200]; two zeros differ by nothing.

    Example:
        >>> smape(np.array([100.0, 0.0]), np.array([300.0, 0.0]))
        50.0
    """
    y, prediction = checked(y, prediction)
    size = np.abs(y) + np.abs(prediction)
    shares = np.divide(200.0 * np.abs(y - prediction), size, out=np.zeros(len(y)), where=size > 0)
    return float(np.average(shares, weights=weight))


def wape(y: Array, prediction: Array, *, weight: Array | None = None) -> float:
    """Return the sum of absolute errors over the sum of absolute values; NaN where all values are 0.

    Example:
        >>> wape(np.array([1.0, 3.0]), np.array([2.0, 3.0]))
        0.25
    """
    y, prediction = checked(y, prediction)
    total = float(np.average(np.abs(y), weights=weight))
    return float(np.average(np.abs(y - prediction), weights=weight)) / total if total else float("nan")


def crps(y: Array, quantiles: Array, levels: Array) -> float:
    """Return the continuous ranked probability score by the mean quantile loss over a grid of levels, in y's unit.

    Args:
        y: Shape (n,).
        quantiles: Forecast quantiles, ascending, shape (n, q).
        levels: Of the quantiles, in (0, 1), shape (q,).

    Example:
        >>> round(crps(np.array([1.0]), np.array([[0.0]]), np.array([0.5])), 3)
        1.0
    """
    error = y[:, np.newaxis] - quantiles
    loss = np.maximum(levels * error, (levels - 1) * error)
    return float(2 * loss.mean())


def coverage(y: Array, low: Array, high: Array) -> float:
    """Return the share of values within their intervals.

    Example:
        >>> coverage(np.array([1.0, 5.0]), np.array([0.0, 0.0]), np.array([2.0, 2.0]))
        0.5
    """
    return float(np.mean((y >= low) & (y <= high)))


def interval_score(y: Array, low: Array, high: Array, level: float) -> float:
    """Return the mean width of the intervals plus what values outside of them cost, in y's unit; lower is better."""
    cost = 2 / (1 - level) * (np.maximum(low - y, 0) + np.maximum(y - high, 0))
    return float(np.mean(high - low + cost))
