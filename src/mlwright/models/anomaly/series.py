"""Strange values of a series: several causal views of its recent past, each on a logarithmic scale, averaged."""

import numpy as np

from mlwright.base.errors import DataError
from mlwright.data.columns import Array
from mlwright.features.windows import WindowPlan, window_features, window_plan

_CLOCK_CHANGES = 0.01  # of the steps may go back: clocks are set back, and loggers write an hour twice


def series_scores(values: Array, seconds: Array, plan: WindowPlan | None = None) -> Array:
    """Return how strange each value is beside those before it, float64, shape (n,), at least 0.

    The logarithm keeps one view that cries loudest from drowning the others.

    Args:
        values: One series; missing ones are NaN, shape (n,).
        seconds: Its stamps, shape (n,), in order but for a clock set back now and then; a gap counts as one step.
        plan: Which views; None takes two windows, changes, and a season of one day where there is one.

    Raises:
        DataError: Lengths differ, stamps are out of order, or no value is known.

    Example:
        >>> values = np.append(np.tile([1.0, 2.0], 100), 9.0)
        >>> scores = series_scores(values, np.arange(201.0))
        >>> int(scores.argmax())
        200
    """
    if len(values) != len(seconds):
        raise DataError(f"There are {len(values)} values and {len(seconds)} stamps.", hint="give one stamp a value.")
    falling = float(np.mean(np.diff(seconds) < 0)) if len(seconds) > 1 else 0.0
    if not np.isfinite(seconds).all() or falling > _CLOCK_CHANGES:
        raise DataError("The stamps are missing or not in the order of time.", hint="sort the rows by their stamps.")
    chosen = window_plan(seconds) if plan is None else plan
    clean = np.where(np.isfinite(values), values, np.nan)
    return np.mean([np.log1p(one) for one in window_features(clean, chosen).values()], axis=0)
