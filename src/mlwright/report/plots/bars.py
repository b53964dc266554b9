"""Bars: histograms, as plots of their own and as small multiples."""

from collections.abc import Sequence

from mlwright.report.blocks import Count, Histogram
from mlwright.report.plots.svg import Axes, Frame, Plot
from mlwright.report.wording import number


def histogram(fact: Histogram, title: str, x_label: str, marks: Sequence[tuple[float, str]] = ()) -> str:
    """Draw counts over a value, with vertical marks."""
    top = max(fact.counts, default=1) * 1.12 or 1.0
    high = max([fact.edges[-1], *(at * 1.02 for at, _ in marks)])
    axes = Axes(Frame((fact.edges[0], high), (0.0, top), x_label, "rows"), title)
    for count, low, right in zip(fact.counts, fact.edges, fact.edges[1:], strict=False):
        left, edge = axes.sx(low), axes.sx(right)
        tip = f"{number(low)} to {number(right)}: {count:,}"
        axes.rect(left + 0.5, axes.sy(count), edge - left - 1, axes.sy(0) - axes.sy(count), "bar", tip)
    for i, (at, name) in enumerate(marks):
        x = axes.sx(at)
        axes.line(x, 12, x, axes.sy(0), "mark")
        late = x > 330
        axes.text(x + (-5 if late else 5), 24 + 14 * i, name, "note", "end" if late else "start")
    return axes.render()


def small(histogram: Histogram | None, top: Sequence[Count], title: str) -> str:
    """Draw a column in the size of a stamp, without axes: counts of a number, or of the most frequent levels."""
    counts = [float(c) for c in histogram.counts] if histogram else [float(level.count) for level in top[:12]]
    if not counts:
        return ""
    plot = Plot(160, 44, title)
    most, width = max(counts) or 1.0, 160 / len(counts)
    for i, count in enumerate(counts):
        height = 40 * count / most
        tip = "" if histogram else f"{top[i].name}: {top[i].count:,}"
        plot.rect(i * width + 0.5, 43 - height, width - 1, height, "bar" if histogram else "bar level", tip)
    plot.line(0, 43.5, 160, 43.5, "grid")
    return plot.render()
