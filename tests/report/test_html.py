"""report.html: one file, nothing elsewhere, harmless, every number with its event."""

import re
from html.parser import HTMLParser

import pytest

from mlwright.report.blocks import Count
from mlwright.report.data_facts import ColumnFact, DataFacts, SplitFacts
from mlwright.report.facts import ReportFacts
from mlwright.report.html import render_html
from mlwright.report.model_facts import MemberFact, ModelFacts
from mlwright.report.work_facts import EnvironmentFacts

EVIL = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
VOID = {"meta", "link", "br", "img", "hr", "input", "line", "rect", "circle", "path"}


class Page(HTMLParser):
    """Collects tags, ids and links, and checks that tags are closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags, self.ids, self.links, self.open = [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.ids += [value for name, value in attrs if name == "id"]
        self.links += [value for name, value in attrs if name in ("href", "src", "action", "data")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open.pop() == tag


@pytest.fixture(scope="module")
def page(facts) -> str:
    return render_html(facts)


def smallest() -> ReportFacts:
    return ReportFacts(
        name="x",
        objective="y",
        data=DataFacts(source="a.csv", rows=3, target="t", columns=(ColumnFact(name="a", type="number"),), event=1),
        split=SplitFacts(strategy="random", train_rows=2, test_rows=1, event=2),
        model=ModelFacts(
            name="x", version="1", task="regression", members=(MemberFact(family="dummy", weight=1),), inputs=1, event=3
        ),
        scores=(),
        environment=EnvironmentFacts(python="3.11", platform="Linux", cpus=1, event=1),
    )


def test_it_needs_no_other_file_and_no_network(page):
    assert not re.findall(r"(?:https?:)?//[a-z]", page.replace("sample://b", "sample:"))
    assert not re.search(r"@import|url\(|<script|<link|<iframe", page)
    outside = [link for link in Page(page).links if not link.startswith("#")]
    assert outside  # files of the delivery itself
    assert not [link for link in outside if ":" in link or link.startswith("/")]


def test_its_tags_are_closed_in_order_and_its_ids_are_unique(page):
    parsed = Page(page)
    assert not parsed.open
    assert len(parsed.ids) == len(set(parsed.ids))


def test_every_event_mark_leads_to_the_appendix(page):
    parsed = Page(page)
    marks = {link[1:] for link in parsed.links if link.startswith("#e") and link[2:].isdigit()}
    assert len(marks) > 8
    assert marks <= set(parsed.ids)


def test_the_verdict_is_at_the_top_with_score_interval_and_requirement(page, facts):
    top = page.split("<nav")[0]
    estimate = facts.score("test").estimate
    assert "Ready: every requirement is met" in top
    assert f"{estimate.value:.3f}" in top
    assert f"{estimate.low:.3f} to {estimate.high:.3f}" in top
    assert "at least 0.970 was wanted" in top


@pytest.mark.parametrize(
    "title",
    [
        *("ROC", "Precision and recall", "Calibration", "Confusion", "Worst slices", "Hardest rows", "Candidates"),
        *("Load test", "Drift self-test", "Timeline", "Decisions", "Success checklist", "Fairness by hospital"),
    ],
)
def test_it_has_the_part(page, title):
    assert title in page


def test_plots_have_titles_for_those_who_cannot_see_them(page):
    drawings = [attrs for tag, attrs in Page(page).tags if tag == "svg"]
    assert len(drawings) > 40
    assert all(attrs.get("role") == "img" and attrs.get("aria-label") for attrs in drawings)


def test_light_dark_print_and_narrow_screens_are_styled(page):
    for query in ("prefers-color-scheme:dark", "@media print", "max-width:760px"):
        assert query in page


def test_names_and_values_of_users_are_harmless(facts):
    def poison(value):
        if isinstance(value, dict):
            return {k: poison(v) if k not in KEPT else v for k, v in value.items()}
        if isinstance(value, list):
            return [poison(item) for item in value]
        return EVIL if isinstance(value, str) else value

    KEPT = {"stage", "direction", "status", "severity", "task", "op", "why_", "method", "stopped", "unit", "item"}
    raw = facts.model_dump(mode="json")
    whys = [one["why"] for one in raw["explanation"]["explanation"]["local"]]
    poisoned = poison(raw)
    for one, why in zip(poisoned["explanation"]["explanation"]["local"], whys, strict=True):
        one["why"] = why
    page = render_html(ReportFacts.model_validate(poisoned))
    assert "<script" not in page
    assert "<img" not in page
    assert "&lt;script&gt;" in page
    for tag, attrs in Page(page).tags:
        assert tag not in ("script", "img"), attrs
        assert not [name for name in attrs if name.startswith("on")]


def test_a_link_to_a_file_cannot_run_code(facts):
    check = facts.checklist[0].model_copy(update={"file": "javascript:alert(1)"})
    page = render_html(facts.model_copy(update={"checklist": (check,)}))
    assert 'href="javascript:' not in page


def test_the_smallest_facts_make_a_page_too():
    page = render_html(smallest())
    assert "No score was measured" in page
    assert "nan" not in page.lower().replace("finance", "")


def test_the_same_facts_give_the_same_bytes(facts, page):
    assert render_html(facts) == page


def test_a_missed_requirement_is_the_headline(facts):
    missed = facts.requirements[0].model_copy(update={"met": False, "wanted": 0.999})
    page = render_html(facts.model_copy(update={"requirements": (missed, *facts.requirements[1:])}))
    assert "Not met: ROC AUC" in page
    assert "is missed" in page


def test_many_classes_and_columns_stay_readable(facts):
    columns = tuple(ColumnFact(name=f"c{i}", type="category", top=(Count(name="a", count=3),)) for i in range(90))
    page = render_html(facts.model_copy(update={"data": facts.data.model_copy(update={"columns": columns})}))
    assert "and 42 more columns" in page
