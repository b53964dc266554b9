"""Quality when labels are there: the metrics of delivery, measured again, and whether they have truly got worse."""

from collections.abc import Iterable, Mapping

import numpy as np

from mlwright.base.seeds import generator
from mlwright.data.columns import Array
from mlwright.evaluation.distributions import normal_sf
from mlwright.evaluation.metrics import metric
from mlwright.monitoring.baseline import Baseline, Quality, quality_of
from mlwright.monitoring.findings import QualityChange, Suspicion

_LIMIT = 50_000


class LabelledRows:
    """An even sample of at most 50,000 labelled rows out of any number, the same however they are batched."""

    def __init__(self, seed: int) -> None:
        self._rng = generator(seed, "labelled rows")
        self._keys = np.zeros(0)
        self._labels: Array | None = None
        self._predictions: Array | None = None

    def add(self, labels: Array, predictions: Array) -> None:
        """Take a batch: codes or values (n,), and predictions of as many rows."""
        keys = np.concatenate([self._keys, self._rng.random(len(labels))])
        y = labels if self._labels is None else np.concatenate([self._labels, labels])
        p = predictions if self._predictions is None else np.concatenate([self._predictions, predictions])
        if len(keys) > _LIMIT:
            kept = np.sort(np.argpartition(keys, _LIMIT)[:_LIMIT])
            keys, y, p = keys[kept], y[kept], p[kept]
        self._keys, self._labels, self._predictions = keys, y, p

    def quality(self, baseline: Baseline, seed: int) -> Mapping[str, Quality]:
        """Return the metrics of the rows so far, empty for none."""
        if self._labels is None or self._predictions is None or not len(self._labels):
            return {}
        return quality_of(self._labels, self._predictions, baseline.task, baseline.metric, seed)


def quality_changes(baseline: Baseline, now: Mapping[str, Quality]) -> tuple[QualityChange, ...]:
    """Return every metric that was measured at delivery and now."""
    return tuple(
        QualityChange(metric=name, then=then.value, now=now[name].value, low=now[name].low, high=now[name].high)
        for name, then in baseline.quality.items()
        if name in now
    )


def quality_drop(baseline: Baseline, now: Mapping[str, Quality]) -> Iterable[Suspicion]:
    """Yield a suspicion when the metric that counts is worse; its effect is the growth of the error.

    The error is the distance to a perfect model: 0.90 to 0.88 in ROC-AUC is 20 % more error.
    """
    then = baseline.quality.get(baseline.metric)
    current = now.get(baseline.metric)
    if then is None or current is None:
        return
    wanted = metric(baseline.metric)
    loss = wanted.gain(then.value, current.value)
    if loss <= 0:
        return
    error = abs(wanted.best - then.value)
    growth = loss / error if error > 0 else float("inf")
    noise = float(np.hypot(_standard_error(then), _standard_error(current)))
    text = f"{wanted.name} was {then.value:.4g} at delivery and is {current.value:.4g} ({growth:.0%} more error)."
    yield Suspicion(
        check="quality",
        column="",
        effect=min(growth, 1e9),
        p=normal_sf(loss / noise) if noise > 0 else 0.0,
        message=text,
        evidence={"metric": wanted.name, "then": then.value, "now": current.value},
    )


def _standard_error(quality: Quality) -> float:
    return (quality.high - quality.low) / (2 * 1.96)
