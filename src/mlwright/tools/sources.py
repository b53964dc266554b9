"""The brief's data through the contract's gate, and what the journal keeps of the reading."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from mlwright.run.types import Context

if TYPE_CHECKING:
    from mlwright.data.readers import Raw, ReadProblem


def read_source(source: Sequence[str], query: str | None, context: Context) -> "Raw":
    """Read what the brief names; every file of this machine must be one that the contract lets be read."""
    from mlwright.data.readers import local_paths, read_raw

    for path in local_paths(list(source), context.base):
        context.gate.read(path)
    return read_raw(list(source), query=query, base=context.base)


def reading_facts(source: Sequence[str], raw: "Raw", rows: int, problems: Iterable["ReadProblem"]) -> dict[str, Any]:
    """Return what was read and what was wrong with it; `problems` are those found after the reading itself."""
    return {
        "source": list(source),
        "sha256": raw.sha256,
        "rows": rows,
        "parts": raw.parts,
        "problems": [asdict(problem) for problem in (*raw.problems, *problems)],
    }
