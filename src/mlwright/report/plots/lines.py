"""Lines with bands over one pair of axes: a history and its forecast, a score over time."""

from collections.abc import Iterator, Sequence

from mlwright.report.plots.svg import Axes, Frame, spread
from mlwright.report.sections import LineFact, SectionFact

MOST_LINES = 8


def lines(section: SectionFact) -> str:
    """Draw the lines of a section, their bands below them; nothing where it has none."""
    shown = [line for line in section.lines if line.x][:MOST_LINES]
    if not shown:
        return ""
    x = spread((v for line in shown for v in line.x), 0.01)
    y = spread(v for line in shown for part in (line.y, line.low, line.high) for v in part if v is not None)
    axes = Axes(Frame(x, y, section.x_label, section.y_label, width=760, height=320), section.title)
    for number, line in enumerate(shown):
        for part in _runs(line.low, line.high):
            at = [line.x[i] for i in part]
            axes.band(at, [line.low[i] or 0.0 for i in part], [line.high[i] or 0.0 for i in part], f"band b{number}")
    for number, line in enumerate(shown):
        for part in _runs(line.y):
            if len(part) == 1:
                axes.point(line.x[part[0]], line.y[part[0]] or 0.0, "speck", "", 2.2)
            axes.curve([line.x[i] for i in part], [line.y[i] or 0.0 for i in part], f"line s{number}")
    if len(shown) > 1:
        _legend(axes, shown)
    return axes.render()


def _runs(*columns: Sequence[float | None]) -> Iterator[list[int]]:
    """Yield stretches of positions at which every column has a value."""
    run: list[int] = []
    for i, cells in enumerate(zip(*columns, strict=True)):
        if all(cell is not None for cell in cells):
            run.append(i)
        elif run:
            yield run
            run = []
    if run:
        yield run


def _legend(axes: Axes, shown: Sequence[LineFact]) -> None:
    at = 52.0
    for number, line in enumerate(shown):
        axes.line(at, 10, at + 14, 10, f"line s{number}")
        axes.text(at + 19, 14, line.name[:24], "tick")
        at += 34 + 6.2 * len(line.name[:24])
