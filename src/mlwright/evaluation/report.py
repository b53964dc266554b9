"""Everything that is measured on one set of predictions, as one JSON-able value: `Evaluation`."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict

from mlwright.base.errors import DataError
from mlwright.data.columns import Array, Columns, row_count
from mlwright.evaluation.calibration import Calibration, calibration
from mlwright.evaluation.classification import brier_rows
from mlwright.evaluation.confusion import Confusion, confusion
from mlwright.evaluation.fairness import Decision, Fairness, classification_fairness, regression_fairness
from mlwright.evaluation.hardest import HardRow, hardest_rows
from mlwright.evaluation.inputs import class_scores, values
from mlwright.evaluation.intervals import Bootstrap, Interval, bootstrap
from mlwright.evaluation.metrics import Metric, metrics_for
from mlwright.evaluation.metrics import metric as find_metric
from mlwright.evaluation.residuals import Residuals, residuals
from mlwright.evaluation.score import Basis
from mlwright.evaluation.slices import Slice, SliceConfig, worst_slices
from mlwright.evaluation.thresholds import OperatingPoint, threshold_table


class Estimate(BaseModel):
    """A metric's value with its interval; None where it is not defined on these rows. Immutable."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    value: float | None
    low: float | None
    high: float | None
    direction: str


