"""The verdict reads the facts and nothing else."""

import pytest

from mlwright.report.blocks import Estimate
from mlwright.report.verdict import verdict


def with_score(facts, low, value, high, wanted):
    score = facts.score("test").model_copy(update={"estimate": Estimate(value=value, low=low, high=high)})
    need = facts.requirements[0].model_copy(update={"wanted": wanted, "measured": value, "met": value >= wanted})
    return facts.model_copy(update={"scores": (score,), "requirements": (need,)})


@pytest.mark.parametrize(
    ("low", "value", "high", "wanted", "ending"),
    [
        (0.96, 0.98, 0.99, 0.95, "with the whole interval on the safe side."),
        (0.94, 0.98, 0.99, 0.95, "but the interval reaches past it."),
        (0.90, 0.94, 0.96, 0.95, "though it lies within the interval."),
        (0.80, 0.84, 0.86, 0.95, "and lies outside the interval."),
    ],
)
def test_the_sentence_says_how_the_interval_stands_to_what_was_wanted(facts, low, value, high, wanted, ending):
    assert verdict(with_score(facts, low, value, high, wanted)).sentence.endswith(ending)


def test_something_not_measured_is_open(facts):
    need = facts.requirements[1].model_copy(update={"met": None, "measured": None})
    found = verdict(facts.model_copy(update={"requirements": (need,)}))
    assert (found.state, found.title) == ("open", "Not measured: latency p95")


def test_a_failed_gate_is_missed_even_when_all_requirements_are_met(facts):
    gate = facts.gates[0].model_copy(update={"passed": False})
    assert verdict(facts.model_copy(update={"gates": (gate,)})).state == "missed"
