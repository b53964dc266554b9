"""Metrics of classifiers. y holds class codes 0..C-1; predictions are codes (n,) or probabilities (n, C).

Two classes: the positive class is code 1. More classes: the unweighted mean over the classes that occur ("macro").
A metric of labels takes the most probable class when it is given probabilities. Where a ratio has no denominator
(no positive was predicted, say) it counts as 0, as in scikit-learn; where a ranking has no positives or no negatives,
the result is NaN.
"""

from collections.abc import Callable

import numpy as np

from mlwright.data.columns import Array
from mlwright.evaluation.inputs import checked_weight, class_scores, label_codes, probabilities

ECE_BINS = 15


def confusion_counts(y: Array, prediction: Array, *, weight: Array | None = None) -> Array:
    """Return the (weighted) counts, float64, shape (C, C), true class by predicted class."""
    codes, predicted, classes = label_codes(y, prediction)
    flat = np.bincount(codes * classes + predicted, checked_weight(weight, len(codes)), minlength=classes * classes)
    return flat.reshape(classes, classes)


def accuracy(y: Array, prediction: Array, *, weight: Array | None = None) -> float:
    """Return the share of rows whose class is right.

    Example:
        >>> accuracy(np.array([0, 1, 1, 0]), np.array([0, 1, 0, 0]))
        0.75
    """
    counts = confusion_counts(y, prediction, weight=weight)
    return float(np.trace(counts) / counts.sum())


def balanced_accuracy(y: Array, prediction: Array, *, weight: Array | None = None) -> float:
    """Return the mean recall over the classes that occur in y."""
    counts = confusion_counts(y, prediction, weight=weight)
    support = counts.sum(axis=1)
    present = support > 0
    return float(np.mean(np.diag(counts)[present] / support[present]))


def _ratio(numerator: Array, denominator: Array) -> Array:
    return np.divide(numerator, denominator, out=np.zeros(len(numerator)), where=denominator > 0)


def _per_class(counts: Array) -> tuple[Array, Array, Array]:
    """Return precision, recall and F1, each (C,)."""
    hits, predicted, support = np.diag(counts), counts.sum(axis=0), counts.sum(axis=1)
    return _ratio(hits, predicted), _ratio(hits, support), _ratio(2 * hits, predicted + support)


def _occurring(y: Array, prediction: Array) -> Array:
    """Return which classes occur among labels or predictions, weights aside, as scikit-learn does."""
    counts = confusion_counts(y, prediction)
    return (counts.sum(axis=0) + counts.sum(axis=1)) > 0


def _label_metric(which: int, y: Array, prediction: Array, weight: Array | None) -> float:
    counts = confusion_counts(y, prediction, weight=weight)
    scores = _per_class(counts)[which]
    return float(scores[1]) if len(counts) == 2 else float(scores[_occurring(y, prediction)].mean())


def precision(y: Array, prediction: Array, *, weight: Array | None = None) -> float:
    """Return the share of rows predicted positive that are; macro for more than two classes."""
    return _label_metric(0, y, prediction, weight)


def recall(y: Array, prediction: Array, *, weight: Array | None = None) -> float:
    """Return the share of positive rows that are found; macro for more than two classes."""
    return _label_metric(1, y, prediction, weight)


def f1(y: Array, prediction: Array, *, weight: Array | None = None) -> float:
    """Return the harmonic mean of precision and recall; macro for more than two classes."""
    return _label_metric(2, y, prediction, weight)


def f1_micro(y: Array, prediction: Array, *, weight: Array | None = None) -> float:
    """Return F1 over all classes' decisions together, which is the accuracy."""
    return accuracy(y, prediction, weight=weight)


def f1_weighted(y: Array, prediction: Array, *, weight: Array | None = None) -> float:
    """Return the mean F1 of the classes, each counted by its number of rows."""
    counts = confusion_counts(y, prediction, weight=weight)
    return float(np.average(_per_class(counts)[2], weights=counts.sum(axis=1)))


def specificity(y: Array, prediction: Array, *, weight: Array | None = None) -> float:
    """Return the share of negative rows that are called negative; macro, one against the rest, for more classes."""
    counts = confusion_counts(y, prediction, weight=weight)
    hits, predicted, support, total = np.diag(counts), counts.sum(axis=0), counts.sum(axis=1), counts.sum()
    scores = _ratio(total - predicted - support + hits, total - support)
    return float(scores[1]) if len(counts) == 2 else float(scores[_occurring(y, prediction)].mean())


def mcc(y: Array, prediction: Array, *, weight: Array | None = None) -> float:
    """Return Matthews' correlation, in [-1, 1]; 0 when labels or predictions are constant.

    Source: Gorodkin, Comparing two K-category assignments by a K-category correlation coefficient, 2004.
    """
    counts = confusion_counts(y, prediction, weight=weight)
    support, predicted, total = counts.sum(axis=1), counts.sum(axis=0), counts.sum()
    covariance = np.trace(counts) * total - support @ predicted
    spread = (total**2 - predicted @ predicted) * (total**2 - support @ support)
    # Weights leave rounding noise where the exact spread is zero.
    return float(covariance / np.sqrt(spread)) if spread > 1e-12 * total**4 else 0.0


