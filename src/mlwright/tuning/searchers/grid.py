"""Every combination of the values given, each cross-validated."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import product, zip_longest
from typing import Any, ClassVar

from mlwright.base.traits import Traits
from mlwright.tuning.search import OnTrial, SearchResult, check_limits
from mlwright.tuning.searchers.one_by_one import Proposed, one_by_one
from mlwright.tuning.searchers.protocol import Ground, SearcherPlan
from mlwright.tuning.table import TrainingTable
from mlwright.tuning.trial import Trial, TrialSpec


class Grid:
    """All combinations, the families in turn; a family without a space tries every entry of its portfolio."""

    traits: ClassVar[Traits] = Traits(summary="every combination of the values given", extra="train")

    def search(
        self, table: TrainingTable, plan: SearcherPlan, finished: Sequence[Trial], on_trial: OnTrial
    ) -> SearchResult:
        check_limits(plan.limits)
        return one_by_one(_Points(Ground.of(table, plan)), table, plan.limits, finished, on_trial)


class _Points:
    """The points of the grid by their number, so that there is nothing to remember."""

    def __init__(self, ground: Ground) -> None:
        each = [[(name, params) for params in grid_of(ground, name)] for name in ground.families]
        self._points = [point for turn in zip_longest(*each) for point in turn if point is not None]

    def replay(self, trial: Trial) -> None:
        """The number says it all."""

    def propose(self, number: int, trials: Sequence[Trial]) -> Proposed | None:
        if number >= len(self._points):
            return None
        family, params = self._points[number]
        why = f"point {number + 1} of {len(self._points)}"
        return Proposed(TrialSpec(number, family, params, "grid", {}, why))

    def tell(self, trial: Trial) -> Trial:
        return trial


def grid_of(ground: Ground, family: str) -> Iterator[Mapping[str, Any]]:
    """Yield the points of one family's grid, the last parameter changing fastest."""
    portfolio = ground.portfolios[family]
    if family not in ground.space:
        yield from portfolio
        return
    dimensions = ground.space[family]
    for values in product(*(one.levels() for one in dimensions.values())):
        yield {**portfolio[0], **dict(zip(dimensions, values, strict=True))}
