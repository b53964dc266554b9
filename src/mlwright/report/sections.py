"""Sections that only one kind of problem has: words, a table, lines; every document renders them alike.

A tool leaves them in its artifact as `"sections": [...]` in this shape, and the documents need no other change.

Example:
    >>> one = SectionFact(title="Backtest", table=TableFact(header=("model", "MASE"), rows=(("naive", "1.20"),)))
    >>> section_facts({"sections": [one.model_dump()]}, None)[0].title
    'Backtest'
"""

from collections.abc import Mapping
from typing import Any

from mlwright.report.blocks import Plain


class TableFact(Plain):
    """Cells as they are to be read; every row is as long as the header."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


class LineFact(Plain):
    """A line: y over x, with an optional band from `low` to `high`; None is a gap.

    Attributes:
        low, high: Empty, or as long as `x`.
    """

    name: str
    x: tuple[float, ...]
    y: tuple[float | None, ...]
    low: tuple[float | None, ...] = ()
    high: tuple[float | None, ...] = ()


class SectionFact(Plain):
    """A titled part of the report; what is empty is left out."""

    title: str
    paragraphs: tuple[str, ...] = ()
    table: TableFact | None = None
    lines: tuple[LineFact, ...] = ()
    x_label: str = ""
    y_label: str = ""


def section_facts(*artifacts: Mapping[str, Any] | None) -> tuple[SectionFact, ...]:
    """Return the sections that some artifacts hold, in the artifacts' order; artifacts without any are skipped."""
    return tuple(
        SectionFact.model_validate(one)
        for artifact in artifacts
        if isinstance(artifact, Mapping)
        for one in artifact.get("sections", ())
    )
