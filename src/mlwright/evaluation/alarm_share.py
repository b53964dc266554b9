"""The share of rows that raise an alarm without a known reason."""

import numpy as np

from mlwright.data.columns import Array


def alarms_among_usual(y: Array, prediction: Array, *, weight: Array | None = None) -> float:
    """Return the share of alarms among rows that are not known to be anomalies.

    Args:
        y: 1 for anomalies, shape (n,).
        prediction: 1 for alarms, shape (n,), or one-hot, shape (n, 2).
        weight: Row weights.

    Example:
        >>> alarms_among_usual(np.array([0, 0, 1]), np.array([0, 1, 1]))
        0.5
    """
    alarm = prediction.argmax(axis=1) if prediction.ndim == 2 else prediction
    usual = np.asarray(y) != 1
    if not usual.any():
        return float("nan")
    return float(np.average(alarm[usual], weights=None if weight is None else weight[usual]))
