"""Greedy forward selection of a weighted mix on out-of-fold predictions.

Source: Caruana et al. 2004, "Ensemble selection from libraries of models".
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from mlwright.base.errors import DataError
from mlwright.base.seeds import generator
from mlwright.data.columns import Array


@dataclass(frozen=True, slots=True)
class MixPlan:
    """How a mix is selected.

    Attributes:
        rounds: Additions at most.
        max_members: Distinct members at most: each one costs at every prediction.
        patience: Stop after so many rounds in which the best loss did not fall.
        min_gain: A fall of the loss that counts, relative to the loss of the best single member.
        bags: Selections on random halves of the candidates, averaged, against overfitting; 1 uses all, once.
        seed: Of the bags.
    """

    rounds: int = 25
    max_members: int = 6
    patience: int = 3
    min_gain: float = 1e-5
    bags: int = 1
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Mix:
    """A mix: `weights`, one per candidate, sum to 1; its `loss`; and the `path` (candidate added, loss after it)."""

    weights: tuple[float, ...]
    loss: float
    path: tuple[tuple[int, float], ...]

    @property
    def members(self) -> tuple[int, ...]:
        """Indices of the candidates with a weight."""
        return tuple(index for index, weight in enumerate(self.weights) if weight > 0)


def greedy_mix(predictions: Sequence[Array], loss: Callable[[Array], float], plan: MixPlan | None = None) -> Mix:
    """Add, with replacement, the candidate that lowers the loss of the mean most; keep the best prefix.

    Args:
        predictions: Out-of-fold predictions of each candidate on the same rows, (n, C) or (n,), no NaN.
        loss: Of a mixed prediction; lower is better.

    Raises:
        DataError: There is no candidate.

    Example:
        >>> y = np.array([0.0, 0.0])
        >>> mix = greedy_mix([np.array([1.0, -1.0]), np.array([-1.0, 1.0])], lambda p: float(np.mean((p - y) ** 2)))
        >>> mix.weights, mix.loss
        ((0.5, 0.5), 0.0)
    """
    plan = plan or MixPlan()
    if not predictions:
        raise DataError("There is no candidate to mix; one at least was expected.", hint="run a trial first.")
    everyone = list(range(len(predictions)))
    if plan.bags <= 1 or len(predictions) < 4:
        path = _select(predictions, loss, plan, everyone)
        weights = _weights(path, len(predictions))
        return Mix(weights, path[-1][1], tuple(path))
    totals = np.zeros(len(predictions))
    for bag in range(plan.bags):
        some = generator(plan.seed, "bag", bag).permutation(len(predictions))[: -(-len(predictions) // 2)]
        totals += _weights(_select(predictions, loss, plan, sorted(some.tolist())), len(predictions))
    # The heaviest members over all bags, selected among once more: few enough to be cheap at prediction.
    heaviest = sorted(np.argsort(-totals, kind="stable")[: plan.max_members].tolist())
    path = _select(predictions, loss, plan, [index for index in heaviest if totals[index] > 0])
    return Mix(_weights(path, len(predictions)), path[-1][1], tuple(path))


def mixed(predictions: Sequence[Array], weights: Sequence[float]) -> Array:
    """Return the weighted mean of the predictions; candidates of weight 0 may have any shape or NaN."""
    parts = [weight * prediction for prediction, weight in zip(predictions, weights, strict=True) if weight > 0]
    return np.asarray(sum(parts[1:], start=parts[0]))


def _select(
    predictions: Sequence[Array], loss: Callable[[Array], float], plan: MixPlan, allowed: Sequence[int]
) -> list[tuple[int, float]]:
    path: list[tuple[int, float]] = []
    total = np.zeros_like(predictions[allowed[0]], dtype=np.float64)
    best_length, best_loss, margin = 0, np.inf, 0.0
    while len(path) < plan.rounds and len(path) - best_length < plan.patience:
        used = {index for index, _ in path}
        pool = sorted(used) if len(used) >= plan.max_members else allowed
        losses = [loss((total + predictions[index]) / (len(path) + 1)) for index in pool]
        at = int(np.argmin(losses))
        path.append((pool[at], losses[at]))
        total += predictions[pool[at]]
        if len(path) == 1 or losses[at] < best_loss - margin:
            best_length, best_loss = len(path), losses[at]
            margin = plan.min_gain * abs(path[0][1])
    return path[:best_length]


def _weights(path: Sequence[tuple[int, float]], candidates: int) -> tuple[float, ...]:
    counts = np.bincount([index for index, _ in path], minlength=candidates)
    return tuple((counts / len(path)).tolist())
