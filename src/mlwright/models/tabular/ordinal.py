"""From probabilities of ordered classes to a class: the expected place in the order, cut where it measurably pays."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from mlwright.data.columns import Array

_SWEEPS = 3
_POINTS = 25
_LEAST_ROWS = 50


@dataclass(frozen=True, slots=True)
class OrdinalData:
    """Out-of-fold predictions to choose cuts on.

    Attributes:
        probabilities: float64, (n, C), in the order of the classes.
        loss: Of predicted codes on the rows at an index; lower is better.
        groups: int, (n,): rows of one number stay together in the cross-validation.
    """

    probabilities: Array
    loss: Callable[[Array, Array], float]
    groups: Array


@dataclass(frozen=True, slots=True)
class CutChoice:
    """The cuts (empty: the most probable class is taken) and why; `losses` are cross-validated."""

    cuts: tuple[float, ...]
    losses: dict[str, float]
    reason: str


def plain_cuts(classes: int) -> tuple[float, ...]:
    """Return the cuts that round the expected place to the nearest class.

    Example:
        >>> plain_cuts(4)
        (0.5, 1.5, 2.5)
    """
    return tuple(float(code) + 0.5 for code in range(classes - 1))


def expected_codes(probabilities: Array) -> Array:
    """Return the expected place in the order, float64, (n,), of float32 probabilities, as the ONNX graph does."""
    narrow = probabilities.astype(np.float32).astype(np.float64)
    return narrow @ np.arange(probabilities.shape[1], dtype=np.float64)


def cut_codes(expected: Array, cuts: Sequence[float]) -> Array:
    """Return class codes, int64, (n,): how many cuts the expected place has reached."""
    return np.sum(expected[:, np.newaxis] >= np.asarray(cuts)[np.newaxis, :], axis=1).astype(np.int64)


def ordinal_codes(probabilities: Array, cuts: Sequence[float] | None = None) -> Array:
    """Return class codes, int64, (n,): by the cuts, by rounding (None), or the most probable class (none at all)."""
    if cuts is not None and not cuts:
        return np.argmax(probabilities, axis=1).astype(np.int64)
    return cut_codes(expected_codes(probabilities), cuts or plain_cuts(probabilities.shape[1]))


def choose_cuts(data: OrdinalData) -> CutChoice:
    """Return the decoding of the lowest cross-validated loss: the most probable class, rounding, or fitted cuts."""
    rows, classes = data.probabilities.shape
    expected, everyone = expected_codes(data.probabilities), np.arange(rows)
    plain = plain_cuts(classes)
    found = {
        "most probable": data.loss(np.argmax(data.probabilities, axis=1), everyone),
        "rounded": data.loss(cut_codes(expected, plain), everyone),
    }
    parts = np.unique(data.groups)
    if rows >= _LEAST_ROWS and len(parts) > 1:
        codes = np.empty(rows, dtype=np.int64)
        for part in parts:
            inside, outside = np.flatnonzero(data.groups == part), np.flatnonzero(data.groups != part)
            codes[inside] = cut_codes(expected[inside], _fitted(expected, plain, data.loss, outside))
        found["fitted"] = data.loss(codes, everyone)
    best = min(found, key=lambda name: (found[name], list(found).index(name)))
    said = ", ".join(f"{name} {loss:.4g}" for name, loss in found.items())
    reason = f"The class is decided by '{best}', of the lowest cross-validated loss ({said})."
    if best == "most probable":
        return CutChoice((), found, reason)
    return CutChoice(plain if best == "rounded" else _fitted(expected, plain, data.loss, everyone), found, reason)


def _fitted(
    expected: Array, start: Sequence[float], loss: Callable[[Array, Array], float], rows: Array
) -> tuple[float, ...]:
    """Move one cut at a time to the best of a few places between its neighbours, narrower with every sweep."""
    cuts = list(start)
    here = expected[rows]
    best = loss(cut_codes(here, cuts), rows)
    for sweep in range(_SWEEPS):
        reach = 1.0 / 2**sweep
        for index in range(len(cuts)):
            low = max(cuts[index - 1] if index else -0.5, cuts[index] - reach)
            high = min(cuts[index + 1] if index + 1 < len(cuts) else len(cuts) + 0.5, cuts[index] + reach)
            for place in np.linspace(low, high, _POINTS)[1:-1]:
                tried = [*cuts[:index], float(place), *cuts[index + 1 :]]
                value = loss(cut_codes(here, tried), rows)
                if value < best:
                    best, cuts = value, tried
    return tuple(cuts)
