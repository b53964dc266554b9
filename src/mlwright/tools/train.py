"""Search for models: every finished trial is kept at once, so a killed run goes on where it was."""

import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import BaseModel

from mlwright.base.traits import Traits
from mlwright.brief.schema import SearchSpec
from mlwright.run.types import Context
from mlwright.tools.table import training_table
from mlwright.tools.understanding import Understanding

if TYPE_CHECKING:
    from mlwright.tuning.search import SearchPlan
    from mlwright.tuning.trial import Trial

# Without a limit of the brief's own, the search ends when this many trials in a row gained nothing.
_PATIENCE = 12
_DEFAULT_TRIALS = 40


class TrainParams(BaseModel, extra="forbid"):
    """What may be tried, and how long: `trials`, the step's deadline, or both."""

    families: tuple[str, ...]
    trials: int | None = None
    seed: int = 0
    search: SearchSpec = SearchSpec()
    compute: str = "local"


class Train:
    """Training part to cross-validated trials."""

    traits: ClassVar[Traits] = Traits(
        summary="Search for models by cross-validation inside the training part",
        extra="train",
        requires=("sklearn", "lightgbm", "xgboost", "catboost", "optuna"),
    )
    name: ClassVar[str] = "train"
    version: ClassVar[str] = "1"
    summary: ClassVar[str] = traits.summary
    heavy: ClassVar[bool] = True
    params: ClassVar[type[BaseModel]] = TrainParams
    inputs: ClassVar[Mapping[str, str]] = {"understanding": "json", "schema": "json", "training": "parquet"}
    outputs: ClassVar[Mapping[str, str]] = {"trials": "directory", "search": "json"}

    def run(self, params: TrainParams, inputs: Mapping[str, Any], context: Context) -> Mapping[str, Any]:
        """Run trials until they or the time are spent."""
        from mlwright.tuning.search import SearchPlan
        from mlwright.tuning.searchers import SEARCHERS
        from mlwright.tuning.searchers.insight import search_sections
        from mlwright.tuning.trial import Trial

        understanding = Understanding.model_validate(inputs["understanding"])
        table = training_table(inputs["training"], inputs["schema"], understanding, params.seed)
        keeper = _Keeper(context, understanding.metric)
        # Models are not needed to go on: what was found out is in the predictions.
        saved = [path for key in context.saved_keys() if (path := context.saved(key)) is not None]
        finished = [Trial.load(path, with_member=False) for path in saved]
        for trial in finished:
            keeper.note(trial)
        trials = params.trials
        if trials is None and context.deadline is None:
            trials = _DEFAULT_TRIALS
        plan = SearchPlan(
            families=params.search.families or params.families,
            trials=trials,
            seconds=None if params.trials or context.deadline is None else context.deadline - time.monotonic(),
            seed=params.seed,
            threads=context.threads,
            patience=None if params.trials else _PATIENCE,
        )
        how = _how(params, plan, context)
        result = SEARCHERS.load(params.search.method)().search(table, how, finished, keeper.keep)
        facts = _facts(result, table) | {"method": params.search.method}
        sections = search_sections(result.trials, table.metric, params.seed) if params.search.method != "auto" else []
        return {"trials": _folder(context), "search": facts | {"sections": sections}}


def _how(params: TrainParams, limits: "SearchPlan", context: Context) -> Any:
    """Return the plan of the brief's own search; a study is written into the run's folder while it grows."""
    from mlwright.tuning.searchers.protocol import SearcherPlan
    from mlwright.tuning.searchers.space import dimension

    space = {
        family: {name: dimension(written) for name, written in values.items()}
        for family, values in params.search.space.items()
    }
    return SearcherPlan(limits, space, params.search.pruner, context.workspace, params.compute)


class _Keeper:
    """Keeps each finished trial and tells the journal of it."""

    def __init__(self, context: Context, metric: str) -> None:
        from mlwright.evaluation.metrics import metric as find

        self._context = context
        self._metric = find(metric)
        self._best: Trial | None = None

    def note(self, trial: "Trial") -> None:
        if trial.status == "complete" and (self._best is None or trial.loss < self._best.loss):
            self._best = trial

    def keep(self, trial: "Trial") -> None:
        self.note(trial)
        folder = self._context.workspace / f"trial-{trial.spec.number:04d}"
        folder.mkdir()
        trial.save(folder)
        self._context.save(folder.name, folder)
        best = self._best
        facts = {
            "number": trial.spec.number,
            "family": trial.spec.family,
            "status": trial.status,
            "metric": self._metric.name,
            "score": score_of(trial, self._metric),
            "best": score_of(best, self._metric) if best else None,
            "best_family": best.spec.family if best else None,
            "seconds": trial.seconds,
            "why": trial.spec.why,
            "reason": trial.reason,
        }
        self._context.emit("trial", facts)


def score_of(trial: "Trial", metric: Any) -> float | None:
    """Return the trial's out-of-fold score in the metric's own direction, None when there is none."""
    import math

    if not math.isfinite(trial.loss):
        return None
    return -trial.loss if metric.direction == "maximise" else trial.loss


def _folder(context: Context) -> Path:
    """Return the kept trials as one folder."""
    folder = context.workspace / "trials"
    for key in context.saved_keys():
        saved = context.saved(key)
        if saved is not None:
            shutil.copytree(saved, folder / key)
    return folder


def _facts(result: Any, table: Any) -> dict[str, Any]:
    from mlwright.evaluation.metrics import metric

    found = metric(table.metric)
    trials = [
        {
            "number": trial.spec.number,
            "family": trial.spec.family,
            "params": dict(trial.spec.params),
            "origin": trial.spec.origin,
            "status": trial.status,
            "score": score_of(trial, found),
            "seconds": trial.seconds,
            "why": trial.spec.why,
            "reason": trial.reason,
        }
        for trial in result.trials
    ]
    return {
        "metric": found.name,
        "direction": found.direction,
        "trials": trials,
        "folds": len(table.folds),
        "best": result.best.spec.number if result.best else None,
        "seconds": result.seconds,
        "stopped": result.stopped,
    }