class Evaluation(BaseModel):
    """What was measured. Immutable; the same input and seed give the same JSON.

    Attributes:
        task: "binary", "multiclass" or "regression".
        metrics: By name; all that fit the task and are defined for such values.
        slice_loss: What the slices' loss is.
        confusion, calibration, thresholds: Classification only; thresholds for two classes.
        residuals: Regression only.
        fairness: One entry per sensitive attribute.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    task: str
    rows: int
    basis: Basis | None = None
    threshold: float | None = None
    metrics: Mapping[str, Estimate]
    slices: tuple[Slice, ...]
    slice_loss: str
    hardest: tuple[HardRow, ...]
    confusion: Confusion | None = None
    calibration: Calibration | None = None
    thresholds: tuple[OperatingPoint, ...] = ()
    residuals: Residuals | None = None
    fairness: tuple[Fairness, ...] = ()


@dataclass(frozen=True, slots=True)
class EvaluationOptions:
    """What goes into an evaluation beside labels and predictions.

    Attributes:
        basis: Where the rows come from.
        threshold: The positive class is predicted at or above it (binary); None takes the most probable class.
        labels: Codes that were predicted, where neither a threshold nor the most probable class decides.
        columns: The rows' inputs, in which slices are sought; None seeks none.
        sensitive: Columns by name for fairness; they need not be inputs.
        positive: Code of the class whose prediction is the decision (fairness); None is 1 for two classes, and every
            class in turn for more.
        weight: Row weights.
        also: Metrics beyond those of every evaluation, such as "pinball@0.9"; one that does not fit is left out.
        bootstrap, slices: How intervals and slices are made; their seeds make the result.
    """

    basis: Basis | None = None
    threshold: float | None = None
    labels: Array | None = None
    columns: Columns | None = None
    sensitive: Mapping[str, Array] = field(default_factory=dict[str, Array])
    positive: int | None = None
    weight: Array | None = None
    also: tuple[str, ...] = ()
    bootstrap: Bootstrap = field(default_factory=Bootstrap)
    slices: SliceConfig = field(default_factory=SliceConfig)


def evaluate_classification(
    y: Array, probabilities: Array, classes: Sequence[str], options: EvaluationOptions | None = None
) -> Evaluation:
    """Return the evaluation of a classifier.

    Args:
        y: Class codes, shape (n,).
        probabilities: Shape (n, C), or (n,) for the positive class.
        classes: The C labels, in the order of the codes.
        options: Threshold, columns for slices, sensitive attributes, seeds.

    Raises:
        DataError: The arrays do not fit each other.
    """
    options = options or EvaluationOptions()
    codes, chance = class_scores(y, probabilities)
    if chance.shape[1] != len(classes):
        raise DataError(
            f"The probabilities have {chance.shape[1]} columns for {len(classes)} classes.",
            hint="pass one label per column, in the order of the codes.",
        )
    two = len(classes) == 2
    labels = chance.argmax(axis=1) if options.labels is None else options.labels
    if two and options.threshold is not None:
        labels = (chance[:, 1] >= options.threshold).astype(np.int64)
    both = two and 0 < int((codes == 1).sum()) < len(codes)
    task = "binary" if two else "multiclass"
    shared = _shared(codes, brier_rows(codes, chance), options)
    return Evaluation(
        task=task,
        rows=len(codes),
        threshold=options.threshold if two else None,
        metrics=_classification_metrics(task, codes, chance, labels, options),
        slice_loss="Brier score",
        hardest=hardest_rows(codes, chance),
        confusion=confusion(codes, labels, classes),
        calibration=calibration(codes, chance),
        thresholds=threshold_table(codes, chance, points=100) if both else (),
        fairness=_classification_fairness(codes, labels, chance, classes, options),
        **shared,
    )


def evaluate_regression(y: Array, prediction: Array, options: EvaluationOptions | None = None) -> Evaluation:
    """Return the evaluation of a regression: values y (n,) against predictions (n,).

    Raises:
        DataError: The arrays do not fit each other or hold NaN.
    """
    options = options or EvaluationOptions()
    truth, predicted = values(y, prediction)
    usual = [m for m in metrics_for("regression") if m.name != "pinball"]
    wanted = [m for m in _with(usual, "regression", options.also) if _takes(m, truth, predicted)]
    return Evaluation(
        task="regression",
        rows=len(truth),
        metrics={m.name: _estimate(m, truth, predicted, options) for m in wanted},
        slice_loss="absolute error",
        hardest=hardest_rows(truth, predicted),
        residuals=residuals(truth, predicted, seed=options.bootstrap.seed),
        fairness=tuple(
            regression_fairness(name, truth, predicted, group) for name, group in sorted(options.sensitive.items())
        ),
        **_shared(truth, np.abs(truth - predicted), options),
    )


def _with(usual: Sequence[Metric], task: str, also: Sequence[str]) -> list[Metric]:
    """Return the usual metrics and those that are asked for beside them."""
    known = {m.name: m for m in usual}
    asked = {m.name: m for m in map(find_metric, also) if m.fits(task)}
    return list({**known, **asked}.values())


def _takes(metric: Metric, truth: Array, predicted: Array) -> bool:
    """rmsle needs values above -1; mape says nothing where a true value is 0."""
    if metric.name == "rmsle":
        return bool(truth.min() > -1 and predicted.min() > -1)
    return metric.name != "mape" or not (truth == 0).any()


def _shared(y: Array, loss: Array, options: EvaluationOptions) -> dict[str, Any]:
    columns = options.columns
    if columns is not None and row_count(columns) != len(y):
        raise DataError(
            f"The columns have {row_count(columns)} rows, but there are {len(y)} labels.",
            hint="pass the rows that were predicted.",
        )
    found = worst_slices(columns, loss, options.slices) if columns else ()
    return {"basis": options.basis, "slices": found}


def _classification_metrics(
    task: str, codes: Array, chance: Array, labels: Array, options: EvaluationOptions
) -> dict[str, Estimate]:
    # One-hot labels keep the number of classes known where a rare class is absent.
    hard = np.eye(chance.shape[1])[labels]
    return {
        m.name: _estimate(m, codes, hard if m.needs == "labels" else chance, options)
        for m in _with(metrics_for(task), task, options.also)
    }


def _estimate(metric: Metric, y: Array, prediction: Array, options: EvaluationOptions) -> Estimate:
    found: Interval = bootstrap(y, prediction, metric, weight=options.weight, how=options.bootstrap)
    return Estimate(
        value=_finite(found.value), low=_finite(found.low), high=_finite(found.high), direction=metric.direction
    )


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _classification_fairness(
    codes: Array, labels: Array, chance: Array, classes: Sequence[str], options: EvaluationOptions
) -> tuple[Fairness, ...]:
    if options.positive is not None:
        decisions = [options.positive]
    else:
        decisions = [1] if len(classes) == 2 else list(range(len(classes)))
    return tuple(
        classification_fairness(name, codes, labels, group, Decision(k, classes[k], chance[:, k]))
        for name, group in sorted(options.sensitive.items())
        for k in decisions
    )