def _one_vs_rest(
    y: Array, prediction: Array, weight: Array | None, compute: Callable[[Array, Array, Array], float]
) -> float:
    codes, scores = class_scores(y, prediction)
    row_weight = checked_weight(weight, len(codes))
    if scores.shape[1] == 2:
        return compute(codes == 1, scores[:, 1], row_weight)
    found = [compute(codes == k, scores[:, k], row_weight) for k in range(scores.shape[1]) if (codes == k).any()]
    return float(np.mean(found))


def _steps(positive: Array, score: Array, weight: Array) -> tuple[Array, Array]:
    """Return cumulated weights of positives and negatives at each distinct score, highest score first."""
    order = np.argsort(score, kind="stable")[::-1]
    ordered = score[order]
    last = np.append(np.flatnonzero(ordered[1:] != ordered[:-1]), len(ordered) - 1)
    positive_weight = np.where(positive, weight, 0.0)[order]
    hits = np.cumsum(positive_weight)[last]
    return hits, np.cumsum(weight[order])[last] - hits


def _binary_roc_auc(positive: Array, score: Array, weight: Array) -> float:
    hits, misses = _steps(positive, score, weight)
    if hits[-1] <= 0 or misses[-1] <= 1e-12 * hits[-1]:
        return float("nan")
    widths = np.diff(misses, prepend=0.0)
    heights = (hits + np.append(0.0, hits[:-1])) / 2  # trapezoids: a tie counts one half
    return float(np.clip(widths @ heights / (hits[-1] * misses[-1]), 0.0, 1.0))


def _binary_average_precision(positive: Array, score: Array, weight: Array) -> float:
    hits, misses = _steps(positive, score, weight)
    if hits[-1] <= 0:
        return float("nan")
    gains = np.diff(hits, prepend=0.0) / hits[-1]
    return float(gains @ _ratio(hits, hits + misses))


def roc_auc(y: Array, prediction: Array, *, weight: Array | None = None) -> float:
    """Return the area under the ROC curve: the chance that a positive row scores above a negative one.

    More than two classes: one against the rest, mean over the classes that occur. NaN when only one class occurs.

    Example:
        >>> roc_auc(np.array([0, 0, 1, 1]), np.array([0.1, 0.4, 0.35, 0.8]))
        0.75
    """
    return _one_vs_rest(y, prediction, weight, _binary_roc_auc)


def pr_auc(y: Array, prediction: Array, *, weight: Array | None = None) -> float:
    """Return the average precision, the step-wise area under the precision-recall curve; NaN with no positive row."""
    return _one_vs_rest(y, prediction, weight, _binary_average_precision)


def log_loss(y: Array, prediction: Array, *, weight: Array | None = None) -> float:
    """Return the mean negative log-likelihood in nats; probabilities are clipped to float64's epsilon."""
    codes, chance = probabilities(y, prediction)
    eps = np.finfo(np.float64).eps
    given = np.clip(chance[np.arange(len(codes)), codes], eps, 1 - eps)
    return float(np.average(-np.log(given), weights=checked_weight(weight, len(codes))))


def brier_rows(y: Array, prediction: Array) -> Array:
    """Return each row's squared error of probability: in [0, 1] for two classes, in [0, 2] for more."""
    codes, chance = probabilities(y, prediction)
    truth = np.zeros_like(chance)
    truth[np.arange(len(codes)), codes] = 1.0
    return ((truth - chance) ** 2).sum(axis=1) * (0.5 if chance.shape[1] == 2 else 1.0)


def brier(y: Array, prediction: Array, *, weight: Array | None = None) -> float:
    """Return the mean squared error of the probabilities: in [0, 1] for two classes, in [0, 2] for more."""
    rows = brier_rows(y, prediction)
    return float(np.average(rows, weights=checked_weight(weight, len(rows))))


def ece(y: Array, prediction: Array, *, weight: Array | None = None) -> float:
    """Return the expected calibration error over 15 equal bins of probability.

    Two classes: the probability of class 1 against its frequency. More classes: the probability of the predicted
    class against its accuracy.

    Source: Guo et al., On calibration of modern neural networks, 2017.
    """
    codes, chance = probabilities(y, prediction)
    if chance.shape[1] == 2:
        confidence, hit = chance[:, 1], codes == 1
    else:
        confidence, hit = chance.max(axis=1), codes == chance.argmax(axis=1)
    row_weight = checked_weight(weight, len(codes))
    bins = np.minimum((confidence * ECE_BINS).astype(np.int64), ECE_BINS - 1)
    gap = np.bincount(bins, row_weight * (hit - confidence), minlength=ECE_BINS)
    return float(np.abs(gap).sum() / row_weight.sum())
