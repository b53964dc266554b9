"""Stopping a trial after a fold or more: when it is clearly worse than the best, or adds nothing to the mix."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

_MIN_SHARE = 0.1  # of the way from the dummy to the best: a model nearer than this may still help a mix
_SIGMAS = 2.0
_FOLDS_TO_SHOW = 2
_MIN_PROMISE = 3e-4  # of the span


@dataclass(frozen=True, slots=True)
class Reference:
    """What a trial is compared with.

    Attributes:
        fold_losses: Of the best complete trial.
        span: Loss of the dummy minus loss of the best: the scale on which "clearly" is measured; positive.
    """

    fold_losses: tuple[float, ...]
    span: float


def why_useless(folds: int, promised: float, span: float) -> str:
    """Return why a trial should stop that adds nothing to the mix on its first folds, or "" to go on.

    Args:
        folds: How many are finished; with fewer than two nothing is said.
        promised: By how much the mix's loss would fall on their rows, at the best share in it.
        span: Loss of the dummy minus loss of the best; positive.

    Example:
        >>> why_useless(2, promised=0.0, span=0.4)
        'adds nothing to the mix over 2 folds.'
    """
    if folds < _FOLDS_TO_SHOW or promised > _MIN_PROMISE * span:
        return ""
    return f"adds nothing to the mix over {folds} folds."


def why_prune(losses: Sequence[float], reference: Reference) -> str:
    """Return why the trial with these first fold losses should stop, or "" to go on.

    It stops when its mean paired gap is over a tenth of the span and over two standard errors. With one fold the error
    is taken from the spread of the best trial's folds, which is wider than that of paired gaps: early is cautious.

    Example:
        >>> why_prune([0.9], Reference((0.1, 0.11, 0.09), span=0.5)).startswith("worse")
        True
    """
    pairs = [
        (new, best) for new, best in zip(losses, reference.fold_losses, strict=False) if np.isfinite([new, best]).all()
    ]
    done = len(pairs)
    if done == 0:
        return ""
    gaps = np.array([new - best for new, best in pairs])
    if done >= 2:
        error = float(np.std(gaps, ddof=1)) / np.sqrt(done)
    else:
        error = float(np.std(reference.fold_losses, ddof=1)) if len(reference.fold_losses) > 1 else 0.0
    gap = float(gaps.mean())
    limit = max(_MIN_SHARE * reference.span, _SIGMAS * error)
    if gap <= limit:
        return ""
    return f"worse than the best by {gap:.4g} over {done} fold(s), where up to {limit:.4g} is let through."
