"""SUMMARY.md and model_card.md: the sections, the evidence, no injection."""

import re

import pytest

from mlwright.report.model_card import render_model_card
from mlwright.report.summary import SECTIONS, render_summary
from mlwright.report.templating import markdown_text
from mlwright.report.work_facts import CHECKLIST


def headings(text: str) -> tuple[str, ...]:
    return tuple(line[3:] for line in text.splitlines() if line.startswith("## "))


def test_it_has_exactly_the_sections_in_their_order(facts):
    assert headings(render_summary(facts)) == SECTIONS


def test_every_line_of_the_checklist_has_its_evidence(facts):
    table = render_summary(facts).split("## Success checklist")[1]
    for item in CHECKLIST:
        line = next(line for line in table.splitlines() if line.startswith(f"| {item} |"))
        assert re.search(r"\| yes \| .+<sup>\[e\d+\]\(report\.html#e\d+\)</sup>", line)


def test_a_line_without_evidence_is_not_judged(facts):
    text = render_summary(facts.model_copy(update={"checklist": facts.checklist[1:]}))
    assert "| requirements met | not judged | no evidence was recorded |" in text


def test_what_was_rejected_and_why_and_what_it_cost_is_said(facts):
    text = render_summary(facts)
    assert "rejected: not beyond the noise floor" in text
    assert "Rejected: An ensemble of four families" in text
    assert "money $0.00 of $0.00" in text
    assert "Watch: Recall of malignant samples" in text


def test_tables_have_as_many_cells_in_every_row(facts):
    for text in (render_summary(facts), render_model_card(facts)):
        for table in re.findall(r"(?:^\|.*\n)+", text, re.M):
            cells = {len(re.findall(r"(?<!\\)\|", line)) for line in table.splitlines()}
            assert len(cells) == 1, table


def test_names_of_users_cannot_break_out(facts):
    evil = facts.model_copy(update={"objective": "a | b\n## Fake\n<script>x</script> [c](javascript:x)"})
    for text in (render_summary(evil), render_model_card(evil)):
        assert "<script>" not in text
        assert "Fake" not in headings(text)
        assert "\\[c\\](javascript:x)" in text  # escaped brackets make no link


@pytest.mark.parametrize(("text", "escaped"), [("snake_case", "snake_case"), ("_it_", "\\_it\\_"), ("a`b", "a\\`b")])
def test_markdown_is_escaped_where_it_means_something(text, escaped):
    assert markdown_text(text) == escaped


def test_the_card_has_the_sections_of_model_cards(facts):
    assert headings(render_model_card(facts)) == (
        "Model details",
        "Intended use",
        "Factors",
        "Metrics",
        "Training and evaluation data",
        "Ethical considerations",
        "Caveats and recommendations",
    )


def test_the_card_says_when_fairness_was_not_measured(facts):
    assert "named no sensitive attributes" in render_model_card(facts.model_copy(update={"fairness": ()}))
