# pyright: reportMissingImports=false
"""What runs on Ray's workers."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from mlwright.data.columns import Array
from mlwright.models.protocol import FitControl
from mlwright.tuning.table import TrainingTable
from mlwright.tuning.trial import Trial, TrialSpec, run_trial

_WORST = 1e30  # Ray's schedulers compare numbers, so a failed trial needs one
_STEP = "step.txt"


def collector_class() -> type:
    """Return the class of the actor to which workers hand their trials; made here, for Ray sends it by value."""

    class Collector:
        """Trials that have come in and were not yet fetched."""

        def __init__(self, first: int) -> None:
            self.waiting: list[Trial] = []
            self.number = first

        def add(self, trial: Trial) -> None:
            self.waiting.append(trial)

        def take(self) -> list[Trial]:
            taken, self.waiting = self.waiting, []
            return taken

        def next_number(self) -> int:
            self.number += 1
            return self.number - 1

    return Collector


def cross_validate(
    config: Mapping[str, Any], table: TrainingTable, collector: Any, specs: Mapping[int, TrialSpec], seed: int
) -> None:
    """Run one trial, reporting after every fold, so that the scheduler can end it; first trials are let through."""
    import ray
    from ray import tune

    spec = specs[int(config["number"])]

    def judge(losses: Sequence[float], _so_far: Array) -> str:
        tune.report({"loss": _mean(losses), "folds": len(losses), "fold_losses": list(losses)})
        return ""

    first = spec.origin in ("baseline", "portfolio")
    trial = run_trial(spec, table, FitControl(seed, 1), judge=None if first else judge)
    ray.get(collector.add.remote(trial))
    tune.report({"loss": _finite(trial.loss), "folds": len(table.folds), "fold_losses": list(trial.fold_losses)})


def breed(config: Mapping[str, Any], table: TrainingTable, collector: Any, seed: int, steps: int) -> None:
    """Be one member of the population: run a trial, report, and go on with what the scheduler makes of the parameters.

    The scheduler starts this anew with other parameters; the checkpoint says how far the member has come.
    """
    import ray
    from ray import tune

    checkpoint = tune.get_checkpoint()
    done = 0
    if checkpoint is not None:
        with checkpoint.as_directory() as folder:
            done = int((Path(folder) / _STEP).read_text(encoding="utf-8"))
    start = config["start"]
    for step in range(done, steps):
        number: Any = ray.get(collector.next_number.remote())
        spec = TrialSpec(number, start["family"], start["params"], "ray_pbt", {}, f"generation {step + 1}")
        trial = run_trial(spec, table, FitControl(seed, 1))
        ray.get(collector.add.remote(trial))
        with TemporaryDirectory() as folder:
            (Path(folder) / _STEP).write_text(str(step + 1), encoding="utf-8")
            tune.report(
                {"loss": _finite(trial.loss), "step": step + 1}, checkpoint=tune.Checkpoint.from_directory(folder)
            )


def _mean(losses: Sequence[float]) -> float:
    return _finite(float(np.mean(losses)))


def _finite(loss: float) -> float:
    return loss if np.isfinite(loss) else _WORST
