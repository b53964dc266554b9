"""From raw scores to probabilities."""

import numpy as np

from mlwright.data.columns import Array


def probabilities(raw: Array) -> Array:
    """Return float64 (n, K): the sigmoid of (n,) or (n, 1) as two columns, the softmax of (n, K).

    Example:
        >>> import numpy as np
        >>> probabilities(np.zeros(1)).tolist()
        [[0.5, 0.5]]
    """
    scores = np.asarray(raw, dtype=np.float64)
    if scores.ndim == 1 or scores.shape[1] == 1:
        # tanh never overflows, unlike exp.
        positive = 0.5 + 0.5 * np.tanh(0.5 * scores.reshape(-1))
        return np.column_stack([1.0 - positive, positive])
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))
