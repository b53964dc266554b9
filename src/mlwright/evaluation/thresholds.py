"""What each decision threshold of a binary classifier gives, and the best point under a demand."""

import numpy as np
from pydantic import BaseModel, ConfigDict

from mlwright.base.errors import DataError
from mlwright.data.columns import Array
from mlwright.evaluation.inputs import class_scores


class OperatingPoint(BaseModel):
    """One threshold: the positive class is predicted at or above it. Immutable.

    Attributes:
        threshold: None where the point needs a threshold above every score: nothing is called positive.
        precision: 1 when nothing is called positive.
        selected: Share of rows called positive.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    threshold: float | None
    precision: float
    recall: float
    false_positive_rate: float
    f1: float
    selected: float


class _Curve:
    """Every distinct threshold, highest first, with what it gives."""

    def __init__(self, y: Array, p: Array) -> None:
        codes, scores = class_scores(y, p)
        if scores.shape[1] != 2:
            raise DataError(
                f"Thresholds are for two classes, but the predictions have {scores.shape[1]}.",
                hint="pass the probability of one class against the rest.",
            )
        positive, score = codes == 1, scores[:, 1]
        if not positive.any() or positive.all():
            raise DataError(
                "Only one class occurs, so precision and recall say nothing.", hint="use rows of both classes."
            )
        order = np.argsort(-score, kind="stable")
        ordered = score[order]
        last = np.append(np.flatnonzero(ordered[1:] != ordered[:-1]), len(ordered) - 1)
        self.threshold = ordered[last]
        self.hits = np.cumsum(positive[order])[last]
        self.chosen = last + 1
        self.positives, self.rows = int(positive.sum()), len(codes)
        self.precision = self.hits / self.chosen
        self.recall = self.hits / self.positives
        self.false_positive_rate = (self.chosen - self.hits) / (self.rows - self.positives)

    def point(self, i: int) -> OperatingPoint:
        return OperatingPoint(
            threshold=float(self.threshold[i]),
            precision=float(self.precision[i]),
            recall=float(self.recall[i]),
            false_positive_rate=float(self.false_positive_rate[i]),
            f1=float(2 * self.hits[i] / (self.chosen[i] + self.positives)),
            selected=float(self.chosen[i] / self.rows),
        )


_NOTHING = OperatingPoint(threshold=None, precision=1.0, recall=0.0, false_positive_rate=0.0, f1=0.0, selected=0.0)


def threshold_table(y: Array, p: Array, *, points: int = 200) -> tuple[OperatingPoint, ...]:
    """Return at most `points` thresholds, highest first, spread evenly over the shares of rows selected.

    Args:
        y: Codes 0 and 1, shape (n,).
        p: Score of class 1, shape (n,), or probabilities (n, 2).

    Raises:
        DataError: Not two classes, or only one occurs.
    """
    curve = _Curve(y, p)
    wanted = np.linspace(0, curve.rows, points)
    places = np.unique(np.minimum(np.searchsorted(curve.chosen, wanted), len(curve.chosen) - 1))
    return tuple(curve.point(int(i)) for i in places)


def point_at_precision(y: Array, p: Array, precision: float) -> OperatingPoint:
    """Return the point of highest recall whose precision is at least `precision`.

    Where no threshold reaches it, the point that selects nothing, recall 0.

    Raises:
        DataError: Not two classes, or only one occurs.
    """
    curve = _Curve(y, p)
    reached = np.flatnonzero(curve.precision >= precision - 1e-12)
    if not len(reached) or curve.hits[reached[-1]] == 0:
        return _NOTHING
    # Recall rises along the curve; of equal recalls the first has the better precision.
    best = reached[np.searchsorted(curve.recall[reached], curve.recall[reached[-1]])]
    return curve.point(int(best))


def recall_at_precision(y: Array, p: Array, precision: float) -> float:
    """Return the highest recall that some threshold reaches at this precision or better; 0 if none does.

    Example:
        >>> recall_at_precision(np.array([0, 0, 1, 1]), np.array([0.1, 0.4, 0.35, 0.8]), 0.9)
        0.5
    """
    return point_at_precision(y, p, precision).recall


def point_at_recall(y: Array, p: Array, recall: float) -> OperatingPoint:
    """Return the point of highest precision whose recall is at least `recall`, in [0, 1].

    Raises:
        DataError: Not two classes, only one occurs, or the recall is above 1.
    """
    if not 0 <= recall <= 1:
        raise DataError(f"The recall asked for is {recall}, expected 0 to 1.", hint="write 0.9 for 90 %.")
    curve = _Curve(y, p)
    reached = np.flatnonzero(curve.recall >= recall - 1e-12)
    return curve.point(int(reached[np.argmax(curve.precision[reached])]))


def precision_at_recall(y: Array, p: Array, recall: float) -> float:
    """Return the highest precision that some threshold reaches at this recall or better."""
    return point_at_recall(y, p, recall).precision


def recall_at_false_positive_rate(y: Array, p: Array, rate: float) -> float:
    """Return the highest recall at a false positive rate of at most `rate`."""
    curve = _Curve(y, p)
    allowed = curve.recall[curve.false_positive_rate <= rate + 1e-12]
    return float(allowed[-1]) if len(allowed) else 0.0
