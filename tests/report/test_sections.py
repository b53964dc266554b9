"""Sections of one kind of problem show in every document."""

from mlwright.report.html import render_html
from mlwright.report.model_card import render_model_card
from mlwright.report.plots.lines import lines
from mlwright.report.sections import LineFact, SectionFact, TableFact, section_facts
from mlwright.report.summary import render_summary

SECTION = SectionFact(
    title="Backtest",
    paragraphs=("Twelve steps ahead.",),
    table=TableFact(header=("model", "MASE"), rows=(("naive", "1.20"), ("ours <b>", "0.80"))),
    lines=(
        LineFact(name="history", x=(0, 1, 2, 3), y=(1, 2, None, 4)),
        LineFact(name="forecast", x=(4, 5), y=(5, 6), low=(4, 5), high=(6, 7)),
    ),
    x_label="step",
)


def test_summary_and_card_show_words_and_table(facts):
    found = facts.model_copy(update={"sections": (SECTION,)})
    for text in (render_summary(found), render_model_card(found)):
        assert "### Backtest\n\nTwelve steps ahead.\n\n| model | MASE |\n|---|---|\n| naive | 1.20 |\n" in text
        assert "\n| ours &lt;b&gt; | 0.80 |\n" in text


def test_a_long_table_is_cut_in_the_summary_and_whole_in_the_page(facts):
    rows = tuple((f"m{i}", "1") for i in range(30))
    found = facts.model_copy(
        update={"sections": (SectionFact(title="T", table=TableFact(header=("a", "b"), rows=rows)),)}
    )
    assert "18 more rows in" in render_summary(found)
    assert "m29" in render_html(found)


def test_the_page_draws_lines_with_bands_and_escapes(facts):
    page = render_html(facts.model_copy(update={"sections": (SECTION,)}))
    assert 'aria-label="Backtest"' in page
    assert "ours &lt;b&gt;" in page
    assert 'class="band b1"' in page


def test_a_gap_breaks_the_line():
    drawn = lines(SECTION)
    assert drawn.count('class="line s0" d=') == 2
    assert lines(SectionFact(title="none")) == ""


def test_artifacts_without_sections_are_skipped():
    assert section_facts(None, {}, {"sections": [SECTION.model_dump(mode="json")]}) == (SECTION,)


def test_documents_without_sections_stay_as_they_were(facts):
    assert "closer look" not in render_html(facts)
