"""Focal loss of two classes: rows that are told apart already count little, so that rare ones are heard.

Source: Lin et al. 2017, "Focal loss for dense object detection".
"""

import numpy as np

from mlwright.data.columns import Array

_TINY = 1e-12
_LEAST_CURVATURE = 1e-6


def focal_loss(raw: Array, y: Array, gamma: float) -> Array:
    """Return -(1 - q)^gamma log q of each row, q the probability of its own class; gamma 0 is the log loss.

    Args:
        raw: Log-odds of class 1, (n,).
        y: 0 or 1, (n,).
        gamma: At least 0; 2 is usual.

    Example:
        >>> focal_loss(np.zeros(1), np.ones(1), 2.0).round(6).tolist()
        [0.173287]
    """
    own = _own(raw, y)
    return -((1.0 - own) ** gamma) * np.log(own)


def focal_gradients(raw: Array, y: Array, gamma: float) -> tuple[Array, Array]:
    """Return the first and second derivative of each row's loss by the raw score; the second is kept positive."""
    own, sign = _own(raw, y), np.where(y == 1, 1.0, -1.0)
    rest, log = 1.0 - own, np.log(own)
    inner = gamma * own * log + own - 1.0
    first = sign * rest**gamma * inner
    slope = rest**gamma * (gamma * log + gamma + 1.0) - gamma * rest ** max(gamma - 1.0, 0.0) * inner
    return first, np.maximum(slope * own * rest, _LEAST_CURVATURE)


def _own(raw: Array, y: Array) -> Array:
    """Return the probability of each row's own class, away from 0 and 1."""
    positive = 0.5 + 0.5 * np.tanh(0.5 * np.asarray(raw, dtype=np.float64))
    return np.clip(np.where(y == 1, positive, 1.0 - positive), _TINY, 1.0 - _TINY)
