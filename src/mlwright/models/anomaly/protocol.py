"""What a detector is: prepared rows in, an estimator of surprise out."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Protocol, Self

import numpy as np

from mlwright.base.traits import Traits
from mlwright.data.columns import Array
from mlwright.models.arrays import load_arrays, save_arrays
from mlwright.models.protocol import FitControl, Params
from mlwright.models.signature import Task
from mlwright.models.tabular.estimator_file import EstimatorFile
from mlwright.models.tail import Tail, fit_tail

CHUNK_ROWS = 4_000


class Scorer(Protocol):
    """What a detector learned; `score` gives raw scores, float64, shape (n,), higher is stranger."""

    def score(self, X: Array) -> Array: ...

    def arrays(self) -> dict[str, Array]:
        """Return everything it is made of, by the names of its attributes."""
        ...


class Detector(Protocol):
    """One way of scoring rows. Stateless; constructed with no arguments."""

    traits: ClassVar[Traits]
    name: ClassVar[str]
    estimator: ClassVar[Any]  # a class of DetectorEstimator
    complexity: ClassVar[int]

    def fit(self, X: Array, params: Params, control: FitControl) -> Scorer:
        """Fit to prepared rows, float32, shape (n, d), without missing cells.

        Raises:
            Infeasible: These rows cannot be scored so.
        """
        ...


@dataclass(frozen=True, slots=True)
class DetectorEstimator:
    """A scorer and the tail of its scores; each detector's own class says which scorer it reads.

    Attributes:
        scorer: Gives raw scores.
        tail: What raw scores mean among usual rows.
    """

    scorer_type: ClassVar[Any]

    file: EstimatorFile
    scorer: Any
    tail: Tail

    @property
    def rounds(self) -> int:
        return self.file.rounds

    def predict(self, X: Array) -> Array:
        """Return the surprise of each row, float64, shape (n,)."""
        self.file.check_width(X)
        return self.tail.apply(self.scorer.score(X))

    def save(self, directory: Path) -> None:
        self.file.write(directory)
        tail = {
            "tail_x": np.array(self.tail.x),
            "tail_y": np.array(self.tail.y),
            "tail_slope": np.array([self.tail.slope]),
        }
        save_arrays(directory, {**self.scorer.arrays(), **tail})

    @classmethod
    def load(cls, directory: Path) -> Self:
        names = tuple(cls.scorer_type.__dataclass_fields__)
        scorer = cls.scorer_type(*load_arrays(directory, *names))
        x, y, slope = load_arrays(directory, "tail_x", "tail_y", "tail_slope")
        return cls(EstimatorFile.read(directory), scorer, Tail(tuple(x.tolist()), tuple(y.tolist()), float(slope[0])))


def detector_file(family: str, X: Array) -> EstimatorFile:
    """Return the facts of a detector that was fitted to `X`."""
    return EstimatorFile(family=family, task=Task.ANOMALY.learned_as, rounds=1, features=int(X.shape[1]))


def fitted_detector(detector: Detector, X: Array, raw: Array, params: Params, control: FitControl) -> DetectorEstimator:
    """Return the detector fitted to all rows, with the tail of scores that were made out of fold (`raw`)."""
    scorer = detector.fit(X, params, control)
    return detector.estimator(detector_file(detector.name, X), scorer, fit_tail(raw))


def in_chunks(score: Callable[[Array], Array], X: Array) -> Array:
    """Return the scores of all rows, a few thousand at a time: distances to many rows are large."""
    parts = [score(X[at : at + CHUNK_ROWS].astype(np.float64)) for at in range(0, len(X), CHUNK_ROWS)]
    return np.concatenate(parts) if parts else np.empty(0)
