"""Training rows drawn anew so that classes are less unequal; only ever inside a fold, and never validation rows."""

from dataclasses import replace

import numpy as np

from mlwright.base.errors import Infeasible
from mlwright.base.seeds import derive_seed
from mlwright.base.suggest import did_you_mean
from mlwright.data.columns import Array
from mlwright.models.protocol import FitData

RESAMPLINGS = ("none", "under", "over", "smote")
_NEIGHBOURS = 5
_MAX_ROWS = 400_000


def resampled(train: FitData, how: str, seed: int = 0) -> FitData:
    """Return rows of which every class has equally many: as the rarest ("under") or the largest one ("over", "smote").

    Args:
        train: Codes 0..K-1, all of them there.
        how: One of `RESAMPLINGS`. "smote" puts new rows between neighbours of a class.
        seed: Of the draws.

    Raises:
        Infeasible: SMOTE meets missing values, weights, or a class with too few rows; or there would be too many rows.

    Source: Chawla et al. 2002, "SMOTE: synthetic minority over-sampling technique".
    """
    if how == "none":
        return train
    counts = np.bincount(train.y)
    if how != "under" and counts.max() * len(counts) > _MAX_ROWS:
        raise Infeasible(f"'{how}' would make {counts.max() * len(counts):,} rows.", hint="use 'under'.")
    own_seed = derive_seed(seed, "resample", how) % 2**32
    if how == "smote":
        return _smote(train, int(counts.min()), own_seed)
    return _taken(train, _drawn(train.y, how, own_seed))


def _drawn(y: Array, how: str, seed: int) -> Array:
    from imblearn.over_sampling import RandomOverSampler
    from imblearn.under_sampling import RandomUnderSampler

    kinds = {"under": RandomUnderSampler, "over": RandomOverSampler}
    if how not in kinds:
        raise Infeasible(f"'{how}' is no resampling.", hint=did_you_mean(how, RESAMPLINGS))
    sampler = kinds[how](random_state=seed)
    sampler.fit_resample(np.arange(len(y), dtype=np.float64).reshape(-1, 1), y)
    return np.sort(sampler.sample_indices_)


def _taken(train: FitData, rows: Array) -> FitData:
    weight = None if train.weight is None else train.weight[rows]
    return replace(train, X=train.X[rows], y=train.y[rows], weight=weight)


def _smote(train: FitData, rarest: int, seed: int) -> FitData:
    from imblearn.over_sampling import SMOTE

    if rarest < 2 or train.weight is not None or not np.isfinite(train.X).all():
        raise Infeasible(
            f"SMOTE needs two rows of every class (the rarest has {rarest}), no missing values and no weights.",
            hint="use 'over' or 'under', or a family whose preparation fills missing values ('linear').",
        )
    sampler = SMOTE(random_state=seed, k_neighbors=min(_NEIGHBOURS, rarest - 1))
    X, y = sampler.fit_resample(train.X, train.y)[:2]
    return replace(train, X=np.asarray(X, dtype=np.float32), y=np.asarray(y, dtype=np.int64))
