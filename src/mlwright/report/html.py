"""report.html: one file that needs nothing else, for reading, showing and printing."""

from typing import Any

from mlwright.report.facts import ReportFacts
from mlwright.report.plots import bars, curves, points
from mlwright.report.plots.lines import lines
from mlwright.report.templating import environment
from mlwright.report.verdict import Verdict, verdict

TOP_COLUMNS = 12
SMALL_MULTIPLES = 48


def render_html(facts: ReportFacts) -> str:
    """Return the report as one HTML page with inline style and inline SVG; no script, no address elsewhere."""
    found = verdict(facts)
    template = environment(html=True).get_template("report.html.j2")
    return template.render(
        facts=facts,
        verdict=found,
        plots=_plots(facts, found),
        top_columns=TOP_COLUMNS,
        small_multiples=SMALL_MULTIPLES,
        ended=max((step.start + step.seconds for step in facts.steps), default=0.0),
    )


def _plots(facts: ReportFacts, found: Verdict) -> dict[str, Any]:
    from markupsafe import Markup  # the SVG helpers have escaped what they were given

    drawn = {**_score_plots(facts, found), **_curve_plots(facts), **_work_plots(facts)}
    named = {name: Markup(svg) for name, svg in drawn.items() if svg}  # noqa: S704
    columns = [Markup(bars.small(c.histogram, c.top, f"Values of {c.name}")) for c in facts.data.columns]  # noqa: S704
    shapes = facts.explanation.explanation.dependence if facts.explanation else ()
    sections = [Markup(lines(section)) for section in facts.sections]  # noqa: S704
    dependence = [Markup(points.dependence(d)) for d in shapes]  # noqa: S704
    return {**named, "columns": columns, "dependence": dependence, "sections": sections}


def _score_plots(facts: ReportFacts, found: Verdict) -> dict[str, str]:
    if found.score is None:
        return {}
    wanted = found.requirement.wanted if found.requirement else None
    return {"against": points.against(found.score.estimate, wanted, None)}


def _curve_plots(facts: ReportFacts) -> dict[str, str]:
    drawn: dict[str, str] = {}
    if facts.curves and facts.curves.roc:
        drawn["roc"] = curves.roc(facts.curves)
    if facts.curves and facts.curves.precision_recall:
        drawn["precision_recall"] = curves.precision_recall(facts.curves)
    if facts.calibration:
        drawn["calibration"] = curves.calibration(facts.calibration)
    if facts.threshold:
        drawn["threshold"] = curves.threshold(facts.threshold)
    if facts.learning_curve:
        drawn["learning"] = curves.learning_curve(facts.learning_curve)
    if facts.residuals:
        drawn["predicted_actual"] = points.predicted_actual(facts.residuals)
        if facts.residuals.histogram:
            drawn["residuals"] = bars.histogram(facts.residuals.histogram, "Residuals", "actual minus predicted")
    return drawn


def _work_plots(facts: ReportFacts) -> dict[str, str]:
    drawn: dict[str, str] = {}
    if facts.scores:
        drawn["candidates"] = points.candidates(facts.candidates, facts.scores[0].metric)
    if facts.data.target_histogram:
        drawn["target"] = bars.histogram(facts.data.target_histogram, "Target", facts.data.target)
    load = facts.load_test
    if load and load.histogram:
        marks = [(load.latency_p95_ms, f"p95 {load.latency_p95_ms:.1f} ms")]
        marks += [
            (r.wanted, f"limit {r.wanted:g} ms")
            for r in facts.requirements
            if r.name == "latency p95" and r.unit == "ms"
        ]
        drawn["latency"] = bars.histogram(load.histogram, "Latency of a request", "ms", marks)
    return drawn
