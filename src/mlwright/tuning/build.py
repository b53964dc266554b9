"""From the chosen candidate to the model: members, calibration, threshold."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from mlwright.base.errors import DataError
from mlwright.data.columns import Array
from mlwright.evaluation.metrics import metric
from mlwright.models.signature import Signature, Task
from mlwright.models.tabular.calibration import CalibrationChoice, CalibrationData, choose_calibrator
from mlwright.models.tabular.conformal import IntervalChoice, Residuals, choose_interval
from mlwright.models.tabular.ensemble import Member, TabularModel, with_shared_preparations
from mlwright.models.tabular.ordinal import CutChoice, OrdinalData, choose_cuts
from mlwright.tuning.objective import covered
from mlwright.tuning.select import Candidate
from mlwright.tuning.table import TrainingTable
from mlwright.tuning.threshold import Goal, Scored, ThresholdChoice, choose_threshold
from mlwright.tuning.trial import Trial


@dataclass(frozen=True, slots=True)
class Built:
    """The model, its calibrated out-of-fold predictions, and why it is calibrated and cut as it is."""

    model: TabularModel
    oof: Array
    calibration: CalibrationChoice
    threshold: ThresholdChoice | None
    interval: IntervalChoice | None = None
    cuts: CutChoice | None = None


@dataclass(frozen=True, slots=True)
class BuildPlan:
    """What the model is made for.

    Attributes:
        signature: Name, version, task, inputs, classes and, for two classes, the positive one.
        goal: What the threshold is chosen for; None leaves the most probable class.
        interval_level: The share of true values that the band around a value is to hold; None makes no band.
        single: The member that stands for a "single" candidate, made by `refit_single`.
    """

    signature: Signature
    goal: Goal | None = None
    seed: int = 0
    single: Member | None = None
    interval_level: float | None = None


def build_model(table: TrainingTable, candidate: Candidate, trials: Sequence[Trial], plan: BuildPlan) -> Built:
    """Make the model of a candidate; calibrator and threshold are chosen on its out-of-fold predictions.

    Raises:
        DataError: A trial of the candidate, or the member of a single one, is not there.
    """
    members = with_shared_preparations(_members(candidate, trials, plan))
    calibration = _calibration(table, candidate.oof, plan.seed)
    oof = candidate.oof
    rows = covered(oof)
    if calibration.calibrator is not None:
        oof = oof.copy()
        oof[rows] = calibration.calibrator.apply(oof[rows])
    threshold = _threshold(table, oof, plan)
    signature = plan.signature
    if threshold is not None:
        signature = signature.model_copy(update={"threshold": threshold.threshold})
    interval = _interval(table, oof, plan)
    if interval is not None:
        signature = signature.model_copy(update={"interval": interval.interval})
    cuts = _cuts(table, oof)
    if cuts is not None:
        signature = signature.model_copy(update={"cuts": cuts.cuts})
    model = TabularModel(signature, members, candidate.weights, calibration.calibrator)
    return Built(model, oof, calibration, threshold, interval, cuts)


def _members(candidate: Candidate, trials: Sequence[Trial], plan: BuildPlan) -> tuple[Member, ...]:
    if candidate.kind == "single":
        if plan.single is None:
            raise DataError(f"'{candidate.name}' has no member yet.", hint="make it with refit_single and give it.")
        return (plan.single,)
    by_number = {trial.spec.number: trial.member for trial in trials}
    members = [by_number.get(number) for number in candidate.numbers]
    if any(member is None for member in members):
        raise DataError(f"'{candidate.name}' names a trial that has no model.", hint="give all finished trials.")
    return tuple(member for member in members if member is not None)


def _calibration(table: TrainingTable, oof: Array, seed: int) -> CalibrationChoice:
    rows = covered(oof)
    probabilities = oof[rows] if table.task.is_classification else np.empty((0, 0))
    data = CalibrationData(
        probabilities=probabilities,
        y=table.y[rows],
        task=table.task,
        weight=None if table.weight is None else table.weight[rows],
        groups=_fold_of(table)[rows],
        seed=seed,
    )
    return choose_calibrator(data)


def _fold_of(table: TrainingTable) -> Array:
    """Return the fold in which each row was last validated: groups and times stay whole in the cross-validation."""
    folds = np.full(table.rows, -1, dtype=np.int64)
    for index, (_, valid) in enumerate(table.folds):
        folds[valid] = index
    return folds


def _interval(table: TrainingTable, oof: Array, plan: BuildPlan) -> IntervalChoice | None:
    if plan.interval_level is None or table.task is not Task.REGRESSION or table.queries is not None:
        return None
    rows = covered(oof)
    return choose_interval(Residuals(table.y[rows], oof[rows], _fold_of(table)[rows]), plan.interval_level)


def _cuts(table: TrainingTable, oof: Array) -> CutChoice | None:
    """Return how ordered classes are told from probabilities; None where the metric knows no order."""
    wanted = metric(table.metric)
    if not wanted.ordered or table.task is not Task.MULTICLASS:
        return None
    rows = covered(oof)
    y, weight = table.y[rows], None if table.weight is None else table.weight[rows]

    def loss(codes: Array, at: Array) -> float:
        value = wanted.compute(y[at], codes, weight=None if weight is None else weight[at])
        value = -value if wanted.direction == "maximise" else value
        return float(value) if np.isfinite(value) else float("inf")

    # A loss is asked for on the rows at an index; the codes come in the order of that index.
    return choose_cuts(OrdinalData(oof[rows], loss, _fold_of(table)[rows]))


def _threshold(table: TrainingTable, oof: Array, plan: BuildPlan) -> ThresholdChoice | None:
    signature = plan.signature
    if plan.goal is None or table.task is not Task.BINARY or signature.positive is None:
        return None
    rows = covered(oof)
    code = signature.classes.index(signature.positive)
    weight = None if table.weight is None else table.weight[rows]
    scored = Scored(oof[rows, code], table.y[rows] == code, weight, plan.seed)
    choice = choose_threshold(scored, plan.goal)
    return replace(choice, threshold=float(np.float32(choice.threshold)))
