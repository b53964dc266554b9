"""The rows a model gets most wrong, and those whose label is probably wrong itself."""

import numpy as np
from pydantic import BaseModel, ConfigDict

from mlwright.data.columns import Array
from mlwright.evaluation.inputs import probabilities, values


class HardRow(BaseModel):
    """One row. Immutable. `truth` and `predicted` are class codes or values; `loss` orders the rows."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    row: int
    truth: float
    predicted: float
    loss: float


class NoisyLabel(BaseModel):
    """A row whose label is suspected. Immutable.

    Attributes:
        given, suggested: Class codes.
        confidence: Out-of-fold probability of the suggested class.
        margin: By how much it exceeds the probability of the given class.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    row: int
    given: int
    suggested: int
    confidence: float
    margin: float


class LabelNoise(BaseModel):
    """Immutable.

    Attributes:
        suspects: Most suspect first.
        share: Share of all rows that are suspected.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    rows: int
    share: float
    suspects: tuple[NoisyLabel, ...]


def hardest_rows(y: Array, prediction: Array, *, limit: int = 20) -> tuple[HardRow, ...]:
    """Return the rows of largest loss, largest first: probabilities (n, C) by log loss, values (n,) by |error|.

    Raises:
        DataError: The arrays do not fit each other.
    """
    if np.ndim(prediction) == 2:
        codes, chance = probabilities(y, prediction)
        truth, predicted = codes.astype(float), chance.argmax(axis=1).astype(float)
        loss = -np.log(np.maximum(chance[np.arange(len(codes)), codes], np.finfo(float).eps))
    else:
        truth, predicted = values(y, prediction)
        loss = np.abs(truth - predicted)
    order = np.argsort(-loss, kind="stable")[:limit]
    return tuple(
        HardRow(row=int(i), truth=float(truth[i]), predicted=float(predicted[i]), loss=float(loss[i])) for i in order
    )


def label_noise(y: Array, out_of_fold: Array, *, limit: int = 100) -> LabelNoise:
    """Return rows whose label the model confidently disagrees with.

    A row is suspected when another class is the most probable one and at least as probable as that class usually is
    on its own rows. Predictions must be out of fold: a model that has seen a wrong label agrees with it.

    Args:
        y: Class codes, shape (n,).
        out_of_fold: Probabilities, shape (n, C).
        limit: At most this many suspects are listed; the share counts all.

    Raises:
        DataError: The arrays do not fit each other.

    Source: Northcutt, Jiang and Chuang, Confident learning, 2021.
    """
    codes, chance = probabilities(y, out_of_fold)
    n, classes = chance.shape
    # A class without rows gets a threshold that no probability reaches.
    usual = np.array([chance[codes == k, k].mean() if (codes == k).any() else 2.0 for k in range(classes)])
    confident = np.where(chance >= usual, chance, -1.0)
    suggested = confident.argmax(axis=1)
    rows = np.arange(n)
    margin = chance[rows, suggested] - chance[rows, codes]
    suspect = np.flatnonzero((confident[rows, suggested] >= 0) & (suggested != codes) & (margin > 0))
    order = suspect[np.argsort(-margin[suspect], kind="stable")]
    listed = tuple(
        NoisyLabel(
            row=int(i),
            given=int(codes[i]),
            suggested=int(suggested[i]),
            confidence=float(chance[i, suggested[i]]),
            margin=float(margin[i]),
        )
        for i in order[:limit]
    )
    return LabelNoise(rows=n, share=len(order) / n, suspects=listed)
