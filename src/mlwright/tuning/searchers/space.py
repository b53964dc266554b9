"""Search spaces as people write them: `0.01 to 0.3 log`, `8 to 256`, a list of choices, or one fixed value."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from mlwright.base.errors import DataError
from mlwright.models.protocol import Facts, Family

Written = str | int | float | bool | Sequence[str | int | float | bool | None]
_RANGE = re.compile(r"\s*(?P<low>\S+)\s+to\s+(?P<high>\S+?)(?:\s+(?P<log>log))?(?:\s+step\s+(?P<step>\S+))?\s*")
_LEVELS = 3  # of a range, in a grid


@dataclass(frozen=True, slots=True)
class Dimension:
    """One parameter's values: `choices`, or the range from `low` to `high`, both in it.

    Attributes:
        log: Drawn evenly on a logarithmic scale.
        whole: Whole numbers only.
        step: Distance of the values of a range; None where every value may come.
    """

    choices: tuple[Any, ...] = ()
    low: float = 0.0
    high: float = 0.0
    log: bool = False
    whole: bool = False
    step: float | None = None

    def suggest(self, trial: Any, name: str) -> Any:
        """Draw from an Optuna trial."""
        if self.choices:
            return trial.suggest_categorical(name, list(self.choices))
        if self.whole:
            step = 1 if self.step is None else int(self.step)
            return trial.suggest_int(name, int(self.low), int(self.high), log=self.log, step=step)
        return trial.suggest_float(name, self.low, self.high, log=self.log, step=self.step)

    def levels(self) -> tuple[Any, ...]:
        """Return the values of a grid: the choices, every step of a range, or three evenly spaced values of it.

        Example:
            >>> dimension("1 to 100 log").levels()
            (1, 10, 100)
        """
        if self.choices:
            return self.choices
        if self.step is not None:
            count = math.floor((self.high - self.low) / self.step + 1e-9) + 1
            values = [self.low + index * self.step for index in range(count)]
        else:
            ends = (math.log(self.low), math.log(self.high)) if self.log else (self.low, self.high)
            spaced = [ends[0] + (ends[1] - ends[0]) * index / (_LEVELS - 1) for index in range(_LEVELS)]
            values = [math.exp(value) for value in spaced] if self.log else spaced
        if self.whole:
            return tuple(dict.fromkeys(round(value) for value in values))
        return tuple(dict.fromkeys(min(max(value, self.low), self.high) for value in values))


Space = Mapping[str, Mapping[str, Dimension]]  # family -> parameter -> its values


def dimension(written: Written) -> Dimension:
    """Return the values of a parameter as a brief says them.

    Raises:
        DataError: It can't be read, or holds no value.

    Example:
        >>> dimension("0.01 to 0.3 log").log, dimension([1, 2]).choices, dimension(5).choices
        (True, (1, 2), (5,))
    """
    if isinstance(written, str):
        found = _RANGE.fullmatch(written)
        return _range(found, written) if found else Dimension(choices=(written,))
    if isinstance(written, Sequence):
        if not written:
            raise DataError("The list of choices is empty.", hint="write at least one value.")
        return Dimension(choices=tuple(written))
    return Dimension(choices=(written,))


def checked_space(space: Space, families: Mapping[str, Family], facts: Facts) -> Space:
    """Return the space; a parameter whose name is nearly one that the family knows is taken for a slip of the pen.

    Raises:
        DataError: Such a name, or a family that is not searched.
    """
    for name, dimensions in space.items():
        if name not in families:
            raise DataError(
                f"The search space is for '{name}', which is not among the families: {', '.join(families)}.",
                hint="add it to search.families, or take it out of search.space.",
            )
        known = known_parameters(families[name], facts)
        for parameter in dimensions:
            near = get_close_matches(parameter, known, n=1, cutoff=0.8)
            if parameter not in known and near:
                raise DataError(
                    f"'{name}' has no parameter '{parameter}'.", hint=f"did you mean '{near[0]}'? Mend search.space."
                )
    return space


def known_parameters(family: Family, facts: Facts) -> tuple[str, ...]:
    """Return the parameters that a family's own portfolio sets."""
    return tuple(dict.fromkeys(name for params in family.portfolio(facts) for name in params))


def _range(found: re.Match[str], written: str) -> Dimension:
    numbers = {name: _number(found[name], written) for name in ("low", "high", "step") if found[name]}
    low, high, step = numbers["low"], numbers["high"], numbers.get("step")
    log = found["log"] is not None
    if low >= high:
        raise DataError(f"'{written}' is empty: {low:g} is not below {high:g}.", hint="write the smaller number first.")
    if log and (low <= 0 or step is not None):
        raise DataError(
            f"'{written}' can't be logarithmic: it must begin above 0 and have no step.", hint="write `0.001 to 1 log`."
        )
    if step is not None and step <= 0:
        raise DataError(
            f"'{written}' has a step of {step:g}; one above 0 was expected.", hint="write `2 to 10 step 2`."
        )
    whole = all(re.fullmatch(r"[+-]?\d+", found[name]) for name in numbers)
    return Dimension(low=low, high=high, log=log, whole=whole, step=step)


def _number(text: str, written: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise DataError(
            f"'{written}' is no range: '{text}' is no number.", hint="write `0.01 to 0.3 log`, or a list of choices."
        )
    return value
