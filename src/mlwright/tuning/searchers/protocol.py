"""What a searcher is given, and what it must do."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Literal, Protocol

from mlwright.base.traits import Traits
from mlwright.models.protocol import Facts, Family, Params
from mlwright.models.tabular import load_family
from mlwright.models.tabular.shapes import shaped
from mlwright.tuning.search import OnTrial, SearchPlan, SearchResult
from mlwright.tuning.searchers.space import Space, checked_space
from mlwright.tuning.table import TrainingTable, facts_of
from mlwright.tuning.trial import Trial

Pruner = Literal["auto", "median", "hyperband", "none"]


@dataclass(frozen=True, slots=True)
class SearcherPlan:
    """What a search may do and where.

    Attributes:
        limits: Families, trials, seconds, seed and threads.
        space: Values to try, where the brief gives them; a family has a space of its own otherwise.
        pruner: Who stops a trial that does badly on its first folds. "auto" compares it with the best trial so far;
            "median" and "hyperband" are Optuna's.
        folder: Where a study is written while it grows (Optuna's journal), or Ray keeps its files; None for nowhere.
        compute: "local", or the address of a Ray cluster: ray://host:port.
    """

    limits: SearchPlan
    space: Space = field(default_factory=dict)
    pruner: Pruner = "auto"
    folder: Path | None = None
    compute: str = "local"


class Searcher(Protocol):
    """A way to search. Stateless; constructed with no arguments.

    Whatever it remembers it must find again in the finished trials, so that a search that was killed goes on.
    """

    traits: ClassVar[Traits]

    def search(
        self, table: TrainingTable, plan: SearcherPlan, finished: Sequence[Trial], on_trial: OnTrial
    ) -> SearchResult:
        """Run trials until the plan is spent; `on_trial` is called after each.

        Raises:
            DataError: The plan has no limit or family, or a space that does not fit.
        """
        ...


@dataclass(frozen=True, slots=True)
class Ground:
    """What can be tried on a table: families with their portfolios and spaces."""

    families: dict[str, Family]
    facts: Facts
    portfolios: dict[str, list[Params]]
    space: Space
    seed: int

    @classmethod
    def of(cls, table: TrainingTable, plan: SearcherPlan) -> "Ground":
        """Return it for one search, its space checked."""
        facts = facts_of(table)
        families: dict[str, Family] = {name: load_family(name) for name in plan.limits.families}
        portfolios: dict[str, list[Params]] = {
            name: list(shaped(name, family.portfolio(facts), facts)) for name, family in families.items()
        }
        return cls(families, facts, portfolios, checked_space(plan.space, families, facts), plan.limits.seed)

    @property
    def searched(self) -> tuple[str, ...]:
        """The families that have something to search: all but the constant baseline."""
        return tuple(name for name in self.families if name != "dummy") or tuple(self.families)
