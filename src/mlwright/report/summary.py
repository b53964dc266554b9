"""SUMMARY.md: what was built, how good it is, what was tried and rejected, what it cost and what to watch."""

import re

from mlwright.report.facts import ReportFacts
from mlwright.report.templating import environment
from mlwright.report.verdict import verdict
from mlwright.report.work_facts import CHECKLIST

SECTIONS = (
    "Objective",
    "Solution architecture",
    "Models and techniques",
    "Implementation details",
    "Evaluation results",
    "Deployment strategy",
    "Monitoring and maintenance",
    "Next steps",
    "Dependencies",
    "Success checklist",
)


def render_summary(facts: ReportFacts) -> str:
    """Return the summary as Markdown with exactly the sections of SECTIONS, in this order."""
    text = environment(html=False).get_template("summary.md.j2")
    return tidy(text.render(facts=facts, verdict=verdict(facts), checklist=CHECKLIST))


def tidy(markdown: str) -> str:
    """Collapse runs of blank lines that left-out parts leave behind."""
    return re.sub(r"\n{3,}", "\n\n", markdown).strip() + "\n"
