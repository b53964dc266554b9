"""Which classes the training rows of a fold have, and what the others get."""

from dataclasses import replace
from typing import Self

import numpy as np
from pydantic import BaseModel, ConfigDict

from mlwright.base.errors import Infeasible
from mlwright.data.columns import Array
from mlwright.models.protocol import FitData


class Labels(BaseModel):
    """The classes of a problem, as one estimator saw them.

    A library is trained on the present classes alone, recoded to 0..K-1; its K probabilities are widened to C columns.
    An absent class gets a small probability rather than zero, because one row of it would make the log loss infinite.

    Attributes:
        classes: C, the classes of the problem.
        present: Codes that the training rows have, ascending; K of them.
        absent: Probability of each absent class, 1 / (rows + C): Laplace's rule for a class never seen.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    classes: int
    present: tuple[int, ...]
    absent: float

    @classmethod
    def of(cls, train: FitData, valid: FitData | None) -> Self:
        """Return the classes of the rows to fit on."""
        parts = [train.y] if valid is None else [train.y, valid.y]
        largest = max((int(part.max()) for part in parts if len(part)), default=0)
        classes = max(train.classes, largest + 1, 2)
        present = tuple(int(code) for code in np.unique(train.y))
        return cls(classes=classes, present=present, absent=1.0 / (len(train.y) + classes))

    def restrict(self, data: FitData) -> FitData:
        """Return the rows of present classes, recoded to 0..K-1."""
        kept = np.isin(data.y, self.present)
        codes = np.searchsorted(self.present, data.y)
        if kept.all():
            return replace(data, y=codes)
        return replace(data, X=data.X[kept], y=codes[kept], weight=None if data.weight is None else data.weight[kept])

    def expand(self, probabilities: Array) -> Array:
        """Return float64 (n, C) from the library's (n, K); rows sum to 1.

        Example:
            >>> import numpy as np
            >>> Labels(classes=3, present=(0, 2), absent=0.1).expand(np.array([[0.5, 0.5]])).tolist()
            [[0.45, 0.1, 0.45]]
        """
        wide = np.asarray(probabilities, dtype=np.float64)
        # Some libraries give float32, whose rows sum to 1 within 1e-7 only.
        wide = wide / wide.sum(axis=1, keepdims=True)
        if len(self.present) == self.classes:
            return wide
        matrix, shift = self.widening()
        return wide @ matrix + shift

    def widening(self) -> tuple[Array, Array]:
        """Return the matrix (K, C) and the shift (C,) of `expand`."""
        missing = self.classes - len(self.present)
        matrix = np.zeros((len(self.present), self.classes))
        matrix[np.arange(len(self.present)), self.present] = 1.0 - missing * self.absent
        shift = np.full(self.classes, self.absent)
        shift[list(self.present)] = 0.0
        return matrix, shift

    def checked(self) -> Self:
        """Return self.

        Raises:
            Infeasible: Fewer than two classes are present, so there is nothing to tell apart.
        """
        if len(self.present) < 2:
            raise Infeasible(
                f"The training rows have only class {max(self.present)} of {self.classes}; two at least were expected.",
                hint="use stratified folds, fewer folds, or more rows of the rare class.",
            )
        return self
