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
        for one in inputs["load"]["requirements"]
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
    found.append(DecisionFact(event=event, what="Calibration", why=selection["calibration"]["reason"]))
    if selection["threshold"] is not None:
        found.append(DecisionFact(event=event, what="Decision threshold", why=selection["threshold"]["reason"]))
    search = inputs["search"]
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
    trials = len(inputs["search"]["trials"])
    return (
        BudgetFact(
            event=last.seq,
            name="seconds",
            spent=round(evidence.seconds(last), 1),
            limit=limits.get("time_seconds"),
            unit="s",
        ),
        BudgetFact(event=evidence.of("train"), name="trials", spent=trials, limit=limits.get("trials")),
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
    """Return the success checklist of P1, each line with what shows it."""
    met = [one.met is True for one in asked] + [one.passed is True for one in passed]
    load, drift, parity = inputs["load"], inputs["drift"], inputs["parity"]
    rows = inputs["evaluation"]["rows"]
    found, leaks = _leaks(inputs)
    battery = f"leaks found: {found}, left in: {leaks}" if found else "leak battery clean"
    quiet = "did not" if drift["fresh"] == "ok" else "did"
    same = f"ONNX equals the native model on {parity['rows']:,} rows within {parity['max_abs_difference']:.1e}"
    booted = (
        f"the service booted in a clean process and answered {load['requests']:,} requests, {load['errors']} errors"
    )
    shown = f"a shift of '{drift['column']}' raised an alarm, a fresh sample {quiet}"
    pickled = [path.name for path in Path(inputs["model"]).rglob("*") if path.suffix in _PICKLES]
    secure = "no pickle is read or written; requests are validated; the container runs without root"
    lines = (
        ("requirements met", all(met), f"{sum(met)} of {len(met)} requirements and gates", "evaluate"),
        ("evaluated", not leaks, f"sealed test of {rows:,} rows, opened once; {battery}", "evaluate"),
        ("tested", parity["passed"], f"{same}; tests of the service are in service/tests", "export"),
        ("deployable", load["errors"] == 0, booted, "load"),
        ("monitored", drift["passed"], shown, "watch"),
        ("documented", True, "summary, report, model card, data card, executed notebook", "watch"),
        ("secure", not pickled, secure, "load"),
        ("cost considered", True, f"0 USD; {load['rows_per_second']:,.0f} rows/s on one process", "load"),
    )
    return tuple(
        CheckFact(event=evidence.of(step), item=item, passed=bool(ok), evidence=text, file=_SHOWN_BY[item])
        for item, ok, text, step in lines
    )


def _leaks(inputs: Mapping[str, Any]) -> tuple[int, int]:
    """Return how many leaks were found, and how many of them the model may still look at."""
    dropped = {one["name"] for one in inputs["schema"]["columns"] if one["role"] == "ignored"}
    found = [set(one["columns"]) for one in inputs["leaks"] if one["severity"] == "error"]
    return len(found), sum(not columns or not columns <= dropped for columns in found)


def _results(inputs: Mapping[str, Any]) -> dict[str, str]:
    """Return one line on what came out of each step."""
    search, selection, split = inputs["search"], inputs["selection"], inputs["split"]
    leaks = [one for one in inputs["leaks"] if one["severity"] != "info"]
    metric = inputs["understanding"]["metric"]
    test = inputs["evaluation"]["metrics"][metric]["value"]
    return {
        "read": f"{inputs['reading']['rows']:,} rows, {inputs['understanding']['features']} features",
        "profile": f"{len(inputs['quality'])} findings",
        "split": f"{split['training_rows']:,} + {split['test_rows']:,} rows, {split['strategy']}, sealed",
        "leaks": f"{len(leaks)} findings" if leaks else "nothing found",
        "train": f"{len(search['trials'])} trials of {len({one['family'] for one in search['trials']})} families",
        "select": f"{selection['chosen']} of {len(selection['candidates'])} candidates",
        "export": f"ONNX, {len(inputs['onnx']) / 1000:,.0f} kB",
        "load": f"p95 {inputs['load']['latency_p95_ms']:.2f} ms",
        "evaluate": f"{metric} {test:.4g}" if test is not None else "",
        "explain": f"{inputs['explanation']['rows']} rows explained" if "explanation" in inputs else "",
        "watch": "drift alarm works" if inputs["drift"]["passed"] else "drift alarm failed its test",
    }
