import math

import pytest
from bench.demo import left_out, step_seconds
from bench.document import Section, document, row_text, section, sections_of
from bench.figures import Part, Reference, Row, Target, figure_text, median, per_second
from bench.service import quantile


def test_a_ratio_is_the_figure_by_its_reference() -> None:
    assert Row("import", 0.12, "s", Reference("bare", 0.03)).ratio == pytest.approx(4.0)


@pytest.mark.parametrize("reference", [None, Reference("nothing", 0.0)])
def test_without_a_reference_there_is_no_ratio(reference: Reference | None) -> None:
    assert Row("import", 0.12, "s", reference).ratio is None


def test_a_target_is_met_at_its_limit() -> None:
    assert Target(0.4).is_met(0.4)
    assert not Target(0.4).is_met(0.41)


def test_one_slow_run_does_not_move_the_median() -> None:
    assert median([1.0, 100.0, 2.0]) == 2.0
    assert median([1.0, 2.0, 3.0, 100.0]) == 2.5


def test_a_rate_in_no_time_is_infinite() -> None:
    assert per_second(100, 4) == 25
    assert per_second(1, 0) == math.inf


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.012345, "0.0123"), (1.5, "1.5"), (9.999, "10"), (42, "42"), (123456.7, "123,457"), (0, "0"), (2e-8, "2e-08")],
)
def test_figures_have_three_digits(value: float, text: str) -> None:
    assert figure_text(value) == text


def test_quantiles_are_values_that_were_seen() -> None:
    ordered = tuple(float(value) for value in range(1, 101))
    assert [quantile(ordered, share) for share in (0.0, 0.5, 0.95, 1.0)] == [1.0, 50.0, 95.0, 100.0]


def test_rounds_of_a_step_add_up_and_steps_that_failed_do_not_count() -> None:
    events = [
        {"kind": "step.done", "step": "train", "data": {"seconds": 40.0}},
        {"kind": "step.done", "step": "load", "data": {"seconds": 3.0}},
        {"kind": "step.failed", "step": "load-2", "data": {"seconds": 9.0}},
        {"kind": "step.done", "step": "load-2", "data": {"seconds": 4.0}},
    ]
    assert step_seconds(events) == {"train": 40.0, "load": 7.0}


def test_steps_that_were_planned_and_never_done_are_named() -> None:
    events = [
        {"kind": "plan", "step": None, "data": {"steps": [{"name": "train"}, {"name": "load"}, {"name": "explain"}]}},
        {"kind": "step.done", "step": "train", "data": {"seconds": 40.0}},
        {"kind": "step.failed", "step": "explain", "data": {"seconds": 5.0}},
        {"kind": "step.done", "step": "load-2", "data": {"seconds": 4.0}},
    ]
    assert left_out(events) == ("explain",)


def test_a_row_says_whether_its_target_is_met() -> None:
    row = Row("help", 0.5, "s", Reference("bare", 0.25), Target(0.4))
    assert row_text(row) == "| help | 0.5 s | bare: 0.25 s | 2 | at most 0.4: **missed** |"
    assert row_text(Row("files", 12, "MB")) == "| files | 12 MB |  |  |  |"


def _section(figure: float) -> Section:
    return section("startup", "Start", Part((Row("import", figure, "s"),), ("A note.",)), 0.5)


def test_a_document_gives_its_sections_back_on_the_same_machine() -> None:
    machine = {"processor": "A", "cores": "2"}
    text = document(machine, [_section(1.0), Section("service", "## Service\n")])
    assert sections_of(text, machine, ["startup"]) == {"startup": _section(1.0)}
    assert document(machine, list(sections_of(text, machine, ["startup", "service"]).values())) == text


def test_sections_of_another_machine_are_not_kept() -> None:
    text = document({"processor": "A"}, [_section(1.0)])
    assert sections_of(text, {"processor": "B"}, ["startup"]) == {}
