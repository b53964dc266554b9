"""The protocols of tabular families and what they fit. Numbers in, numbers out; preparation is done before."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal, Protocol, Self, runtime_checkable

from mlwright.base.traits import Traits
from mlwright.data.columns import Array
from mlwright.models.signature import Task

Params = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a table before a model is fitted to it; portfolios are chosen by it.

    `metric` is what the brief judges by. Of values: their skew, whether all are whole numbers, their bounds, and the
    share that is exactly 0.
    """

    task: Task
    rows: int
    features: int
    categories: int = 0
    classes: int = 0
    missing_share: float = 0.0
    minority_share: float = 1.0
    metric: str = ""
    skew: float = 0.0
    integer_target: bool = False
    minimum: float = -math.inf
    maximum: float = math.inf
    zero_share: float = 0.0


@dataclass(frozen=True, slots=True)
class FitData:
    """Rows to fit on.

    Attributes:
        X: Prepared features, float32, shape (n, d); NaN only under the "tree" preparation.
        y: int64 class codes 0..C-1, or float64 values, shape (n,).
        weight: Row weights, float64, shape (n,), or None.
        classes: C, the number of columns that predictions shall have; 0 takes it from the largest code of the training
            and validation rows together.
        queries: Code of each row's query, int64, shape (n,), where rows are ranked against each other; None elsewhere.
    """

    X: Array
    y: Array
    weight: Array | None = None
    classes: int = 0
    queries: Array | None = None


@dataclass(frozen=True, slots=True)
class FitControl:
    """How a fit may behave: its seed, its threads, and the `time.monotonic()` by which it must have stopped."""

    seed: int
    threads: int
    deadline: float | None = None


class Estimator(Protocol):
    """A fitted model on prepared features."""

    @property
    def rounds(self) -> int:
        """Boosting rounds, trees or iterations kept."""
        ...

    def predict(self, X: Array) -> Array:
        """Return probabilities, float64, shape (n, C), rows sum to 1; or values, float64, shape (n,)."""
        ...

    def save(self, directory: Path) -> None:
        """Write the library's own safe format and an `estimator.json` into an existing, empty directory."""
        ...

    @classmethod
    def load(cls, directory: Path) -> Self:
        """Read what `save` wrote, executing no code from it."""
        ...


@runtime_checkable
class Staged(Protocol):
    """An estimator that was grown further than it is kept, so that others can say how far."""

    def at(self, rounds: int) -> Estimator:
        """Return the same model with so many rounds, at most those that were grown; it lets go of the rest."""
        ...


class Family(Protocol):
    """One kind of model. Stateless; constructed with no arguments.

    A family with `refit = True` (none need say False) is delivered as one estimator of all rows, not as the bag over
    the folds: forests are bags already, and what is remembered row by row should remember every row.
    """

    traits: ClassVar[Traits]
    name: ClassVar[str]
    preparation: ClassVar[Literal["tree", "linear"]]
    estimator: ClassVar[type[Estimator]]  # what `fit` returns; it reads its own files
    complexity: ClassVar[int]  # order of simplicity: within the noise floor the lower one is kept

    def portfolio(self, facts: Facts) -> list[dict[str, Any]]:
        """Return parameter sets worth trying first, best guess first, at least one."""
        ...

    def suggest(self, trial: Any, facts: Facts) -> dict[str, Any]:
        """Draw parameters from an Optuna trial."""
        ...

    def fit(self, train: FitData, valid: FitData | None, task: Task, params: Params, control: FitControl) -> Estimator:
        """Fit on `train`; `valid` is for early stopping only.

        At the deadline the model so far is returned.

        Raises:
            Infeasible: Nothing usable can be fitted: no time for a first round, or one class alone in the rows.
        """
        ...
