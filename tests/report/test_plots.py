"""The plots: well-formed XML, escaped, robust to odd numbers."""

import math
from xml.etree import ElementTree as ET

import pytest

from mlwright.explain.explanation import Dependence
from mlwright.report.blocks import Count, Estimate, Histogram, Series
from mlwright.report.model_facts import CandidateFact
from mlwright.report.plots import bars, curves, points
from mlwright.report.plots.svg import log_ticks, nice_ticks, spread
from mlwright.report.result_facts import CurvesFact, ResidualFact

EVIL = '<b>&"x'


def dots(svg: str) -> int:
    return sum(part.tag.endswith("circle") for part in ET.fromstring(svg).iter())  # noqa: S314


def test_a_column_with_categories_and_missing_cells_is_drawn_cell_by_cell():
    fact = Dependence(column=EVIL, output=EVIL, values=("a", None, EVIL, "a"), shap=(0.1, -0.2, 0.3, 0.2))
    assert dots(points.dependence(fact)) == 4


def test_a_constant_column_is_drawn():
    assert dots(points.dependence(Dependence(column="x", output="y", values=(1.0, 1.0), shap=(0.0, 0.0)))) == 2


def test_candidates_without_latency_are_left_to_the_table():
    one = CandidateFact(name=EVIL, family="f", score=Estimate(value=0.9, low=0.8, high=0.95), latency_ms=2, event=1)
    none = CandidateFact(name="x", family="f", score=Estimate(value=0.9), event=1)
    assert dots(points.candidates([one, none], "roc_auc")) == 1
    assert points.candidates([none], "roc_auc") == ""


def test_regression_plots_and_histograms_are_well_formed():
    fact = ResidualFact(predicted=(1.0, 2.0), actual=(1.5, 1.0), event=1)
    assert dots(points.predicted_actual(fact)) == 2
    shape = Histogram(edges=(0.0, 1.0, 2.0), counts=(0, 0))
    ET.fromstring(bars.histogram(shape, EVIL, EVIL, [(5.0, EVIL)]))  # noqa: S314
    ET.fromstring(bars.small(None, [Count(name=EVIL, count=2)], EVIL))  # noqa: S314


def test_several_classes_have_a_legend():
    lines = tuple(Series(name=f"class {i}", x=(0.0, 1.0), y=(0.0, 1.0)) for i in range(3))
    drawn = curves.roc(CurvesFact(roc=lines, event=1))
    assert all(line.name in drawn for line in lines)


@pytest.mark.parametrize(("low", "high"), [(0, 1), (-3.2, 7.7), (0.9911, 0.9954), (1e-9, 2e-9), (0, 123456)])
def test_ticks_are_round_inside_and_neither_few_nor_many(low, high):
    ticks = nice_ticks(low, high)
    assert 3 <= len(ticks) <= 8
    assert low - 1e-9 <= ticks[0] < ticks[-1] <= high + 1e-9


def test_log_ticks_cover_decades():
    assert log_ticks(0.5, 200) == [1.0, 10.0, 100.0]


def test_a_range_ignores_what_is_not_finite():
    assert spread([1.0, math.nan, math.inf, 3.0], 0.5) == (0.0, 4.0)
    assert spread([]) == (0.0, 1.0)
