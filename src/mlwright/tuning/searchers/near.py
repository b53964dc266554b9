"""Parameters near given ones: what a population's children are."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from mlwright.tuning.searchers.protocol import Ground

_FACTORS = (0.8, 1.25)
_FRESH = 0.25  # of the draws forget the parent


class Near:
    """Stands in for an Optuna trial: answers with values near the known ones.

    Example:
        >>> near = Near({"depth": 8}, seed=0)
        >>> 4 <= near.suggest_int("depth", 4, 16) <= 16
        True
    """

    def __init__(self, known: Mapping[str, Any], seed: int) -> None:
        self._known = known
        self._random = np.random.default_rng(seed)

    def vary(self, ground: Ground, family: str) -> dict[str, Any]:
        """Return the parameters of a child; what is not searched stays the parent's."""
        if family in ground.space:
            drawn = {name: one.suggest(self, name) for name, one in ground.space[family].items()}
        else:
            drawn = dict(ground.families[family].suggest(self, ground.facts))
        return {**self._known, **drawn}

    def suggest_float(
        self, name: str, low: float, high: float, *, step: float | None = None, log: bool = False
    ) -> float:
        value = self._near(name, low, high, log=log)
        return value if step is None else low + step * round((value - low) / step)

    def suggest_int(self, name: str, low: int, high: int, *, step: int = 1, log: bool = False) -> int:
        value = low + step * round((self._near(name, low, high, log=log) - low) / step)
        return int(min(max(value, low), high))

    def suggest_categorical(self, name: str, choices: Sequence[Any]) -> Any:
        known = self._known.get(name)
        if known in choices and self._random.random() > _FRESH:
            return known
        return choices[int(self._random.integers(len(choices)))]

    def _near(self, name: str, low: float, high: float, *, log: bool) -> float:
        known = self._known.get(name)
        usable = isinstance(known, int | float) and not isinstance(known, bool) and low <= known <= high
        if not usable or self._random.random() < _FRESH:
            share = self._random.random()
            return float(low * (high / low) ** share if log else low + share * (high - low))
        return float(min(max(known * self._random.choice(_FACTORS), low), high))
