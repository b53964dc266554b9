"""Our own schedule: portfolios first, then TPE, where the measured gain per second is highest."""

from collections.abc import Sequence
from typing import ClassVar

from mlwright.base.errors import DataError
from mlwright.base.traits import Traits
from mlwright.tuning.search import OnTrial, SearchResult, search
from mlwright.tuning.searchers.protocol import SearcherPlan
from mlwright.tuning.table import TrainingTable
from mlwright.tuning.trial import Trial


class Auto:
    """Portfolios learnt offline, then TPE for the families that still gain."""

    traits: ClassVar[Traits] = Traits(
        summary="portfolios, then TPE where a second gains most", extra="train", requires=("optuna",)
    )

    def search(
        self, table: TrainingTable, plan: SearcherPlan, finished: Sequence[Trial], on_trial: OnTrial
    ) -> SearchResult:
        if plan.space:
            raise DataError(
                "The search method 'auto' chooses its own values; a search space was given.",
                hint="set search.method to tpe, random or grid, or take search.space out.",
            )
        return search(table, plan.limits, finished, on_trial)
