"""What every metric asks of its arrays, checked once and said clearly."""

from typing import Any

import numpy as np

from mlwright.base.errors import DataError
from mlwright.data.columns import Array


def checked_weight(weight: Array | None, rows: int) -> Array:
    """Return row weights, float64, shape (rows,); ones for None.

    Raises:
        DataError: Wrong length, negative, not finite, or all zero.
    """
    if weight is None:
        return np.ones(rows)
    weight = np.asarray(weight, dtype=np.float64)
    if weight.shape != (rows,):
        raise DataError(
            f"The weights have shape {weight.shape}, expected ({rows},).", hint="give one weight per row, or none."
        )
    if not np.isfinite(weight).all() or (weight < 0).any() or weight.sum() <= 0:
        raise DataError(
            "The weights hold negative or non-finite numbers, or are all zero.",
            hint="give finite weights of at least 0, one of them above 0.",
        )
    return weight


def checked_codes(y: Array, what: str = "labels") -> Array:
    """Return class codes as int64, shape (n,).

    Raises:
        DataError: No rows, not one-dimensional, or not whole numbers of at least 0.
    """
    codes = np.asarray(y)
    if codes.ndim != 1 or codes.size == 0:
        raise DataError(
            f"The {what} have shape {codes.shape}, expected one code per row and at least one row.",
            hint="pass a one-dimensional array of class codes 0..C-1.",
        )
    if codes.dtype.kind not in "iub" and (codes.dtype.kind != "f" or (codes != np.floor(codes)).any()):
        raise DataError(
            f"The {what} are of type {codes.dtype}, expected whole numbers 0..C-1.",
            hint="encode the classes first; encode_target does it for a dataset.",
        )
    codes = codes.astype(np.int64)
    if codes.min() < 0:
        raise DataError(f"The {what} hold the code {codes.min()}, expected 0..C-1.", hint="encode the classes first.")
    return codes


def checked_scores(prediction: Array, rows: int) -> Array:
    """Return predictions as finite float64 of `rows` rows, one- or two-dimensional.

    Raises:
        DataError: Another number of rows, or NaN or infinity inside.
    """
    scores = np.asarray(prediction, dtype=np.float64)
    if scores.ndim not in (1, 2) or len(scores) != rows:
        raise DataError(
            f"The predictions have shape {scores.shape}, but there are {rows} labels.",
            hint="pass one prediction, or one row of probabilities, per label.",
        )
    if not np.isfinite(scores).all():
        raise DataError(
            f"{int((~np.isfinite(scores)).sum())} predictions are NaN or infinite, expected finite numbers.",
            hint="look at the rows for which the model gave no number.",
        )
    return scores


def class_scores(y: Array, prediction: Array) -> tuple[Array, Array]:
    """Return codes (n,) and one score per class (n, C).

    A one-dimensional prediction is the score of class 1; class 0 gets one minus it.

    Raises:
        DataError: The arrays do not fit each other.
    """
    codes = checked_codes(y)
    scores = checked_scores(prediction, len(codes))
    if scores.ndim == 1 or scores.shape[1] == 1:
        positive = scores.reshape(-1)
        scores = np.stack([1.0 - positive, positive], axis=1)
    if codes.max() >= scores.shape[1]:
        raise DataError(
            f"The labels hold the code {codes.max()}, but the predictions have {scores.shape[1]} classes.",
            hint="pass one column of probabilities per class, in the order of the codes.",
        )
    return codes, scores


def probabilities(y: Array, prediction: Array) -> tuple[Array, Array]:
    """Return codes (n,) and probabilities (n, C), each in [0, 1].

    Raises:
        DataError: The arrays do not fit each other, or a number lies outside [0, 1].
    """
    codes, scores = class_scores(y, prediction)
    if scores.min() < -1e-6 or scores.max() > 1 + 1e-6:
        raise DataError(
            f"The probabilities range from {scores.min():.4g} to {scores.max():.4g}, expected 0 to 1.",
            hint="pass probabilities, not margins or labels of another coding.",
        )
    return codes, np.clip(scores, 0.0, 1.0)


def label_codes(y: Array, prediction: Array) -> tuple[Array, Array, int]:
    """Return true codes, predicted codes and the number of classes.

    Two-dimensional predictions are probabilities: the most probable class is taken, the first one on a tie.

    Raises:
        DataError: The arrays do not fit each other.
    """
    prediction = np.asarray(prediction)
    if prediction.ndim == 2:
        codes, scores = class_scores(y, prediction)
        return codes, scores.argmax(axis=1), scores.shape[1]
    codes, predicted = checked_codes(y), checked_codes(prediction, "predicted labels")
    if len(codes) != len(predicted):
        raise DataError(
            f"There are {len(codes)} labels but {len(predicted)} predictions.", hint="pass one prediction per label."
        )
    return codes, predicted, int(max(codes.max(), predicted.max(), 1)) + 1


def values(y: Array, prediction: Array) -> tuple[Array, Array]:
    """Return true and predicted values, float64, shape (n,).

    Raises:
        DataError: The arrays do not fit each other, are empty, or hold NaN or infinity.
    """
    truth: Array = np.asarray(y, dtype=np.float64)
    if truth.ndim != 1 or truth.size == 0 or not np.isfinite(truth).all():
        raise DataError(
            f"The true values have shape {truth.shape} or hold NaN, expected one finite number per row.",
            hint="drop the rows with no target before scoring.",
        )
    predicted: Any = checked_scores(prediction, len(truth)).reshape(-1)
    if predicted.shape != truth.shape:
        raise DataError(
            f"There are {predicted.size} predicted numbers for {truth.size} rows.", hint="pass one value per row."
        )
    return truth, predicted
