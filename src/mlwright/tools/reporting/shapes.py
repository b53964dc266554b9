"""Sections on the shape of the target: the bands around values."""

from collections.abc import Mapping
from typing import Any

from mlwright.report.sections import SectionFact, TableFact


def shape_sections(inputs: Mapping[str, Any]) -> tuple[SectionFact, ...]:
    """Return what the target's shape made necessary, and what it brought; nothing where it is an ordinary one."""
    found = (_bands(inputs),)
    return tuple(one for one in found if one is not None)


def _bands(inputs: Mapping[str, Any]) -> SectionFact | None:
    found = inputs["evaluation"].get("interval")
    chosen = inputs["selection"].get("interval")
    if not found or not chosen:
        return None
    held = (
        f"Around every predicted value there is a band made to hold {found['level']:.0%} of the true values. On the "
        f"sealed test it holds {found['coverage']:.1%} (95 % interval {found['low']:.1%} to {found['high']:.1%}, "
        f"{found['rows']:,} rows); {found['below']:.1%} lie below it and {found['above']:.1%} above. "
        f"It is {found['mean_width']:.4g} wide on average."
    )
    rows = tuple(
        (
            f"{part['smallest']:.4g} to {part['largest']:.4g}",
            f"{part['rows']:,}",
            f"{part['coverage']:.1%}",
            f"{part['mean_width']:.4g}",
        )
        for part in found["parts"]
    )
    table = TableFact(header=("Predicted value", "Rows", "Held", "Mean width"), rows=rows) if rows else None
    return SectionFact(title="Prediction intervals", paragraphs=(held, chosen["reason"]), table=table)
