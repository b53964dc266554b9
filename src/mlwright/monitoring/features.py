"""The rules beside drift: cells missing, levels unseen, numbers out of range, constants, duplicates, freshness."""

import math
from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import pairwise

from mlwright.monitoring.baseline import Baseline, ColumnBaseline
from mlwright.monitoring.config import MonitorConfig
from mlwright.monitoring.drift import (
    LevelCounts,
    NumberCounts,
    out_of_range_p_value,
    share_p_value,
    unseen_p_value,
)
from mlwright.monitoring.findings import Suspicion


def percent(share: float) -> str:
    """Return a share for people: "2.1 %"."""
    text = f"{100 * share:.1f}" if share >= 0.001 or share == 0 else f"{100 * share:.2g}"
    return f"{text} %"


def missing_cells(column: ColumnBaseline, missing: int, rows: int) -> Suspicion | None:
    """Suspect that more cells are missing than before (Fisher's exact test)."""
    then, now = column.missing / column.rows, missing / rows
    if now <= then:
        return None
    return Suspicion(
        check="missing",
        column=column.name,
        effect=now - then,
        p=share_p_value(column.missing, column.rows, missing, rows),
        message=f"{percent(now)} of '{column.name}' is missing, {percent(then)} was.",
        evidence={"then": then, "now": now, "rows": rows},
    )


def unseen_levels(column: ColumnBaseline, counts: LevelCounts) -> Suspicion | None:
    """Suspect that more rows carry unseen levels than Good and Turing expect."""
    if column.levels is None or not counts.unseen_rows:
        return None
    share = counts.unseen_rows / counts.rows
    names = sorted(counts.unseen, key=lambda level: (-counts.unseen[level], level))[:3]
    shown = ", ".join(f"'{name[:40]}'" for name in names)
    return Suspicion(
        check="unseen",
        column=column.name,
        effect=share - column.levels.unseen_mass,
        p=unseen_p_value(column.levels, counts),
        message=f"{percent(share)} of '{column.name}' are levels never seen, such as {shown}; "
        f"{percent(column.levels.unseen_mass)} was to be expected.",
        evidence={"expected": column.levels.unseen_mass, "now": share, "most_frequent": names[0]},
    )


def out_of_range(column: ColumnBaseline, counts: NumberCounts) -> Suspicion | None:
    """Suspect that numbers lie outside the range seen more often than chance allows."""
    sketch = column.numbers
    beyond = counts.out_high + counts.out_low
    if sketch is None or beyond == 0 or column.kind == "datetime":
        return None
    p = 2 * min(
        out_of_range_p_value(sketch.rows, counts.rows, side) for side in (counts.out_high, counts.out_low) if side
    )
    share = beyond / counts.rows
    what = "lengths of " if column.kind == "text" else ""
    return Suspicion(
        check="range",
        column=column.name,
        effect=share,
        p=min(1.0, p),
        message=f"{percent(share)} of the {what}'{column.name}' lie outside "
        f"{sketch.minimum:.6g} to {sketch.maximum:.6g}; they reach from {counts.minimum:.6g} to {counts.maximum:.6g}.",
        evidence={"minimum": counts.minimum, "maximum": counts.maximum, "rows": beyond},
    )


def number_facts(column: ColumnBaseline, counts: NumberCounts) -> Iterable[Suspicion]:
    """Yield infinities and a column that has become constant."""
    if counts.infinite:
        share = counts.infinite / (counts.rows + counts.infinite)
        text = f"'{column.name}' holds {counts.infinite} infinite numbers."
        yield Suspicion("infinite", column.name, share, None, text, {"rows": counts.infinite})
    sketch = column.numbers
    if sketch is not None and sketch.distinct > 1 and counts.rows and counts.minimum == counts.maximum:
        points = (0, *sketch.cumulative)
        commonest = max(b - a for a, b in pairwise(points)) / sketch.rows
        yield _constant(column.name, f"{counts.minimum:.6g}", commonest, counts.rows)


def level_facts(column: ColumnBaseline, counts: LevelCounts) -> Iterable[Suspicion]:
    """Yield a category that has become constant."""
    table = column.levels
    present = [level for level, count in (*counts.seen.items(), *counts.unseen.items()) if count]
    if table is not None and table.distinct > 1 and len(present) == 1:
        commonest = max(table.counts.values(), default=1) / table.rows
        yield _constant(column.name, present[0], commonest, counts.rows)


def _constant(name: str, value: str, commonest: float, rows: int) -> Suspicion:
    # The chance that all rows carry the commonest value if nothing has changed.
    p = math.exp(max(-700.0, (rows - 1) * math.log(commonest))) if commonest < 1 else 1.0
    text = f"'{name}' is the same in all {rows} rows: {value[:40]}."
    return Suspicion("constant", name, 1.0, p, text, {"value": value[:200], "rows": rows})


def duplicate_rows(baseline: Baseline, share: float, rows: int) -> Suspicion:
    """Suspect that more rows repeat another than before: a batch delivered twice, say."""
    return Suspicion(
        check="duplicates",
        column="",
        effect=share - baseline.duplicate_share,
        p=None,
        message=f"{percent(share)} of the rows repeat another row, {percent(baseline.duplicate_share)} did.",
        evidence={"then": baseline.duplicate_share, "now": share, "rows": rows},
    )


def freshness(
    column: ColumnBaseline, counts: NumberCounts, config: MonitorConfig, now: float | None
) -> Iterable[Suspicion]:
    """Yield a datetime column whose newest row is too old, or that reaches into the future.

    Args:
        now: Seconds since 1970, UTC; None skips both rules, so that a check can be repeated with the same result.
    """
    if now is None or not counts.rows:
        return
    newest, allowed = counts.maximum, config.age_seconds(column.name)
    shown = _shown(newest)
    if allowed is not None and now - newest > allowed:
        text = f"The newest '{column.name}' is {shown}, older than {config.freshness[column.name]}."
        yield Suspicion(
            "freshness", column.name, now - newest, None, text, {"newest": shown, "age_seconds": now - newest}
        )
    if newest > now:
        text = f"'{column.name}' reaches into the future: {shown}."
        yield Suspicion("future", column.name, newest - now, None, text, {"newest": shown})


def _shown(seconds: float) -> str:
    try:
        return datetime.fromtimestamp(seconds, tz=UTC).isoformat(timespec="seconds")
    except (OverflowError, OSError, ValueError):
        return f"{seconds:.6g} seconds since 1970"
