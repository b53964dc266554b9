"""Dots: candidates, residuals, dependence, the headline against its requirement."""

from collections.abc import Sequence

from mlwright.explain.explanation import Dependence
from mlwright.report.blocks import Estimate
from mlwright.report.model_facts import CandidateFact
from mlwright.report.plots.svg import Axes, Frame, Plot, Scale, spread
from mlwright.report.result_facts import ResidualFact
from mlwright.report.wording import interval, number, words


def candidates(facts: Sequence[CandidateFact], metric: str) -> str:
    """Draw score with interval over the latency of one row; baselines far away are left to the table."""
    shown = [c for c in facts if c.score is not None and c.latency_ms and c.status not in ("baseline", "failed")]
    if not shown:
        return ""
    values = [v for c in shown if c.score for v in (c.score.value, c.score.low, c.score.high) if v is not None]
    latencies = [c.latency_ms for c in shown if c.latency_ms]
    x = (min(latencies) / 1.5, max(latencies) * 2.2)
    frame = Frame(x, spread(values, 0.12), "latency of one row, ms", words(metric), log_x=True, width=520, height=300)
    axes = Axes(frame, "Candidates: quality against latency")
    for c in sorted(shown, key=lambda c: c.status == "chosen"):
        kind = "chosen" if c.status in ("chosen", "member") else "other"
        if c.score is None or c.latency_ms is None:
            continue
        if c.score.low is not None and c.score.high is not None:
            at = axes.sx(c.latency_ms)
            axes.line(at, axes.sy(c.score.low), at, axes.sy(c.score.high), f"whisker {kind}")
        tip = f"{c.name}: {interval(c.score)}, {number(c.latency_ms)} ms"
        axes.point(c.latency_ms, c.score.value, f"dot {kind}", tip, 6 if kind == "chosen" else 5)
    for c, y in _placed(axes, shown):
        kind = "note" if c.status in ("chosen", "member") else "tick"
        axes.text(axes.sx(c.latency_ms or 1) + 10, y, c.name[:22], kind)
    return axes.render()


def _placed(axes: Axes, shown: Sequence[CandidateFact]) -> list[tuple[CandidateFact, float]]:
    """Return heights of labels, moved apart where neighbours would overlap."""
    placed: list[tuple[CandidateFact, float]] = []
    for c in sorted(shown, key=lambda c: -(c.score.value if c.score else 0)):
        y = axes.sy(c.score.value if c.score else 0) + 4
        near = [other for o, other in placed if abs(axes.sx(o.latency_ms or 1) - axes.sx(c.latency_ms or 1)) < 110]
        while any(abs(y - other) < 13 for other in near):
            y += 3
        placed.append((c, y))
    return placed


def predicted_actual(fact: ResidualFact) -> str:
    """Draw actual over predicted values."""
    both = spread((*fact.predicted, *fact.actual))
    axes = Axes(Frame(both, both, "predicted", "actual"), "Predicted and actual")
    axes.curve(both, both, "guide")
    for x, y in zip(fact.predicted[:1500], fact.actual[:1500], strict=False):
        axes.point(x, y, "speck", "", 2.6)
    return axes.render()


def dependence(fact: Dependence) -> str:
    """Draw SHAP over the column's value; levels of a category stand side by side, missing cells at the left."""
    title = f"Contribution of {fact.column}"
    numbers = all(value is None or isinstance(value, float) for value in fact.values)
    levels = [] if numbers else sorted({str(v) for v in fact.values if v is not None})[:10]
    known = [v for v in fact.values if isinstance(v, float)]
    low, high = spread(known, 0.08) if numbers else (-0.6, len(levels) - 0.4)
    places = {level: float(i) for i, level in enumerate(levels)}
    axes = _DependenceAxes(Frame((low, high), spread(fact.shap, 0.1), width=300, height=210), title, tuple(levels))
    axes.line(46, axes.sy(0), 288, axes.sy(0), "guide")
    for value, y in zip(fact.values, fact.shap, strict=True):
        x = low if value is None else places.get(value, high) if isinstance(value, str) else value
        axes.point(x, y, "speck missing" if value is None else "speck", "", 2.8)
    return axes.render()


class _DependenceAxes(Axes):
    def __init__(self, frame: Frame, title: str, levels: tuple[str, ...]) -> None:
        super().__init__(frame, title)
        if levels:
            self.parts = [part for part in self.parts if 'y="184.0"' not in part]
            room = max(4, 34 // len(levels))
            for i, level in enumerate(levels):
                self.text(self.sx(i), 184, level[:room], "tick", "middle")


def against(estimate: Estimate, wanted: float | None, floor: float | None) -> str:
    """Draw an interval as a bar on a line with the requirement as a mark: the picture of the verdict."""
    known = [v for v in (estimate.value, estimate.low, estimate.high, wanted, floor) if v is not None]
    low, high = spread(known, 0.25)
    plot = Plot(460, 74, f"Score {interval(estimate)}" + ("" if wanted is None else f", wanted {number(wanted)}"))
    scale = Scale(low, high, 14, 446)
    plot.rect(14, 33, 432, 6, "track")
    if estimate.low is not None and estimate.high is not None:
        plot.rect(scale(estimate.low), 29, scale(estimate.high) - scale(estimate.low), 14, "reach")
    if wanted is not None:
        plot.line(scale(wanted), 18, scale(wanted), 52, "mark")
        anchor = "start" if scale(wanted) < 60 else "end" if scale(wanted) > 400 else "middle"
        plot.text(scale(wanted), 67, f"wanted {number(wanted)}", "tick", anchor)
    plot.dot(scale(estimate.value), 36, 8, "dot chosen")
    anchor = "end" if scale(estimate.value) > 420 else "middle"
    plot.text(scale(estimate.value), 18, number(estimate.value), "note", anchor)
    return plot.render()
