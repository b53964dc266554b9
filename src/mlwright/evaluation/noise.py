"""The noise floor: how far apart two runs of the same model land by other seeds and folds alone.

Within it one candidate is not better than another, and the simpler, faster one stays.
"""

from collections.abc import Sequence

import numpy as np
from pydantic import BaseModel, ConfigDict

from mlwright.base.errors import DataError
from mlwright.evaluation.distributions import student_quantile, student_sf
from mlwright.evaluation.metrics import Metric


class NoiseFloor(BaseModel):
    """The noise of one model's score. Immutable.

    Attributes:
        mean, sd: Over the repeats; the sample standard deviation.
        floor: Two single runs of the same model differ by more than this with chance 1 - level only.
        repeats: How many runs.
        level: Confidence of the floor.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    mean: float
    sd: float
    floor: float
    repeats: int
    level: float

    def covers(self, gain: float) -> bool:
        """Whether a gain of this size is no more than noise."""
        return gain <= self.floor


def noise_floor(scores: Sequence[float], *, level: float = 0.95) -> NoiseFloor:
    """Return the noise floor of scores of the same model under other seeds and folds.

    With few repeats the floor is wide, as it should be: it uses Student's quantile.

    Args:
        scores: One score per repeat, at least 2, all in the same metric.
        level: Confidence, in (0, 1).

    Raises:
        DataError: Fewer than two scores, or NaN among them.

    Example:
        >>> floor = noise_floor([0.80, 0.82, 0.81, 0.79, 0.81])
        >>> round(floor.sd, 4), round(floor.floor, 4)
        (0.0114, 0.0448)
    """
    values = np.asarray(scores, dtype=np.float64)
    if values.ndim != 1 or len(values) < 2 or not np.isfinite(values).all():
        raise DataError(
            f"The noise floor got {values.size} scores, expected at least 2 finite ones.",
            hint="repeat the fit with other seeds.",
        )
    sd = float(values.std(ddof=1))
    reach = student_quantile(0.5 + level / 2, len(values) - 1)
    return NoiseFloor(
        mean=float(values.mean()), sd=sd, floor=reach * sd * float(np.sqrt(2)), repeats=len(values), level=level
    )


def replaces(candidate: float, incumbent: float, metric: Metric, floor: NoiseFloor) -> bool:
    """Whether the candidate's score is better than the incumbent's by more than the noise."""
    return not floor.covers(metric.gain(candidate, incumbent))


def corrected_fold_test(gains: Sequence[float], *, test_share: float) -> float:
    """Return the two-sided p-value of "no gain" from the gains of each fold of a cross-validation.

    Folds share training rows, so the plain t-test finds differences that are not there; the variance is enlarged by
    test rows / training rows.

    Args:
        gains: Score of a minus score of b on each fold, at least 2.
        test_share: Share of rows in one fold's test part, in (0, 1): 0.2 for five folds.

    Raises:
        DataError: Fewer than two gains, or NaN among them.

    Source: Nadeau and Bengio, Inference for the generalization error, 2003.
    """
    values = np.asarray(gains, dtype=np.float64)
    if len(values) < 2 or not np.isfinite(values).all():
        raise DataError(f"Got {values.size} gains, expected at least 2 finite ones.", hint="use two folds or more.")
    spread = float(values.var(ddof=1))
    if spread == 0:
        return 1.0 if values.mean() == 0 else 0.0
    t = abs(float(values.mean())) / np.sqrt(spread * (1 / len(values) + test_share / (1 - test_share)))
    return 2 * student_sf(float(t), len(values) - 1)
