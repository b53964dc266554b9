"""Metrics of predicted numbers. Both arrays are float64, shape (n,); weights are optional."""

import numpy as np

from mlwright.base.errors import DataError
from mlwright.data.columns import Array
from mlwright.evaluation.inputs import checked_weight, values


def _mean(rows: Array, weight: Array | None) -> float:
    return float(np.average(rows, weights=checked_weight(weight, len(rows))))


def mse(y: Array, prediction: Array, *, weight: Array | None = None) -> float:
    """Return the mean squared error."""
    truth, predicted = values(y, prediction)
    return _mean((truth - predicted) ** 2, weight)


def rmse(y: Array, prediction: Array, *, weight: Array | None = None) -> float:
    """Return the root of the mean squared error, in the unit of y.

    Example:
        >>> rmse(np.array([0.0, 0.0]), np.array([3.0, 3.0]))
        3.0
    """
    return float(np.sqrt(mse(y, prediction, weight=weight)))


def mae(y: Array, prediction: Array, *, weight: Array | None = None) -> float:
    """Return the mean absolute error, in the unit of y."""
    truth, predicted = values(y, prediction)
    return _mean(np.abs(truth - predicted), weight)


def median_ae(y: Array, prediction: Array, *, weight: Array | None = None) -> float:
    """Return the (weighted) median of the absolute errors."""
    truth, predicted = values(y, prediction)
    errors = np.abs(truth - predicted)
    if weight is None:
        return float(np.median(errors))
    row_weight = checked_weight(weight, len(errors))
    errors, row_weight = errors[row_weight > 0], row_weight[row_weight > 0]
    order = np.argsort(errors)
    reached = np.cumsum(row_weight[order])
    place = int(np.searchsorted(reached, 0.5 * reached[-1]))
    # A median that falls between two rows is their mean, as for unit weights.
    after = place + 1 if reached[place] == 0.5 * reached[-1] else place
    return float((errors[order[place]] + errors[order[min(after, len(order) - 1)]]) / 2)


def r2(y: Array, prediction: Array, *, weight: Array | None = None) -> float:
    """Return the share of variance explained. NaN for one row; for constant y, 1 if all is right and else 0."""
    truth, predicted = values(y, prediction)
    if len(truth) < 2:
        return float("nan")
    row_weight = checked_weight(weight, len(truth))
    residual = float(row_weight @ (truth - predicted) ** 2)
    total = float(row_weight @ (truth - np.average(truth, weights=row_weight)) ** 2)
    if residual == 0:
        return 1.0
    return 1.0 - residual / total if total > 0 else 0.0


def mape(y: Array, prediction: Array, *, weight: Array | None = None) -> float:
    """Return the mean of |error| / |y| (0.1 is 10 %); a zero in y counts as float64's epsilon, as in scikit-learn."""
    truth, predicted = values(y, prediction)
    return _mean(np.abs(truth - predicted) / np.maximum(np.abs(truth), np.finfo(np.float64).eps), weight)


def rmsle(y: Array, prediction: Array, *, weight: Array | None = None) -> float:
    """Return the root mean squared error of log(1 + value).

    Raises:
        DataError: A true or predicted value of -1 or less.
    """
    truth, predicted = values(y, prediction)
    lowest = min(truth.min(), predicted.min())
    if lowest <= -1:
        raise DataError(
            f"rmsle met the value {lowest:.6g}, expected more than -1.", hint="choose rmse or mae for such targets."
        )
    return rmse(np.log1p(truth), np.log1p(predicted), weight=weight)


def pinball(y: Array, prediction: Array, *, weight: Array | None = None, alpha: float = 0.5) -> float:
    """Return the pinball loss of the `alpha` quantile, alpha in [0, 1]; 0.5 gives half the mean absolute error.

    Raises:
        DataError: alpha lies outside [0, 1].
    """
    if not 0 <= alpha <= 1:
        raise DataError(f"The quantile is {alpha}, expected 0 to 1.", hint="write pinball@0.9 for the 90 % quantile.")
    truth, predicted = values(y, prediction)
    error = truth - predicted
    return _mean(np.maximum(alpha * error, (alpha - 1) * error), weight)
