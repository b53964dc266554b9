"""Training of a network: epochs of shuffled batches, a schedule that ends in time, and the best epoch remembered."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np

from mlwright.base.seeds import generator
from mlwright.data.columns import Array
from mlwright.models.protocol import FitControl
from mlwright.models.tabular.network_inputs import NetworkInputs
from mlwright.models.tabular.network_layers import Gradients, NetworkShape
from mlwright.models.tabular.network_steps import StepPlan, Steps

_KEPT_CELLS = 16_000_000  # inputs of all rows are kept up to here, and made anew in every epoch beyond
_SHUFFLED_CELLS = 4_000_000  # inputs made at a time: bounds the memory, costs less than batch by batch
_PREDICTED_ROWS = 4096
_SNAPSHOT_BYTES = 96 * 2**20
_SPARE = 0.04  # of the time left that no step is planned into
_LOOK = 0.5  # of a step: what a batch costs that is only looked at
_JUDGED_ROWS = 20_000  # more validation rows say hardly more of which epoch is best
_COLD_STEPS = 3


@dataclass(frozen=True, slots=True)
class NetworkRows:
    """Rows to train or to judge by.

    Attributes:
        X: float32, shape (n, d).
        y: Class codes, int64, or values, float32, shape (n,).
        weight: float32, shape (n,), with a mean of 1; None where all rows count the same.
    """

    X: Array
    y: Array
    weight: Array | None

    def some(self, most: int) -> "NetworkRows":
        """Return these rows, or as many as `most` spread over them."""
        if len(self.y) <= most:
            return self
        kept = np.linspace(0, len(self.y) - 1, most).astype(np.int64)
        return NetworkRows(self.X[kept], self.y[kept], None if self.weight is None else self.weight[kept])


@dataclass(frozen=True, slots=True)
class NetworkLoss:
    """What is minimised.

    Attributes:
        slopes: Raw scores (members, n, outputs) and targets (n,) to the slope of each row's loss by the scores.
        mean: Mean answer (n, outputs or classes), targets and weights to one number.
        answer: Raw scores to what a member answers, (members, n, ...); the members' answers are averaged.
    """

    slopes: Callable[[Array, Array], Array]
    mean: Callable[[Array, Array, Array | None], float]
    answer: Callable[[Array], Array]


@dataclass(frozen=True, slots=True)
class NetworkPlan:
    """How to train.

    Attributes:
        epochs: Passes through the rows, at most.
        patience: Epochs without a better loss on the validation rows after which to stop.
        batch: Rows a step.
        dropout: Share of the hidden units left out at each step.
    """

    shape: NetworkShape
    steps: StepPlan
    epochs: int
    patience: int
    batch: int
    dropout: float


@dataclass(slots=True)
class Grown:
    """The parameters after some of the epochs, by the number of epochs; and which of them did best."""

    snapshots: dict[int, Array] = field(default_factory=dict)
    best: int = 0
    loss: float = float("inf")

    def add(self, epochs: int, vector: Array, loss: float) -> None:
        """Keep what has been reached after so many epochs; only as many of the earlier ones as memory allows."""
        if loss < self.loss or not self.best:
            self.best, self.loss = epochs, loss
        self.snapshots[epochs] = vector.copy()
        if len(self.snapshots) * vector.nbytes > _SNAPSHOT_BYTES and len(self.snapshots) > 2:
            kept = sorted(set(self.snapshots) - {self.best, epochs})
            for dropped in kept[::2]:
                del self.snapshots[dropped]

    def nearest(self, epochs: int) -> int:
        """Return the kept number of epochs next to the one that is asked for."""
        return min(self.snapshots, key=lambda kept: (abs(kept - epochs), kept))


def train_network(
    plan: NetworkPlan,
    inputs: NetworkInputs,
    loss: NetworkLoss,
    rows: tuple[NetworkRows, NetworkRows | None],
    control: FitControl,
) -> Grown:
    """Train on the first rows; the second, where there are any, say which epoch is best and when to stop."""
    train, valid = rows
    random = generator(control.seed, "network")
    steps = Steps(plan.shape.start(random), plan.steps)
    gradients = Gradients(plan.shape, plan.dropout, random)
    valid = None if valid is None else valid.some(_JUDGED_ROWS)
    looks = 0.0 if valid is None else _LOOK * len(valid.y) / plan.batch
    clock = _Clock(plan.epochs * max(len(train.y) // plan.batch, 1), 1.0 + looks, control)
    grown = Grown()
    seen = _seen(train, inputs)
    for epoch in range(1, plan.epochs + 1):
        for X, y, weight in _batches(train, plan, seen, random):
            if clock.over:
                break
            scores, before, masks = gradients.forward(steps.vector, X)
            slope = loss.slopes(scores, y)
            slope *= (1.0 if weight is None else weight[:, np.newaxis]) / np.float32(len(y))
            steps.take(gradients.backward(steps.vector, slope, before, masks), clock.share)
            clock.tick()
        last = clock.over or epoch == plan.epochs
        if valid is not None:
            _judge(grown, epoch, steps.mean, loss, (plan, inputs, valid))
        elif last:
            grown.add(epoch, steps.mean, float("nan"))
        if last or (valid is not None and epoch - grown.best >= plan.patience):
            break
    return grown


def predict_network(
    shape: NetworkShape, vector: Array, inputs: NetworkInputs, X: Array, answer: Callable[[Array], Array]
) -> Array:
    """Return the mean of the members' answers, in the precision of `X`, shape (n, ...)."""
    parts = [
        np.mean(answer(shape.scores(vector, inputs.of(X[start : start + _PREDICTED_ROWS]))), axis=0)
        for start in range(0, len(X), _PREDICTED_ROWS)
    ]
    return np.concatenate(parts)


