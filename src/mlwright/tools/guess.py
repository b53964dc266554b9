"""Which column is meant when the brief names none: the one the objective speaks of, or one with a telling name."""

import re
from collections.abc import Sequence

from mlwright.base.errors import BriefError

_TELLING = ("target", "label", "class", "y", "outcome")


def guess_target(names: Sequence[str], objective: str) -> tuple[str, str]:
    """Return a column and why it is taken.

    Raises:
        BriefError: No column is meant clearly.

    Example:
        >>> guess_target(["age", "churned"], "Predict which customers churn")[0]
        'churned'
    """
    words = {_stem(word) for word in re.findall(r"[a-z]+", objective.lower())}
    spoken = [name for name in names if _stems(name) and _stems(name) <= words]
    if len(spoken) == 1:
        return spoken[0], f"the objective speaks of '{spoken[0]}'"
    telling = [name for name in names if name.lower() in _TELLING]
    if len(telling) == 1:
        return telling[0], f"'{telling[0]}' is the usual name of a target"
    raise BriefError(
        f"data.target is not given, and the objective does not name one column of: {', '.join(names[:20])}.",
        hint="set data.target in the brief to the column that is to be predicted.",
    )


def _stems(name: str) -> set[str]:
    return {_stem(word) for word in re.findall(r"[a-z]+", name.lower())}


def _stem(word: str) -> str:
    for ending in ("ation", "ing", "ed", "es", "er", "s", "e"):
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            return word.removesuffix(ending)
    return word
