"""The noise floor: by how much the score of one and the same model moves with other seeds and other folds."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from mlwright.base.seeds import derive_seed
from mlwright.evaluation import noise
from mlwright.models.protocol import FitControl
from mlwright.models.tabular import complexity_of
from mlwright.tuning.table import Fold, TrainingTable
from mlwright.tuning.trial import Trial, TrialSpec, run_trial

_LEVEL = 0.68
_STRONGEST = 5  # trials of which the cheapest is run again
_TIME_SHARE = 0.1


@dataclass(frozen=True, slots=True)
class NoiseFloor:
    """What was measured.

    Attributes:
        seed_losses: Out-of-fold losses with the same folds and other seeds, the first trial's included.
        fold_losses: The same with other folds, the first trial's included.
        seed_deviation, fold_deviation: Their standard deviations; 0 for fewer than two.
        floor: A difference between two models that is not larger may be chance; 0 when nothing was measured.
        reason: How it was measured, or why not.
    """

    seed_losses: tuple[float, ...]
    fold_losses: tuple[float, ...]
    seed_deviation: float
    fold_deviation: float
    floor: float
    reason: str


@dataclass(frozen=True, slots=True)
class NoisePlan:
    """How often the model is run again.

    Attributes:
        seeds: Runs with the same folds and another seed.
        refolds: Other folds of the same rows, made by `data/splits.py` with other seeds.
    """

    seeds: int = 2
    refolds: tuple[tuple[Fold, ...], ...] = ()


def floor_of(
    table: TrainingTable, trials: Sequence[Trial], refolds: tuple[tuple[Fold, ...], ...], control: FitControl
) -> NoiseFloor:
    """Measure the floor of a search: the cheapest of its strongest trials stands for all.

    Args:
        refolds: Other folds of the same rows.
        control: A tenth of the time until its deadline is used.
    """
    whole = [trial for trial in trials if trial.status == "complete"] or list(trials)
    pool = sorted([trial for trial in whole if trial.spec.family != "dummy"] or whole, key=lambda trial: trial.loss)
    # By complexity and not by seconds: the same trials must give the same choice on every machine.
    cheapest = min(pool[:_STRONGEST], key=lambda trial: (complexity_of(trial.spec.family), trial.spec.number))
    if control.deadline is not None:
        now = time.monotonic()
        control = replace(control, deadline=now + _TIME_SHARE * max(control.deadline - now, 0.0))
    return noise_floor(table, cheapest, NoisePlan(seeds=2, refolds=refolds), control)


def noise_floor(table: TrainingTable, trial: Trial, plan: NoisePlan, control: FitControl) -> NoiseFloor:
    """Run the model of a finished trial again and return how its loss moves.

    The floor is the larger of the two, each the standard error of a difference between two runs (Student's, at 68 %:
    the paired test of `choose` guards against the rest). Runs that would begin after `control.deadline` are left out,
    and so are those that end partial.
    """
    seed_losses, fold_losses = [trial.loss], [trial.loss]
    for index in range(plan.seeds):
        seed_losses += _again(table, trial.spec, replace(control, seed=derive_seed(control.seed, "noise", index)))
    for folds in plan.refolds:
        fold_losses += _again(replace(table, folds=folds), trial.spec, control)
    again = (len(seed_losses) - 1, len(fold_losses) - 1)
    reason = f"{trial.spec.family} run again {again[0]} time(s) with other seeds, {again[1]} with other folds."
    if not any(again):
        reason = "Not measured: there was no time for another run."
    return NoiseFloor(
        seed_losses=tuple(seed_losses),
        fold_losses=tuple(fold_losses),
        seed_deviation=_deviation(seed_losses),
        fold_deviation=_deviation(fold_losses),
        floor=max(_floor(seed_losses), _floor(fold_losses)),
        reason=reason,
    )


def _again(table: TrainingTable, spec: TrialSpec, control: FitControl) -> list[float]:
    if control.deadline is not None and time.monotonic() >= control.deadline:
        return []
    trial = run_trial(spec, table, control)
    return [trial.loss] if trial.status == "complete" else []


def _floor(losses: Sequence[float]) -> float:
    return noise.noise_floor(losses, level=_LEVEL).floor if len(losses) > 1 else 0.0


def _deviation(losses: Sequence[float]) -> float:
    return float(np.std(losses, ddof=1)) if len(losses) > 1 else 0.0