def _judge(
    grown: Grown, epoch: int, vector: Array, loss: NetworkLoss, judged: tuple[NetworkPlan, NetworkInputs, NetworkRows]
) -> None:
    plan, inputs, valid = judged
    answers = predict_network(plan.shape, vector, inputs, valid.X, loss.answer)
    grown.add(epoch, vector, loss.mean(answers, valid.y, valid.weight))


def _seen(rows: NetworkRows, inputs: NetworkInputs) -> Callable[[Array], Array]:
    """Return a function from row numbers to the inputs of those rows."""
    if len(rows.y) * inputs.count > _KEPT_CELLS:
        return lambda chosen: inputs.of(rows.X[chosen])
    whole = inputs.of(rows.X)
    return lambda chosen: whole[chosen]


def _batches(
    rows: NetworkRows, plan: NetworkPlan, seen: Callable[[Array], Array], random: np.random.Generator
) -> Iterator[tuple[Array, Array, Array | None]]:
    """Yield inputs, targets and weights of shuffled batches of one size; what is over is left for another epoch."""
    size = min(plan.batch, len(rows.y))
    order = random.permutation(len(rows.y))[: len(rows.y) // size * size]
    group = max(size, _SHUFFLED_CELLS // plan.shape.inputs // size * size)
    for first in range(0, len(order), group):
        chosen = order[first : first + group]
        X, y = seen(chosen), rows.y[chosen]
        weight = None if rows.weight is None else rows.weight[chosen]
        for start in range(0, len(chosen), size):
            part = slice(start, start + size)
            yield X[part], y[part], None if weight is None else weight[part]


class _Clock:
    """Counts the steps, and plans fewer when they would end after the deadline, so that the rate always falls to 0."""

    def __init__(self, steps: int, after: float, control: FitControl) -> None:
        self._deadline = control.deadline
        self._after = after  # steps that what comes after the last one takes as long as
        self._wanted = self._planned = steps
        self._done = 0
        self._began = time.monotonic()

    @property
    def share(self) -> float:
        return self._done / self._planned

    @property
    def over(self) -> bool:
        return self._done >= self._planned

    def tick(self) -> None:
        self._done += 1
        if self._deadline is None:
            return
        now = time.monotonic()
        if self._done <= _COLD_STEPS:  # the first steps are slower than all others, and say nothing of them
            self._began = now
            self._planned = self._wanted if now < self._deadline else self._done
            return
        left = (1.0 - _SPARE) * (self._deadline - self._began) - (now - self._began)
        pace = (now - self._began) / (self._done - _COLD_STEPS)
        self._planned = min(self._wanted, self._done + max(int(left / pace - self._after), 0))
