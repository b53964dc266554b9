"""Metrics of classes that have an order: a mistake weighs by how far it is off. y and predictions as in classification.

Predictions are codes (n,), or probabilities (n, C), of which the most probable class counts.
"""

import numpy as np

from mlwright.data.columns import Array
from mlwright.evaluation.inputs import checked_weight, label_codes


def quadratic_kappa(y: Array, prediction: Array, *, weight: Array | None = None) -> float:
    """Return Cohen's kappa with squared distances: 1 is perfect, 0 is chance. NaN where all rows are of one class.

    Source: Cohen 1968, "Weighted kappa: nominal scale agreement with provision for scaled disagreement".

    Example:
        >>> quadratic_kappa(np.array([0, 1, 2, 2]), np.array([0, 1, 1, 2])).__round__(4)
        0.8
    """
    codes, predicted, _ = label_codes(y, prediction)
    row = checked_weight(weight, len(codes))
    share = row / row.sum()
    seen = float(share @ (codes - predicted) ** 2.0)
    mean, said = float(share @ codes), float(share @ predicted)
    # The mean squared distance of independent draws with these shares.
    chance = float(share @ (codes - mean) ** 2.0 + share @ (predicted - said) ** 2.0 + (mean - said) ** 2)
    return 1.0 - seen / chance if chance > 0 else float("nan")


def ordinal_mae(y: Array, prediction: Array, *, weight: Array | None = None) -> float:
    """Return by how many classes a prediction is off, on average.

    Example:
        >>> ordinal_mae(np.array([0, 2]), np.array([0, 0]))
        1.0
    """
    codes, predicted, _ = label_codes(y, prediction)
    return float(np.average(np.abs(codes - predicted), weights=checked_weight(weight, len(codes))))
