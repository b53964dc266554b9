"""Quick numbers of a table for the checks that fit small models. Not for models that are delivered."""

import numpy as np

from mlwright.data.columns import Array
from mlwright.data.dataset import Dataset
from mlwright.data.schema import Column, SemanticType
from mlwright.data.task import Task

_MOST_LEVELS = 200


def matrix_of(dataset: Dataset, columns: tuple[Column, ...]) -> Array:
    """Return float64 (rows, columns): levels as ranks by frequency, texts as their length, missing as NaN."""
    return np.column_stack([_numbers(dataset, column) for column in columns])


def _numbers(dataset: Dataset, column: Column) -> Array:
    values = dataset.columns([column.name])[column.name]
    if values.dtype != object:
        return values
    if column.type is SemanticType.TEXT:
        return np.array([len(text) if text else np.nan for text in values], dtype=np.float64)
    levels, codes, counts = np.unique(values.astype(str), return_inverse=True, return_counts=True)
    rank = np.empty(len(levels))
    rank[np.lexsort((levels, -counts))] = np.minimum(np.arange(len(levels)), _MOST_LEVELS)
    rank[levels == ""] = np.nan
    return rank[codes]


def filled(matrix: Array) -> Array:
    """Return the matrix without NaN and within float32, as forests want it."""
    return np.nan_to_num(matrix, nan=-1e30).clip(-1e38, 1e38)


def skill(y: Array, prediction: Array, task: Task) -> float:
    """Return how well `prediction` tells `y`: ROC AUC (mean over classes), or R2 for regression; 1 is perfect.

    Args:
        prediction: Probabilities (n, C) or values (n,).
    """
    if task is Task.REGRESSION:
        return 1 - float(((y - prediction) ** 2).sum() / max(((y - y.mean()) ** 2).sum(), 1e-300))
    codes = np.unique(y)
    areas = [area(y == code, prediction[:, code]) for code in codes]
    return float(np.mean(areas[-1:] if len(codes) == 2 else areas))


def chance(y: Array, task: Task) -> tuple[float, float]:
    """Return the skill of a guess and its standard error: AUC 0.5, R2 0."""
    if task is Task.REGRESSION:
        return 0.0, 1 / float(np.sqrt(len(y)))
    counts = np.unique(y, return_counts=True)[1]
    errors = [(0.5 - area_interval(0.5, int(rows), int(len(y) - rows))[0]) / 1.96 for rows in counts]
    errors = errors[-1:] if len(counts) == 2 else errors
    return 0.5, float(np.sqrt(np.sum(np.square(errors)))) / len(errors)


def area(positive: Array, score: Array) -> float:
    """Return the area under the ROC curve, ties counted half (Mann and Whitney)."""
    _, inverse, counts = np.unique(score, return_inverse=True, return_counts=True)
    rank = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    hits = int(positive.sum())
    misses = len(positive) - hits
    if not hits or not misses:
        return 0.5
    return float((rank[positive].sum() - hits * (hits + 1) / 2) / (hits * misses))


def area_interval(value: float, hits: int, misses: int) -> tuple[float, float]:
    """Return the 95 % interval of an area under the ROC curve.

    Source: Hanley and McNeil (1982), The meaning and use of the area under a ROC curve, equation 1.
    """
    q1, q2 = value / (2 - value), 2 * value**2 / (1 + value)
    spread = value * (1 - value) + (hits - 1) * (q1 - value**2) + (misses - 1) * (q2 - value**2)
    half = 1.96 * float(np.sqrt(max(spread, 0) / max(hits * misses, 1)))
    return max(0.0, value - half), min(1.0, value + half)
