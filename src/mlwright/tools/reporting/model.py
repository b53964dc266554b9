"""Facts of the search and of the chosen model."""

from collections.abc import Mapping
from typing import Any

from mlwright.explain.explanation import Explanation
from mlwright.report.blocks import Estimate
from mlwright.report.model_facts import (
    CandidateFact,
    ColumnImportance,
    ExplanationFact,
    MemberFact,
    ModelFacts,
    NoiseFloorFact,
    PermutationFact,
    ThresholdFact,
)
from mlwright.tools.reporting.evidence import Evidence


def model_facts(inputs: Mapping[str, Any], evidence: Evidence) -> ModelFacts:
    """Return what is delivered."""
    signature, selection = inputs["signature"], inputs["selection"]
    return ModelFacts(
        event=evidence.of("select"),
        name=signature["name"],
        version=signature["version"],
        task=signature["task"],
        members=tuple(
            MemberFact(
                family=one["family"], weight=one["weight"], estimators=one["estimators"], params=_shown(one["params"])
            )
            for one in selection["members"]
        ),
        inputs=len(signature["inputs"]),
        classes=tuple(signature["classes"]),
        positive=signature["positive"],
        threshold=signature["threshold"],
        preparation=tuple(selection["preparation"]),
        calibration=selection["calibration"]["kind"].lower() if selection.get("calibration") else "",
        size_bytes=len(inputs["onnx"]),
    )


def candidates(inputs: Mapping[str, Any], evidence: Evidence) -> tuple[CandidateFact, ...]:
    """Return every candidate that was compared, then the trials that came to nothing, each with its reason."""
    selection, search = inputs["selection"], inputs.get("search")
    if search is None or "candidates" not in selection:
        return ()
    trials = {one["number"]: one for one in search["trials"]}
    chosen = next(one for one in selection["candidates"] if one["name"] == selection["chosen"])
    compared = tuple(_candidate(one, chosen, selection, trials, evidence) for one in selection["candidates"])
    seen = {one["numbers"][0] for one in selection["candidates"] if one["kind"] == "trial"}
    rest = tuple(
        CandidateFact(
            event=evidence.of("train"),
            name=f"{one['family']} #{one['number']}",
            family=one["family"],
            seconds=one["seconds"],
            status="failed" if one["status"] == "failed" else "rejected",
            why=one["reason"],
            params=_shown(one["params"]),
        )
        for one in search["trials"]
        if one["number"] not in seen
    )
    return compared + rest


def noise_floor(inputs: Mapping[str, Any], evidence: Evidence) -> NoiseFloorFact | None:
    """Return the noise floor, None when there was no time to measure it."""
    noise = inputs["selection"].get("noise")
    if noise is None:
        return None
    repeats = len(noise["seed_losses"]) + len(noise["fold_losses"]) - 2
    if not repeats:
        return None
    metric = inputs["understanding"]["metric"]
    return NoiseFloorFact(event=evidence.of("select"), metric=metric, value=noise["floor"], repeats=repeats)


def threshold(inputs: Mapping[str, Any], evidence: Evidence) -> ThresholdFact | None:
    """Return how the decision threshold was chosen, None where the most probable class is taken."""
    chosen = inputs["selection"].get("threshold")
    if chosen is None:
        return None
    return ThresholdFact(
        event=evidence.of("select"),
        threshold=chosen["threshold"],
        objective=chosen["reason"],
        value=chosen["value"],
        default_value=chosen["plain_value"],
    )


def permutation(inputs: Mapping[str, Any], evidence: Evidence) -> PermutationFact | None:
    """Return how much the score falls when a column is shuffled, None when there was no time for it."""
    importance = inputs.get("importance")
    if importance is None:
        return None
    return PermutationFact(
        event=evidence.of("explain"),
        metric=importance["metric"],
        columns=tuple(
            ColumnImportance(
                column=one["column"], importance=Estimate(value=one["drop"], low=one["low"], high=one["high"])
            )
            for one in importance["columns"]
        ),
    )


def explanation(inputs: Mapping[str, Any], evidence: Evidence) -> ExplanationFact | None:
    """Return the SHAP values as the explain room wrote them, None when there was no time for them."""
    if "explanation" not in inputs:
        return None
    found = Explanation.model_validate(inputs["explanation"])
    return ExplanationFact(event=evidence.of("explain"), explanation=found)


def _candidate(
    one: Mapping[str, Any],
    chosen: Mapping[str, Any],
    selection: Mapping[str, Any],
    trials: Mapping[int, Mapping[str, Any]],
    evidence: Evidence,
) -> CandidateFact:
    family = "ensemble" if one["kind"] == "ensemble" else trials[one["numbers"][0]]["family"]
    score = one["score"]
    return CandidateFact(
        event=evidence.of("select"),
        name=one["name"],
        family=family,
        score=Estimate(value=score["value"], low=score["low"], high=score["high"]),
        seconds=sum(trials[number]["seconds"] for number in one["numbers"]) if one["kind"] == "trial" else 0.0,
        latency_ms=one["latency_ms"],
        size_bytes=one["size_bytes"],
        status=_status(one, chosen, baseline=one["kind"] == "trial" and _is_baseline(trials[one["numbers"][0]])),
        why=_why(one, chosen, selection),
        params=_shown(trials[one["numbers"][0]]["params"]) if one["kind"] == "trial" else {},
    )


def _is_baseline(trial: Mapping[str, Any]) -> bool:
    """Whether a trial says so of itself; of a table it is the first trials of the simplest families."""
    return bool(trial.get("baseline", trial["family"] in ("dummy", "linear") and trial["number"] < 2))


def _status(one: Mapping[str, Any], chosen: Mapping[str, Any], *, baseline: bool) -> Any:
    if one["name"] == chosen["name"]:
        return "chosen"
    inside = one["kind"] == "trial" and one["numbers"][0] in chosen["numbers"] and len(chosen["numbers"]) > 1
    return "member" if inside else "baseline" if baseline else "rejected"


def _why(one: Mapping[str, Any], chosen: Mapping[str, Any], selection: Mapping[str, Any]) -> str:
    for decision in selection["decisions"]:
        if decision["candidate"] == one["name"]:
            return str(decision["reason"])
    if one["kind"] == "single":
        return "The fast end of the front: one estimator in place of a bag, its score borrowed from the bag."
    if one["name"] == chosen["name"]:
        return "Taken after the others: see the decisions."
    gap, floor = abs(one["score"]["value"] - chosen["score"]["value"]), selection["noise"]["floor"]
    apart = "beyond" if gap > floor else "within"
    return f"Differs by {gap:.3g} from what was chosen, {apart} the noise floor, and is no simpler."


def _shown(params: Mapping[str, Any]) -> dict[str, str]:
    return {key: f"{value:.4g}" if isinstance(value, float) else str(value) for key, value in params.items()}
