"""Facts of the work itself: what was asked, assumed, done, decided and spent, and whether it reached what was asked."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from mlwright.report.work_facts import (
    AssumptionFact,
    BudgetFact,
    CheckFact,
    DecisionFact,
    EnvironmentFacts,
    GateFact,
    RequirementFact,
    StepFact,
)
from mlwright.tools.reporting.evidence import Evidence

_PICKLES = (".pkl", ".pickle", ".joblib", ".pt")
_SHOWN_BY = MappingProxyType(
    {
        "requirements met": "evaluation/scores.json",
        "evaluated": "evaluation/scores.json",
        "tested": "service/tests/test_service.py",
        "deployable": "service/app.py",
        "monitored": "monitoring/monitor.toml",
        "documented": "model_card.md",
        "secure": "service/Dockerfile",
        "cost considered": "evaluation/load_test.json",
    }
)


def requirements(inputs: Mapping[str, Any], evidence: Evidence) -> tuple[RequirementFact, ...]:
    """Return each requirement of the brief with its measurement."""
    rows = inputs["evaluation"]["rows"]
    quality = tuple(
        RequirementFact(
            event=evidence.of("evaluate"),
            name=one["name"],
            op=one["op"],
            wanted=one["wanted"],
            measured=one["value"],
            low=one["low"],
            high=one["high"],
            met=one["met"],
            where=f"sealed test, {rows:,} rows",
        )
        for one in inputs["judgement"]["requirements"]
    )
    service = tuple(
        RequirementFact(
            event=evidence.of("load"),
            name=one["name"],
            op=one["op"],
            wanted=one["wanted"],
            measured=one["measured"],
            unit=one["unit"],
            met=one["met"],
            where=one["where"],
        )
        for one in inputs.get("load", {}).get("requirements", ())
    )
    return quality + service


def gates(inputs: Mapping[str, Any], evidence: Evidence) -> tuple[GateFact, ...]:
    """Return each gate of the brief with its measurement."""
    event = evidence.of("evaluate")
    return tuple(GateFact(event=event, **one) for one in inputs["judgement"]["gates"])


def assumptions(inputs: Mapping[str, Any], evidence: Evidence) -> tuple[AssumptionFact, ...]:
    """Return what the brief left open."""
    event = evidence.of("read")
    found = inputs["understanding"]["assumptions"]
    return tuple(
        AssumptionFact(event=event, field=one["field"], value=str(one["value"]), why=one["why"]) for one in found
    )


def steps(inputs: Mapping[str, Any], evidence: Evidence) -> tuple[StepFact, ...]:
    """Return the steps that were done, in order, each once."""
    found = [event for event in evidence.events if event.kind == "step.done"]
    results = _results(inputs)
    return tuple(
        StepFact(
            event=event.seq,
            name=event.step or "",
            tool=event.data["tool"],
            start=round(evidence.seconds(event) - event.data["seconds"], 3),
            seconds=round(event.data["seconds"], 3),
            result=results.get(event.step or "", ""),
        )
        for event in found
    )


def decisions(inputs: Mapping[str, Any], evidence: Evidence) -> tuple[DecisionFact, ...]:
    """Return the choices between alternatives, each with its reason."""
    selection = inputs["selection"]
    event = evidence.of("select")
    found = [
        DecisionFact(event=one.seq, what=(one.step or "").capitalize(), why=str(one.data["text"]))
        for one in evidence.of_kind("decision")
    ]
    for key, what in (("calibration", "Calibration"), ("threshold", "Decision threshold")):
        if selection.get(key) is not None:
            found.append(DecisionFact(event=event, what=what, why=selection[key]["reason"]))
    search = inputs.get("search")
    if search is None:
        return tuple(found)
    found.append(
        DecisionFact(
            event=evidence.of("train"),
            what="End of the search",
            why=f"{len(search['trials'])} trials; {search['stopped']}",
        )
    )
    return tuple(found)


def budget(inputs: Mapping[str, Any], evidence: Evidence, limits: Mapping[str, Any]) -> tuple[BudgetFact, ...]:
    """Return what was spent up to the report."""
    last = evidence.events[-1]
    search = inputs.get("search")
    tried = ((len(search["trials"]), evidence.of("train")),) if search else ()
    return (
        BudgetFact(
            event=last.seq,
            name="seconds",
            spent=round(evidence.seconds(last), 1),
            limit=limits.get("time_seconds"),
            unit="s",
        ),
        *(BudgetFact(event=event, name="trials", spent=trials, limit=limits.get("trials")) for trials, event in tried),
        BudgetFact(event=last.seq, name="usd", spent=0.0, limit=limits.get("usd"), unit="USD"),
    )


def environment(inputs: Mapping[str, Any], evidence: Evidence, seed: int) -> EnvironmentFacts:
    """Return what it takes to do it again."""
    opened = evidence.events[0]
    machine = opened.data["environment"]
    return EnvironmentFacts(
        event=opened.seq,
        python=machine["python"],
        platform=f"{machine['system']} {machine['machine']}",
        cpus=machine["cpus"],
        memory_bytes=machine["memory_bytes"],
        mlwright=opened.data["mlwright"],
        packages=machine["packages"],
        seeds={"brief": seed},
        hashes={"data": inputs["reading"]["sha256"], "test labels": inputs["split"]["sealed_sha256"]},
    )


def checklist(
    inputs: Mapping[str, Any], evidence: Evidence, asked: tuple[RequirementFact, ...], passed: tuple[GateFact, ...]
) -> tuple[CheckFact, ...]:
    """Return the success checklist of P1, each line with what shows it; a line that nothing shows is left out."""
    met = [one.met is True for one in asked] + [one.passed is True for one in passed]
    pickled = [path.name for path in Path(inputs["model"]).rglob("*") if path.suffix in _PICKLES]
    secure = "no pickle is read or written; requests are validated; the container runs without root"
    lines = (
        ("requirements met", all(met), f"{sum(met)} of {len(met)} requirements and gates", "evaluate"),
        *_evaluated(inputs),
        *_tested(inputs),
        *_deployable(inputs),
        *_monitored(inputs),
        ("documented", True, _documents(inputs), "watch" if "drift" in inputs else "evaluate"),
        ("secure", not pickled, secure, "load" if "load" in inputs else "evaluate"),
    )
    return tuple(
        CheckFact(event=evidence.of(step), item=item, passed=bool(ok), evidence=text, file=_SHOWN_BY[item])
        for item, ok, text, step in lines
    )


_Line = tuple[str, bool, str, str]  # item, whether it holds, what shows it, the step that did


def _evaluated(inputs: Mapping[str, Any]) -> tuple[_Line, ...]:
    shown = f"sealed test of {inputs['evaluation']['rows']:,} rows, opened once"
    if "leaks" not in inputs:
        return (("evaluated", True, shown, "evaluate"),)
    found, leaks = _leaks(inputs)
    battery = f"leaks found: {found}, left in: {leaks}" if found else "leak battery clean"
    return (("evaluated", not leaks, f"{shown}; {battery}", "evaluate"),)


def _tested(inputs: Mapping[str, Any]) -> tuple[_Line, ...]:
    parity = inputs.get("parity")
    if parity is None:
        return ()
    same = f"ONNX equals the native model on {parity['rows']:,} rows within {parity['max_abs_difference']:.1e}"
    return (("tested", parity["passed"], f"{same}; tests of the service are in service/tests", "export"),)


def _deployable(inputs: Mapping[str, Any]) -> tuple[_Line, ...]:
    load = inputs.get("load")
    if load is None:
        return ()
    booted = (
        f"the service booted in a clean process and answered {load['requests']:,} requests, {load['errors']} errors"
    )
    cost = f"0 USD; {load['rows_per_second']:,.0f} rows/s on one process"
    return (("deployable", load["errors"] == 0, booted, "load"), ("cost considered", True, cost, "load"))


def _monitored(inputs: Mapping[str, Any]) -> tuple[_Line, ...]:
    drift = inputs.get("drift")
    if drift is None:
        return ()
    quiet = "did not" if drift["fresh"] == "ok" else "did"
    shown = f"a shift of '{drift['column']}' raised an alarm, a fresh sample {quiet}"
    return (("monitored", drift["passed"], shown, "watch"),)


def _documents(inputs: Mapping[str, Any]) -> str:
    return f"summary, report, model card, {'data card, ' if 'profile' in inputs else ''}executed notebook"


def _leaks(inputs: Mapping[str, Any]) -> tuple[int, int]:
    """Return how many leaks were found, and how many of them the model may still look at."""
    dropped = {one["name"] for one in inputs["schema"]["columns"] if one["role"] == "ignored"}
    found = [set(one["columns"]) for one in inputs["leaks"] if one["severity"] == "error"]
    return len(found), sum(not columns or not columns <= dropped for columns in found)


def _results(inputs: Mapping[str, Any]) -> dict[str, str]:
    """Return one line on what came out of each step."""
    selection, split = inputs["selection"], inputs["split"]
    metric = inputs["understanding"]["metric"]
    test = inputs["evaluation"]["metrics"][metric]["value"]
    found = {
        "read": f"{inputs['reading']['rows']:,} rows, {inputs['understanding']['features']} features",
        "split": f"{split['training_rows']:,} + {split['test_rows']:,} rows, {split['strategy']}, sealed",
        "select": f"{selection['chosen']} of {len(selection['candidates'])} candidates"
        if selection.get("candidates")
        else "",
        "export": f"ONNX, {len(inputs['onnx']) / 1000:,.0f} kB",
        "evaluate": f"{metric} {test:.4g}" if test is not None else "",
        "explain": f"{inputs['explanation']['rows']} rows explained" if "explanation" in inputs else "",
    }
    return found | _further_results(inputs)


def _further_results(inputs: Mapping[str, Any]) -> dict[str, str]:
    """Return the lines of steps that not every kind of problem has."""
    found: dict[str, str] = {}
    if "quality" in inputs:
        found["profile"] = f"{len(inputs['quality'])} findings"
    if "leaks" in inputs:
        leaks = [one for one in inputs["leaks"] if one["severity"] != "info"]
        found["leaks"] = f"{len(leaks)} findings" if leaks else "nothing found"
    if "search" in inputs:
        trials = inputs["search"]["trials"]
        found["train"] = f"{len(trials)} trials of {len({one['family'] for one in trials})} families"
    if "load" in inputs:
        found["load"] = f"p95 {inputs['load']['latency_p95_ms']:.2f} ms"
    if "drift" in inputs:
        found["watch"] = "drift alarm works" if inputs["drift"]["passed"] else "drift alarm failed its test"
    return found
