"""Puts the facts together."""

from collections.abc import Mapping
from typing import Any

from mlwright.report.facts import ReportFacts
from mlwright.report.sections import section_facts
from mlwright.report.work_facts import Advice
from mlwright.tools.reporting import data, model, operation, results, work
from mlwright.tools.reporting.evidence import Evidence
from mlwright.tools.reporting.shapes import shape_sections


def report_facts(brief: Mapping[str, Any], inputs: Mapping[str, Any], evidence: Evidence) -> ReportFacts:
    """Return the facts of a delivery.

    Args:
        brief: As the run took it.
        inputs: The artifacts of the run, by the names of the report tool's inputs.
        evidence: The run's journal.
    """
    asked, passed = work.requirements(inputs, evidence), work.gates(inputs, evidence)
    facts = ReportFacts(
        name=inputs["signature"]["name"],
        objective=brief["objective"],
        run=str(evidence.events[0].data["id"]),
        brief=_brief_text(brief, inputs),
        data=data.data_facts(inputs, evidence),
        split=data.split_facts(inputs, evidence),
        findings=data.findings(inputs, evidence),
        model=model.model_facts(inputs, evidence),
        candidates=model.candidates(inputs, evidence),
        noise_floor=model.noise_floor(inputs, evidence),
        threshold=model.threshold(inputs, evidence),
        permutation=model.permutation(inputs, evidence),
        explanation=model.explanation(inputs, evidence),
        scores=results.scores(inputs, evidence),
        metrics=results.metrics(inputs, evidence),
        confusion=results.confusion(inputs, evidence),
        curves=results.curves(inputs, evidence),
        calibration=results.calibration(inputs, evidence),
        residuals=results.residuals(inputs, evidence),
        slices=results.slices(inputs, evidence),
        hard_rows=results.hard_rows(inputs, evidence),
        learning_curve=results.learning_curve(inputs, evidence),
        fairness=results.fairness(inputs, evidence),
        load_test=operation.load_test(inputs, evidence),
        parity=operation.parity(inputs, evidence),
        drift=operation.drift(inputs, evidence),
        requirements=asked,
        gates=passed,
        checklist=work.checklist(inputs, evidence, asked, passed),
        assumptions=work.assumptions(inputs, evidence),
        steps=work.steps(inputs, evidence),
        decisions=work.decisions(inputs, evidence),
        budget=work.budget(inputs, evidence, brief["constraints"]),
        environment=work.environment(inputs, evidence, brief["seed"]),
        next_steps=_next_steps(inputs),
        watch=_watch(inputs),
        limits=_limits(inputs),
        sections=(
            *section_facts(inputs["evaluation"], inputs["selection"], inputs.get("search")),
            *shape_sections(inputs),
        ),
    )
    return facts.model_copy(update={"evidence": evidence.appendix(_named(facts.model_dump()))})


def _brief_text(brief: Mapping[str, Any], inputs: Mapping[str, Any]) -> str:
    from mlwright.brief.schema import Assumption, Brief
    from mlwright.brief.write import brief_yaml

    assumed = tuple(Assumption.model_validate(one) for one in inputs["understanding"]["assumptions"])
    return brief_yaml(Brief.model_validate(brief), assumed)


def _named(found: Any) -> set[int]:
    """Return every event that some block names."""
    if isinstance(found, Mapping):
        here = {found["event"]} if isinstance(found.get("event"), int) else set[int]()
        return here.union(*(_named(value) for value in found.values()))
    if isinstance(found, list | tuple):
        return set[int]().union(*(_named(value) for value in found))
    return set()


def _next_steps(inputs: Mapping[str, Any]) -> tuple[Advice, ...]:
    found: list[Advice] = []
    learning = inputs.get("learning")
    if learning and learning["points"] and learning["more_rows_help"]:
        found.append(Advice(what="Collect more rows", why="the learning curve still rises beyond its noise"))
    for one in inputs["evaluation"].get("slices", ())[:2]:
        where = " and ".join(part["text"] for part in one["conditions"])
        found.append(
            Advice(
                what=f"Look at the rows with {where}",
                why=f"the loss there is {one['loss']:.3g} against {one['rest']:.3g}",
            )
        )
    if inputs.get("search", {}).get("stopped", "").startswith("no trial fits"):
        found.append(Advice(what="Give the search more time", why="it ended because no further trial fitted into it"))
    if inputs["evaluation"].get("hardest"):
        found.append(Advice(what="Read the hardest rows", why="wrong labels and missing columns show there first"))
    return tuple(found)


def _watch(inputs: Mapping[str, Any]) -> tuple[str, ...]:
    importance = inputs.get("importance")
    top = [one["column"] for one in importance["columns"][:3] if one["drop"] > 0] if importance else []
    found = [f"Drift of {', '.join(top)}: the model leans on them most."] if top else []
    found.append("The share of each prediction: a change without a change of the inputs is a fault upstream.")
    return tuple(found)


def _limits(inputs: Mapping[str, Any]) -> tuple[str, ...]:
    split = inputs["split"]
    found = [
        f"It knows {split['training_rows']:,} rows of {', '.join(inputs['reading']['source'])}, no other population."
    ]
    if split["strategy"] != "time":
        found.append("The test was not drawn by time: nothing here shows how the model ages.")
    return tuple(found)
