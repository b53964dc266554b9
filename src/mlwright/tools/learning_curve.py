"""Whether more rows would help: the chosen family on growing shares of the training part."""

import math
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

from pydantic import BaseModel

from mlwright.base.traits import Traits
from mlwright.run.types import Context
from mlwright.tools.select import load_trials
from mlwright.tools.table import training_table
from mlwright.tools.understanding import Understanding

_SHARES = (0.25, 0.5, 1.0)


class LearningCurveParams(BaseModel, extra="forbid"):
    """Where the subsets come from."""

    seed: int = 0


class LearningCurve:
    """Training part and trials to a curve; without time for it, the reason instead."""

    traits: ClassVar[Traits] = Traits(summary="Measure whether more rows would help", extra="train")
    name: ClassVar[str] = "learning_curve"
    version: ClassVar[str] = "1"
    summary: ClassVar[str] = traits.summary
    heavy: ClassVar[bool] = True
    final: ClassVar[bool] = True
    optional: ClassVar[bool] = True
    params: ClassVar[type[BaseModel]] = LearningCurveParams
    inputs: ClassVar[Mapping[str, str]] = {
        "understanding": "json",
        "schema": "json",
        "training": "parquet",
        "trials": "directory",
        "selection": "json",
    }
    outputs: ClassVar[Mapping[str, str]] = {"curve": "json"}

    def run(self, params: LearningCurveParams, inputs: Mapping[str, Any], context: Context) -> Mapping[str, Any]:
        """Fit the strongest member on shares of one fold's training rows; score on that fold's other rows."""
        from mlwright.evaluation.learning_curve import learning_curve
        from mlwright.evaluation.metrics import metric
        from mlwright.models.protocol import FitControl
        from mlwright.tuning.objective import Objective
        from mlwright.tuning.trial import run_trial

        understanding = Understanding.model_validate(inputs["understanding"])
        table = training_table(inputs["training"], inputs["schema"], understanding, params.seed)
        chosen = next(one for one in inputs["selection"]["candidates"] if one["name"] == inputs["selection"]["chosen"])
        number = chosen["numbers"][0]
        trial = next(one for one in load_trials(inputs["trials"]) if one.spec.number == number)
        seconds = trial.seconds / max(1, len(trial.fold_losses))
        repeats = 2
        expected = repeats * seconds * sum(_SHARES)
        if context.deadline is not None and expected > 0.6 * (context.deadline - time.monotonic()):
            return {"curve": {"points": [], "why": f"there was no time for it: about {expected:.0f} s were needed."}}
        train, valid = table.folds[0]
        objective = Objective.of(table)
        control = FitControl(seed=params.seed, threads=context.threads, deadline=context.deadline)

        def score(rows: Any) -> float:
            rows = rows if table.queries is None else _whole_queries(table.queries[train], rows, params.seed)
            fold = replace(table, folds=((train[rows], valid),))
            return objective.value(run_trial(trial.spec, fold, control).oof, valid)

        curve = learning_curve(
            score, table.y[train], metric(table.metric), shares=_SHARES, repeats=repeats, seed=params.seed
        )
        if not all(math.isfinite(score) for point in curve.points for score in point.scores):
            why = f"{table.metric} is not defined on every subset: a class is too rare."
            return {"curve": {"points": [], "why": why}}
        return {"curve": {**curve.model_dump(mode="json"), "family": trial.spec.family, "why": ""}}


def _whole_queries(queries: Any, rows: Any, seed: int) -> Any:
    """Return about as many rows as were drawn, of whole queries: fewer queries, not shorter ones, are fewer data."""
    import numpy as np

    from mlwright.base.seeds import generator

    sizes = np.bincount(queries)
    order = generator(seed, "queries", int(rows.sum())).permutation(np.flatnonzero(sizes))
    before = np.cumsum(sizes[order]) - sizes[order]
    return np.flatnonzero(np.isin(queries, order[before < len(rows)]))
