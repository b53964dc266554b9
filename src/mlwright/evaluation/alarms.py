"""How good alarms are: precision and recall at a threshold and at budgets, PR-AUC, the share of alarms."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mlwright.data.columns import Array
from mlwright.evaluation.intervals import Bootstrap, bootstrap
from mlwright.evaluation.metrics import metric


@dataclass(frozen=True, slots=True)
class AlarmBudget:
    """What a budget of alarms gives.

    Attributes:
        share: Of the rows that may raise an alarm.
        alarms: How many do.
        threshold: The lowest value that does.
        precision, recall: Of those alarms.
    """

    share: float
    alarms: int
    threshold: float
    precision: float
    recall: float


def at_budget(y: Array, values: Array, shares: Sequence[float]) -> tuple[AlarmBudget, ...]:
    """Return precision and recall when the highest values, a share of the rows, raise an alarm; at least one row does.

    Example:
        >>> one = at_budget(np.array([0, 1, 0, 1]), np.array([0.1, 3.0, 0.2, 0.3]), [0.5])[0]
        >>> one.alarms, one.precision, one.recall
        (2, 1.0, 1.0)
    """
    order = np.argsort(-values, kind="stable")
    hits = np.cumsum(y[order] == 1)
    total = max(int(np.sum(y == 1)), 1)
    found: list[AlarmBudget] = []
    for share in shares:
        alarms = max(1, round(share * len(values)))
        right = int(hits[alarms - 1])
        found.append(AlarmBudget(share, alarms, float(values[order][alarms - 1]), right / alarms, right / total))
    return tuple(found)


def alarm_metrics(y: Array, values: Array, threshold: float, *, injected: bool, seed: int) -> dict[str, Any]:
    """Return every measure of the alarms with its interval, as an evaluation keeps them.

    Args:
        y: 1 for anomalies, int64, shape (n,); injected rows where `injected`.
        values: What the model says, shape (n,).
        threshold: From which value on there is an alarm.
        injected: The anomalies were made, so the measures are named after that.
        seed: Of the intervals.
    """
    labels = (values >= threshold).astype(np.int64)
    given = {"probabilities": order_preserving(values), "labels": np.eye(2)[labels]}
    names = ("injected_pr_auc", "injected_recall", "alarm_share")
    if not injected:
        names = ("pr_auc", "roc_auc", "precision", "recall", "f1", "alarm_share")
    found: dict[str, Any] = {}
    for name in names:
        one = metric(name)
        interval = bootstrap(y, given[one.needs], one, how=Bootstrap(seed=seed))
        value, low, high = (float(x) if np.isfinite(x) else None for x in (interval.value, interval.low, interval.high))
        found[name] = {"value": value, "low": low, "high": high, "direction": one.direction}
    return found


def order_preserving(values: Array) -> Array:
    """Return values from 0 on as numbers in [0, 1) in the same order, for metrics that look at the order alone.

    Example:
        >>> order_preserving(np.array([0.0, 1.0, 3.0])).tolist()
        [0.0, 0.5, 0.75]
    """
    return values / (1.0 + values)
