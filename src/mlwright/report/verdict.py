"""The headline of every document: is it ready, and how sure is that."""

from dataclasses import dataclass
from typing import Literal

from mlwright.report import wording
from mlwright.report.facts import ReportFacts
from mlwright.report.result_facts import ScoreFact
from mlwright.report.work_facts import RequirementFact


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a reader should know first.

    Attributes:
        state: "ready", "missed" (a requirement or a gate was measured and missed) or "open" (something not measured).
        title: A few words.
        sentence: The headline score, its interval, and how it stands to what was wanted.
        score: The score the sentence speaks of, the test's where there is one.
        requirement: What the brief wanted of it.
    """

    state: Literal["ready", "missed", "open"]
    title: str
    sentence: str
    score: ScoreFact | None
    requirement: RequirementFact | None


def verdict(facts: ReportFacts) -> Verdict:
    """Judge the facts; nothing here is measured, only read."""
    score = facts.score("test") or facts.score("selection")
    wanted = next((r for r in facts.requirements if score is not None and r.name == score.metric), None)
    state, title = _state(facts)
    return Verdict(state, title, _sentence(score, wanted), score, wanted)


def _state(facts: ReportFacts) -> tuple[Literal["ready", "missed", "open"], str]:
    missed = facts.unmet()
    if missed:
        return "missed", f"Not met: {', '.join(wording.words(name) for name in missed)}"
    unknown = [r.name for r in facts.requirements if r.met is None]
    unknown += [gate.name for gate in facts.gates if gate.passed is None]
    if unknown:
        return "open", f"Not measured: {', '.join(wording.words(name) for name in unknown)}"
    if not facts.requirements and not facts.gates:
        return "ready", "Delivered; the brief set no thresholds"
    return "ready", "Ready: every requirement is met"


def _sentence(score: ScoreFact | None, wanted: RequirementFact | None) -> str:
    if score is None:
        return "No score was measured."
    low, high = score.estimate.low, score.estimate.high
    text = f"{wording.words(score.metric)} {wording.score(score.estimate.value)} on {score.basis} ({score.rows:,} rows)"
    if low is None or high is None:
        return _against(text, wanted) + "."
    text += f", 95 % interval {wording.score(low)} to {wording.score(high)}"
    if wanted is None:
        return text + "."
    edge = low if wanted.op == ">=" else high
    safe = edge >= wanted.wanted if wanted.op == ">=" else edge <= wanted.wanted
    text = _against(text, wanted)
    if wanted.met:
        return text + (", with the whole interval on the safe side." if safe else ", but the interval reaches past it.")
    best = high if wanted.op == ">=" else low
    near = best >= wanted.wanted if wanted.op == ">=" else best <= wanted.wanted
    return text + (", though it lies within the interval." if near else ", and lies outside the interval.")


def _against(text: str, wanted: RequirementFact | None) -> str:
    if wanted is None:
        return text
    sign = "at least" if wanted.op == ">=" else "at most"
    limit = f"{sign} {wording.number(wanted.wanted)}"
    return f"{text}; {limit} was wanted" + (" and is met" if wanted.met else " and is missed")
