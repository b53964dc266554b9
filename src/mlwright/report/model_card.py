"""model_card.md, in the sections that readers of model cards look for.

Source: Mitchell et al. (2019), Model Cards for Model Reporting.
"""

import re

from mlwright.report.facts import ReportFacts
from mlwright.report.summary import tidy
from mlwright.report.templating import environment


def render_model_card(facts: ReportFacts) -> str:
    """Return the model card as Markdown."""
    text = environment(html=False).get_template("model_card.md.j2").render(facts=facts)
    # a table's rows must follow each other; jinja leaves an empty line where a loop ends one
    return tidy(re.sub(r"\|\n\n(?=\|)", "|\n", text))
