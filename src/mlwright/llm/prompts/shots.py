"""Worked examples for a prompt, and the choice of those nearest to a case."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Similarity = Callable[[str, str], float]


@dataclass(frozen=True, slots=True)
class Shot:
    """One worked example: inputs of a template, and the answer to them."""

    inputs: Mapping[str, Any]
    answer: str


def token_overlap(one: str, other: str) -> float:
    """Return the share of words that two texts have in common, in [0, 1] (Jaccard's index).

    Example:
        >>> token_overlap("the red car", "a red car")
        0.5
    """
    first, second = _words(one), _words(other)
    return len(first & second) / len(first | second) if first | second else 0.0


def nearest(
    pool: Sequence[Shot], inputs: Mapping[str, Any], count: int, similarity: Similarity = token_overlap
) -> tuple[Shot, ...]:
    """Return the `count` shots most like a case, the most alike last, where models heed them most.

    Equals keep the order of the pool, so that the choice is always the same.

    Example:
        >>> pool = [Shot({"q": "red car"}, "a"), Shot({"q": "blue boat"}, "b")]
        >>> nearest(pool, {"q": "a blue ship or boat"}, 1)[0].answer
        'b'
    """
    case = joined(inputs)
    scored = sorted(range(len(pool)), key=lambda at: (-similarity(joined(pool[at].inputs), case), at))
    return tuple(pool[at] for at in reversed(scored[:count]))


def joined(inputs: Mapping[str, Any]) -> str:
    """Return inputs as one text, for comparing."""
    return " ".join(str(value) for value in inputs.values())


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.lower()))
