"""How long one row takes the model of a trial."""

import time

from mlwright.data.columns import take
from mlwright.tuning.table import TrainingTable
from mlwright.tuning.trial import Trial

_ROWS = 5


def row_milliseconds(trial: Trial, table: TrainingTable) -> float | None:
    """Return the shortest time of a few single rows, in milliseconds; None when the trial has no model.

    The shortest, because everything that disturbs a measurement makes it longer.
    """
    if trial.member is None:
        return None
    trial.member.predict(take(table.columns, slice(0, 1)))  # the first call pays for what is set up once
    best = float("inf")
    for index in range(_ROWS):
        row = take(table.columns, slice(index % table.rows, index % table.rows + 1))
        began = time.perf_counter()
        trial.member.predict(row)
        best = min(best, time.perf_counter() - began)
    return 1_000 * best
