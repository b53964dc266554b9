"""Lines: ROC, precision and recall, calibration, learning curve, threshold."""

from collections.abc import Sequence

from mlwright.report.blocks import Series
from mlwright.report.model_facts import ThresholdFact
from mlwright.report.plots.svg import Axes, Frame, spread
from mlwright.report.result_facts import CalibrationFact, CurvesFact, LearningCurveFact
from mlwright.report.wording import number, words

MOST_LINES = 8
_UNIT = (0.0, 1.0)


def roc(curves: CurvesFact) -> str:
    """Draw true positive rate over false positive rate."""
    axes = Axes(Frame(_UNIT, _UNIT, "false positive rate", "true positive rate"), "ROC curve")
    axes.curve(_UNIT, _UNIT, "guide")
    _lines(axes, curves.roc, area=True)
    if curves.roc_auc is not None:
        axes.text(axes.sx(0.97), axes.sy(0.06), f"area {number(curves.roc_auc)}", "note", "end")
    return axes.render()


def precision_recall(curves: CurvesFact) -> str:
    """Draw precision over recall; the dashed line is the share of positives, what guessing reaches."""
    axes = Axes(Frame(_UNIT, (0.0, 1.02), "recall", "precision"), "Precision and recall")
    if curves.base_rate is not None:
        axes.curve(_UNIT, (curves.base_rate,) * 2, "guide")
    _lines(axes, curves.precision_recall, area=True)
    if curves.average_precision is not None:
        axes.text(axes.sx(0.03), axes.sy(0.06), f"average precision {number(curves.average_precision)}", "note")
    return axes.render()


def calibration(fact: CalibrationFact) -> str:
    """Draw observed over predicted share, a dot a bin."""
    axes = Axes(Frame(_UNIT, _UNIT, "predicted probability", "observed share"), "Calibration")
    axes.curve(_UNIT, _UNIT, "guide")
    curve = fact.curve
    counts = fact.counts or (0,) * len(curve.x)
    most = max(counts, default=0) or 1
    for i, (x, y) in enumerate(zip(curve.x, curve.y, strict=True)):
        if curve.low and curve.high:
            axes.line(axes.sx(x), axes.sy(curve.low[i]), axes.sx(x), axes.sy(curve.high[i]), "whisker")
        tip = f"predicted {number(x)}, observed {number(y)}, {counts[i]} rows"
        axes.point(x, y, "dot", tip, 3 + 4 * (counts[i] / most) ** 0.5)
    axes.curve(curve.x, curve.y, "line")
    if fact.error is not None:
        axes.text(axes.sx(0.97), axes.sy(0.06), f"mean gap {number(fact.error)}", "note", "end")
    return axes.render()


def learning_curve(fact: LearningCurveFact) -> str:
    """Draw the score over the number of training rows."""
    curve = fact.curve
    x, y = spread(curve.x), spread((*curve.y, *curve.low, *curve.high))
    axes = Axes(Frame((max(0.0, x[0]), x[1]), y, "training rows", words(fact.metric)), "Learning curve")
    if curve.low and curve.high:
        axes.band(curve.x, curve.low, curve.high)
    axes.curve(curve.x, curve.y, "line")
    for a, b in zip(curve.x, curve.y, strict=True):
        axes.point(a, b, "dot", f"{a:,.0f} rows: {number(b)}")
    return axes.render()


def threshold(fact: ThresholdFact) -> str:
    """Draw what was optimised over the threshold, with the choice; nothing without a curve."""
    if fact.curve is None:
        return ""
    axes = Axes(Frame(_UNIT, spread(fact.curve.y), "threshold", words(fact.objective)), "Choice of the threshold")
    axes.curve(fact.curve.x, fact.curve.y, "line")
    at = axes.sx(fact.threshold)
    axes.line(at, 12, at, 258, "mark")
    axes.text(at + 5, 250, f"chosen {number(fact.threshold)}", "note")
    return axes.render()


def _lines(axes: Axes, series: Sequence[Series], *, area: bool) -> None:
    shown = series[:MOST_LINES]
    for i, line in enumerate(shown):
        if area and len(shown) == 1:
            axes.band(line.x, (0.0,) * len(line.x), line.y)
        axes.curve(line.x, line.y, f"line s{i}")
    if len(shown) > 1:
        for i, line in enumerate(shown):
            y = 252 - 15 * (len(shown) - 1 - i) - 12
            axes.line(330, y - 4, 344, y - 4, f"line s{i}")
            axes.text(349, y, line.name[:14], "tick")
