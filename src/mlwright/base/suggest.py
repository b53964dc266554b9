"""The "did you mean" of every error."""

from collections.abc import Iterable
from difflib import get_close_matches


def did_you_mean(wrong: str, known: Iterable[str]) -> str:
    """Return "did you mean 'x'?" or, with no near match, the known names.

    Example:
        >>> did_you_mean("taget", ["target", "source"])
        "did you mean 'target'?"
    """
    names = [str(name) for name in known]
    lowered = {name.lower(): name for name in reversed(names)}
    near = get_close_matches(wrong.lower(), lowered, n=1, cutoff=0.6)
    if near:
        return f"did you mean '{lowered[near[0]]}'?"
    shown = ", ".join(names[:12]) + (", ..." if len(names) > 12 else "")
    return f"choose one of: {shown}." if names else "there is none to choose from."
