"""The cheap end of the front: one estimator fitted on all training rows, in place of a bag."""

from typing import Any

import numpy as np

from mlwright.base.errors import DataError
from mlwright.base.seeds import derive_seed
from mlwright.features.preparation import PreparationPlan, fit_preparation
from mlwright.models.protocol import Family, FitControl, FitData
from mlwright.models.tabular import load_family
from mlwright.models.tabular.ensemble import Member
from mlwright.models.tabular.mean_correction import mean_factor, with_factor
from mlwright.tuning.table import TrainingTable
from mlwright.tuning.trial import Trial


def refit_single(trial: Trial, table: TrainingTable, control: FitControl) -> Member:
    """Fit the trial's parameters once on all rows, with the mean number of rounds that its folds kept.

    It predicts about as many times faster as the trial has folds. Its out-of-fold score is not measured: it stands on
    more rows than a fold's estimator and lacks the averaging of the bag.

    Raises:
        DataError: The trial has no model.
        Infeasible: The family could not be fitted.
    """
    if trial.member is None:
        raise DataError(
            f"Trial {trial.spec.number} ({trial.status}) has no model; a complete trial was expected.",
            hint="choose a complete trial.",
        )
    family: Family = load_family(trial.spec.family)
    plan = PreparationPlan(
        inputs=table.inputs,
        flavour=family.preparation,
        task=table.task,
        seed=derive_seed(control.seed, "preparation", family.preparation, "all"),
    )
    preparation, matrix = fit_preparation(table.columns, table.y, plan)
    params: dict[str, Any] = dict(trial.spec.params)
    if "rounds" in params:  # boosting; forests and linear models are of a fixed size
        params["rounds"] = max(1, round(float(np.mean([one.rounds for one in trial.member.estimators]))))
    data = FitData(matrix, table.y, table.weight, queries=table.queries)
    own = FitControl(derive_seed(control.seed, "single", trial.spec.number), control.threads, control.deadline)
    estimator = family.fit(data, None, table.task, params, own)
    if params.get("correct_mean"):
        estimator = with_factor(estimator, mean_factor(trial.member.estimators))
    return Member(trial.spec.family, params, (preparation,), (estimator,))
