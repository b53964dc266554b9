"""What a service counts: requests, time, rows, wrong fields, unseen levels, and what it predicted."""

import time
from math import isfinite

import numpy as np

from mlwright.models.signature import Signature
from mlwright.serving.cells import Notes
from mlwright.serving.exposition import Counter, Gauge, Histogram
from mlwright.serving.process import resident_bytes
from mlwright.serving.runtime import Prediction

_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_ROWS = (1, 2, 5, 10, 50, 100, 500, 1_000, 5_000, 10_000)
_SHARES = tuple(round(0.1 * step, 1) for step in range(1, 11))


class Gauges:
    """The metrics of one service. Changed on the event loop only, so that they need no lock."""

    def __init__(self, signature: Signature) -> None:
        self._fields = frozenset(column.name for column in signature.inputs)
        self._positive = (
            signature.classes.index(signature.positive) if signature.positive in signature.classes else None
        )
        self.requests = Counter("mlwright_requests_total", "Requests by route and status.", ("route", "code"))
        self.seconds = Histogram("mlwright_request_seconds", "Time from first to last byte.", _SECONDS, ("route",))
        self.in_flight = Gauge("mlwright_requests_in_flight", "Requests being worked on.")
        self.rows = Counter("mlwright_rows_total", "Rows predicted.")
        self.batch = Histogram("mlwright_batch_rows", "Rows in one request.", _ROWS)
        self.invalid = Counter("mlwright_invalid_fields_total", "Cells or fields refused.", ("field",))
        self.unseen = Counter("mlwright_unseen_levels_total", "Cells with a level unknown in training.", ("field",))
        self.outside = Counter("mlwright_out_of_range_total", "Numbers outside the range of training.", ("field",))
        self.labels = Counter("mlwright_predictions_total", "Predictions by label.", ("label",))
        self.scores = Histogram("mlwright_positive_probability", "Probability of the positive class.", _SHARES)
        self.values = Histogram("mlwright_predicted_value", "Predicted values.", _value_bounds(signature))
        self.model = Gauge("mlwright_model_info", "The model served.", ("name", "version", "task"))
        self.model.set(1, (signature.name, signature.version, signature.task.value))
        self.started = Gauge("process_start_time_seconds", "Start of the process since the epoch.")
        self.started.set(time.time())
        self.resident = Gauge("process_resident_memory_bytes", "Memory of the process.")
        self._task = signature.task

    def invalid_fields(self, invalid: dict[str, int]) -> None:
        """Count wrong fields; names that no signature has share one label, or a caller could make endless series."""
        for name, count in invalid.items():
            self.invalid.add((name if name in self._fields else "(unknown)",), count)

    def answered(self, prediction: Prediction, notes: Notes) -> None:
        rows = prediction.rows
        self.rows.add((), rows)
        self.batch.observe(rows)
        for name, count in notes.unseen.items():
            self.unseen.add((name,), count)
        for name, count in notes.out_of_range.items():
            self.outside.add((name,), count)
        if prediction.values is not None:
            self.values.observe_many(prediction.values.tolist())
        elif prediction.labels is not None and prediction.probabilities is not None:
            for label in prediction.labels.tolist():
                self.labels.add((label,))
            if self._positive is not None:
                self.scores.observe_many(prediction.probabilities[:, self._positive].tolist())

    def render(self) -> str:
        self.resident.set(resident_bytes() or 0)
        shown = [self.requests, self.seconds, self.in_flight, self.rows, self.batch, self.invalid, self.unseen]
        shown += [self.outside, self.model, self.started, self.resident]
        shown += [self.labels, self.scores] if self._task.is_classification else [self.values]
        return "".join(each.render() for each in shown)


def _value_bounds(signature: Signature) -> tuple[float, ...]:
    """Powers of ten with both signs: the target's range is not part of a signature."""
    if signature.task.is_classification:
        return ()
    sizes = [float(10.0**power) for power in range(-2, 7)]
    return tuple(bound for bound in [*(-size for size in reversed(sizes)), 0.0, *sizes] if isfinite(np.float64(bound)))
