"""What a network minimises: log loss of classes, squared errors of values, or what another objective asks for."""

import numpy as np

from mlwright.base.errors import Infeasible
from mlwright.data.columns import Array
from mlwright.models.protocol import Params
from mlwright.models.tabular.network_fit import NetworkLoss
from mlwright.models.tabular.objectives import objective_of

_LEAST = 1e-7  # probability that a judged row counts with, at the least


def network_loss(params: Params, *, classes: int) -> NetworkLoss:
    """Return the loss for so many classes, or, with 0, for values.

    Raises:
        Infeasible: A network has no such objective.
    """
    if classes:
        return NetworkLoss(_class_slopes, _log_loss, class_shares)
    share = {"squared": None, "absolute": 0.5, "quantile": float(params.get("quantile", 0.5))}
    objective = objective_of(params)
    if objective not in share:
        raise Infeasible(
            f"'network' has no objective '{objective}' for values.", hint=f"use one of {', '.join(share)}."
        )
    if objective == "squared":
        return NetworkLoss(_value_slopes, _squared_error, values_of)
    quantile = np.float32(share[objective])
    return NetworkLoss(
        lambda scores, y: np.where(y[:, np.newaxis] > scores, -quantile, 1 - quantile),
        lambda answers, y, weight: _mean(np.maximum(quantile * (y - answers), (quantile - 1) * (y - answers)), weight),
        values_of,
    )


def class_shares(scores: Array) -> Array:
    """Return probabilities (..., K) of raw scores: the softmax of (..., K), the sigmoid of (..., 1) as two columns.

    Example:
        >>> class_shares(np.zeros((1, 1))).tolist()
        [[0.5, 0.5]]
    """
    if scores.shape[-1] == 1:
        positive = 0.5 + 0.5 * np.tanh(0.5 * scores)
        return np.concatenate([1.0 - positive, positive], axis=-1)
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
    powers /= powers.sum(axis=-1, keepdims=True)
    return powers


def values_of(scores: Array) -> Array:
    """Return values (..., n) of raw scores (..., n, 1)."""
    return scores[..., 0]


def _class_slopes(scores: Array, y: Array) -> Array:
    shares = class_shares(scores)
    shares[..., np.arange(len(y)), y] -= 1.0
    return shares[..., 1:] if scores.shape[-1] == 1 else shares


def _value_slopes(scores: Array, y: Array) -> Array:
    return scores - y[:, np.newaxis]


def _log_loss(answers: Array, y: Array, weight: Array | None) -> float:
    return _mean(-np.log(np.maximum(answers[np.arange(len(y)), y], _LEAST)), weight)


def _squared_error(answers: Array, y: Array, weight: Array | None) -> float:
    return _mean((answers - y) ** 2, weight)


def _mean(losses: Array, weight: Array | None) -> float:
    return float(np.average(losses, weights=weight))
