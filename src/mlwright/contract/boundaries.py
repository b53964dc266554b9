"""What is not this engineer's work: the brief is sent on to whoever does it."""

import re
from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict, Field

from mlwright.base.errors import ContractError

# Words that make it a prediction about such a thing, not the thing itself: "predict which web pages ...".
_LEARNING = re.compile(
    r"\b(predict\w*|classif\w*|forecast\w*|estimat\w*|detect\w*|regress\w*|scor(?:e|es|ing)|rank\w*|clustering"
    r"|cluster\s+(?:the|our|all|these|customers|users|documents)|recogni[sz]\w*|tell\b.{1,60}\bfrom"
    r"|tell\b.{1,60}\bapart|which\b|how (?:many|much|long|far)|probabilit\w*|likel\w*|churn|anomal\w*)\b",
    re.IGNORECASE | re.DOTALL,
)


class Boundary(BaseModel):
    """Work that is not this engineer's, and whose it is.

    Attributes:
        words: Phrases that give it away; `*` stands for the rest of a word and `...` for up to five words between.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    work: str
    delegate: str
    words: tuple[str, ...] = Field(min_length=1)
    why: str = ""


def find_boundary(objective: str, boundaries: Sequence[Boundary]) -> Boundary | None:
    """Return the boundary that an objective crosses, or None. Conservative: in doubt it is our work."""
    if _LEARNING.search(objective):
        return None
    return next((line for line in boundaries if any(_pattern(words).search(objective) for words in line.words)), None)


def check_boundaries(objective: str, boundaries: Sequence[Boundary]) -> None:
    """Refuse work that is somebody else's.

    Raises:
        ContractError: Names the delegate.
    """
    crossed = find_boundary(objective, boundaries)
    if crossed is not None:
        why = f" {crossed.why}" if crossed.why else ""
        raise ContractError(
            f"The objective {objective!r} is {crossed.work}, which this contract leaves to the "
            f"{crossed.delegate}.{why}",
            hint=f"Hand it to the {crossed.delegate}; ask here for what should be predicted from which data.",
        )


def _pattern(words: str) -> re.Pattern[str]:
    pieces = [re.escape(word).replace(r"\*", r"\w*") for word in words.replace("...", " ... ").split()]
    body = r"\s+".join(piece for piece in pieces).replace(r"\s+\.\.\.\s+", r"\s+(?:[\w'-]+\s+){0,5}")
    return re.compile(rf"\b{body}\b", re.IGNORECASE)
