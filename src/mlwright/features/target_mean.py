"""Categories as the mean of the target at their level, learnt so that no training row sees its own target.

Source: Micci-Barreca, "A preprocessing scheme for high-cardinality categorical attributes", SIGKDD Explorations 3 (1),
2001; cross-fitting as in scikit-learn's TargetEncoder.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

import numpy as np

from mlwright.base.seeds import generator
from mlwright.data.columns import Array, Columns
from mlwright.data.task import Task
from mlwright.features.levels import MISSING, LevelTable, count_levels

_SMOOTHING = 10.0  # a level of that many rows lies halfway between its own mean and the mean of all
_FOLDS = 5
_MAX_CLASSES = 10


@dataclass(frozen=True, slots=True, eq=False)
class TargetMean:
    """A category as the smoothed mean of the target; one column for each class of several.

    Attributes:
        levels: The levels known; "" is among them if missing cells were seen.
        values: float64, shape (levels, k).
        default: For unknown strings, float64, shape (k,).
        labels: What each column speaks of, () for one column.

    Example:
        >>> city = TargetMean("city", ("Rome",), np.array([[0.5]]), np.array([0.2]))
        >>> city.transform({"city": np.array(["Rome", "Oslo"], dtype=object)}).ravel().tolist()
        [0.5, 0.2]
    """

    kind: ClassVar[str] = "target_mean"
    column: str
    levels: tuple[str, ...]
    values: Array
    default: Array
    labels: tuple[str, ...] = ()
    table: LevelTable = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        # "" comes first, as in the other tables of the column, so that the ONNX graph looks each string up once.
        row = {level: self.values[code] for code, level in enumerate(self.levels)}
        keys = (MISSING, *(level for level in self.levels if level != MISSING))
        rows = np.array([*(row.get(key, self.default) for key in keys), self.default], dtype=np.float64)
        object.__setattr__(self, "table", LevelTable(keys, rows))

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(f"{self.column} target mean {label}".rstrip() for label in self.labels or ("",))

    @property
    def width(self) -> int:
        return len(self.default)

    def transform(self, columns: Columns) -> Array:
        """Return the means, float64, shape (n, k)."""
        return self.table.take(columns[self.column])

    def state(self) -> dict[str, Any]:
        return {
            "column": self.column,
            "levels": list(self.levels),
            "values": self.values.tolist(),
            "default": self.default.tolist(),
            "labels": list(self.labels),
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        default = np.array(state["default"], dtype=np.float64)
        values = np.array(state["values"], dtype=np.float64).reshape(-1, len(default))
        return cls(state["column"], tuple(state["levels"]), values, default, tuple(state["labels"]))


@dataclass(frozen=True, slots=True)
class TargetMeanPlan:
    """How to fit one: levels rarer than `min_count` are unknown; `standard` gives the training column mean 0, sd 1."""

    task: Task
    seed: int
    standard: bool = False
    min_count: int = 2
    max_levels: int = 10_000


def fit_target_mean(column: str, values: Array, y: Array, plan: TargetMeanPlan) -> tuple[TargetMean, Array]:
    """Learn the means, and return the training column in which each row is encoded by the rows of other folds.

    Args:
        values: Strings, object, shape (n,).
        y: int64 codes or float64 values, shape (n,).

    Returns:
        The encoder, fitted on all rows, and float64, shape (n, k).
    """
    counts = count_levels(values)
    kept = [level for level, count in counts.items() if count >= plan.min_count][: plan.max_levels]
    if MISSING in set(values.tolist()):
        kept.append(MISSING)
    codes = LevelTable(kept, np.empty((0, 0))).codes(values)
    targets, labels = _targets(y, plan.task)
    means, default = _smoothed(*_sums(codes, targets, len(kept)))
    training = _cross_fitted(codes, targets, len(kept), _fold_of_rows(y, plan.seed, column))
    if plan.standard:
        center, scale = training.mean(axis=0), training.std(axis=0)
        scale = np.where(scale > 0, scale, 1.0)
        means, default, training = ((part - center) / scale for part in (means, default, training))
    return TargetMean(column, tuple(kept), means, default, labels), training


def _targets(y: Array, task: Task) -> tuple[Array, tuple[str, ...]]:
    """Return what is averaged, float64, shape (n, k), and what its columns are called."""
    if task is not Task.MULTICLASS:
        return y.astype(np.float64)[:, np.newaxis], ()
    counts = np.bincount(y.astype(np.int64))
    classes = np.sort(np.argsort(-counts, kind="stable")[:_MAX_CLASSES])
    return (y[:, np.newaxis] == classes).astype(np.float64), tuple(f"of class {code}" for code in classes)


def _sums(codes: Array, targets: Array, levels: int) -> tuple[Array, Array]:
    """Return the sums, shape (levels + 1, k), and the rows, shape (levels + 1,), of each level; last the unknown."""
    columns = [np.bincount(codes, weights=target, minlength=levels + 1) for target in targets.T]
    return np.column_stack(columns), np.bincount(codes, minlength=levels + 1).astype(np.float64)


def _smoothed(sums: Array, counts: Array) -> tuple[Array, Array]:
    """Return the smoothed mean of each level, shape (levels, k), and the mean of all rows, shape (k,)."""
    prior = sums.sum(axis=0) / max(counts.sum(), 1.0)
    means = (sums[:-1] + _SMOOTHING * prior) / (counts[:-1, np.newaxis] + _SMOOTHING)
    return means, prior


def _cross_fitted(codes: Array, targets: Array, levels: int, folds: Array) -> Array:
    encoded = np.zeros_like(targets)
    for fold in range(_FOLDS):
        rows = folds == fold
        # Summed anew: all minus own would carry the own target in its last bits, which a tree can find.
        means, prior = _smoothed(*_sums(codes[~rows], targets[~rows], levels))
        encoded[rows] = np.vstack([means, prior])[codes[rows]]
    return encoded


def _fold_of_rows(y: Array, seed: int, column: str) -> Array:
    """Deal the rows, in the order of their target, to the folds, so that all folds have nearly the same mean.

    With folds of different means, a rare level (encoded by the mean of the other folds) would tell of its own target.
    """
    draw = generator(seed, "target mean", column)
    order = np.lexsort((draw.random(len(y)), y))
    blocks = -(-len(y) // _FOLDS)
    dealt = draw.permuted(np.tile(np.arange(_FOLDS), (blocks, 1)), axis=1).ravel()[: len(y)]
    folds = np.empty(len(y), dtype=np.int64)
    folds[order] = dealt
    return folds
