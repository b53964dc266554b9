"""Try every model of series on rolling origins inside the training part."""

import math
from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import BaseModel

from mlwright.base.errors import BudgetError, DataError
from mlwright.base.traits import Traits
from mlwright.run.types import Context
from mlwright.tools.series_setting import setting_of

_FIT_SHARE = 0.35  # of what is left when trials end: for the last fits, which see all the history


class TrainSeriesParams(BaseModel, extra="forbid"):
    """Which candidates are allowed; empty for all."""

    families: tuple[str, ...] = ()
    seed: int = 0


class TrainSeries:
    """Histories to backtests of every candidate."""

    traits: ClassVar[Traits] = Traits(
        summary="Backtest baselines, smoothing, ARIMA, linear maps and boosted trees",
        extra="train",
        requires=("lightgbm",),
    )
    name: ClassVar[str] = "train_series"
    version: ClassVar[str] = "1"
    summary: ClassVar[str] = traits.summary
    heavy: ClassVar[bool] = True
    params: ClassVar[type[BaseModel]] = TrainSeriesParams
    inputs: ClassVar[Mapping[str, str]] = {"understanding": "json", "series": "json", "training": "parquet"}
    outputs: ClassVar[Mapping[str, str]] = {"search": "json", "backtest": "npz"}

    def run(self, params: TrainSeriesParams, inputs: Mapping[str, Any], context: Context) -> Mapping[str, Any]:
        """Try one after the other, cheap ones first; what there is no time for is said."""
        import time

        from mlwright.tuning.series_search import Trial, run_trials

        deadline = context.deadline
        if deadline is not None:
            deadline -= _FIT_SHARE * max(0.0, deadline - time.monotonic())
        setting = setting_of(inputs, params.seed, params.families, deadline=deadline)

        def told(trial: Trial) -> None:
            context.emit("trial", {"text": _said(trial), "family": trial.name})

        trials = run_trials(setting, told)
        done = {str(at): one.forecast for at, one in enumerate(trials) if one.forecast is not None}
        if not done:
            late = all(one.reason == "no time was left" for one in trials)
            kind = BudgetError if late else DataError
            raise kind("No model of series could be tried.", hint="give more time, or longer histories.")
        sign = 1.0 if setting.metric.direction == "minimise" else -1.0
        skipped = [one.name for one in trials if one.reason == "no time was left"]
        search = {
            "metric": setting.metric.name,
            "direction": setting.metric.direction,
            "folds": setting.backtest.folds,
            "windows": len(setting.cases.truth),
            "trials": [
                {
                    "number": at,
                    "family": one.name,
                    "baseline": one.baseline,
                    "params": dict(one.params),
                    "status": "failed" if one.forecast is None else "complete",
                    "score": None if math.isnan(one.loss) else sign * one.loss,
                    "seconds": round(one.seconds, 3),
                    "reason": one.reason,
                }
                for at, one in enumerate(trials)
            ],
            "stopped": f"no time was left for {', '.join(skipped)}" if skipped else "every candidate was tried",
        }
        return {"search": search, "backtest": done}


def _said(trial: Any) -> str:
    return f"{trial.name}: {trial.reason or f'{trial.loss:.4g}'}"
