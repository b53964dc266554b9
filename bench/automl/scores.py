"""Scores of the test part, and the same scores on resampled test rows, from which ties are told."""

import zlib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]
HIGHER_IS_BETTER = ("roc_auc",)
DRAWS = 200
_FLOOR = 1e-15  # a probability of 0 for what happened costs 34.5


def score(metric: str, truth: npt.NDArray[np.generic], prediction: Floats) -> float:
    """Return a score.

    Args:
        metric: roc_auc, log_loss or rmse.
        truth: Class codes, or values, shape (n,).
        prediction: Probabilities by code, shape (n, C), or values, shape (n,).

    Raises:
        ValueError: There is no such metric, or a prediction is not finite.

    Example:
        >>> score("rmse", np.array([1.0, 2.0]), np.array([1.0, 4.0]))
        1.4142135623730951
    """
    if not np.isfinite(prediction).all():
        raise ValueError("Predictions are not finite.")
    if metric == "rmse":
        return float(np.sqrt(np.mean((truth - prediction) ** 2)))
    if metric == "log_loss":
        return float(np.mean(_losses(truth.astype(np.int64), prediction)))
    if metric == "roc_auc":
        return _area(truth.astype(np.int64), prediction[:, 1])
    raise ValueError(f"There is no metric '{metric}'.")


def draws(metric: str, truth: npt.NDArray[np.generic], prediction: Floats, key: str) -> list[float]:
    """Return the score on `DRAWS` resamples of the rows, the same rows for every system under the same `key`.

    Six significant digits; NaN where a resample lacks a class of two.
    """
    rng = np.random.default_rng(zlib.crc32(key.encode()))
    found: list[float] = []
    for _ in range(DRAWS):
        rows = rng.integers(0, len(truth), len(truth))
        found.append(float(f"{score(metric, truth[rows], prediction[rows]):.6g}"))
    return found


def by_code(prediction: Floats, labels: Sequence[str], classes: Sequence[str]) -> Floats:
    """Return probabilities in the order of `classes`; a class the system doesn't know gets 0; rows add up to 1.

    Raises:
        ValueError: A label is no class, or the shape is not one column per label.
    """
    if prediction.ndim != 2 or prediction.shape[1] != len(labels):
        raise ValueError(f"Probabilities of {len(labels)} classes have the shape {prediction.shape}.")
    found = np.zeros((len(prediction), len(classes)))
    for column, label in enumerate(labels):
        found[:, list(classes).index(label)] = prediction[:, column]
    return found / found.sum(axis=1, keepdims=True)


def _losses(codes: Codes, probabilities: Floats) -> Floats:
    return -np.log(np.maximum(probabilities[np.arange(len(codes)), codes], _FLOOR))


def _area(codes: Codes, scores: Floats) -> float:
    """Area under the ROC curve by ranks; ties get their mean rank. NaN with one class."""
    positive = int(codes.sum())
    negative = len(codes) - positive
    if not positive or not negative:
        return float("nan")
    _, inverse, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    return float((ranks[codes == 1].sum() - positive * (positive + 1) / 2) / (positive * negative))
