"""From artifacts and a journal to the facts of the report: every number with the event that it came from."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mlwright.base.errors import RunError
from mlwright.report.facts import ReportFacts
from mlwright.run.types import Event
from mlwright.tools.reporting.assemble import report_facts
from mlwright.tools.reporting.evidence import Evidence

STEPS = ("read", "profile", "split", "leaks", "train", "select", "export", "load", "evaluate", "explain", "watch")


def event(seq: int, kind: str, step: str | None = None, **data: Any) -> Event:
    time = f"2024-01-01T00:00:{seq:02d}.000000+00:00"
    return Event(seq=seq, time=time, kind=kind, step=step, data=data, previous="", hash=f"h{seq}")


def done(seq: int, step: str, digest: str = "", kind: str = "step.done") -> Event:
    return event(seq, kind, step, digest=digest or step, outputs={"b": {}, "a": {}}, seconds=0.5, tool=step)


def opened(**more: Any) -> Event:
    machine = {"python": "3.11", "system": "Linux", "machine": "x86_64", "cpus": 2, "memory_bytes": 10, "packages": {}}
    return event(0, "run.opened", id="run-1", environment=machine, mlwright="1.0", **more)


def plan(seq: int, *steps: str) -> Event:
    return event(seq, "plan", steps=[{"name": step} for step in steps])


class TestEvidence:
    def test_a_step_is_shown_by_the_event_that_finished_it(self) -> None:
        found = Evidence([opened(), event(1, "step.start", "load"), done(2, "load"), done(3, "report")])
        assert found.of("load") == 2

    def test_the_last_round_of_a_step_counts(self) -> None:
        found = Evidence([opened(), done(1, "load"), done(2, "load-2"), done(3, "load-3"), done(4, "load-test")])
        assert found.of("load") == 3
        assert found.done("load").step == "load-3"

    def test_a_round_that_was_given_up_does_not_count(self) -> None:
        rounds = (plan(1, "select"), done(2, "select"), plan(3, "select", "select-2"), done(4, "select-2"))
        assert Evidence([opened(), *rounds]).of("select") == 4
        assert Evidence([opened(), *rounds, plan(5, "select")]).of("select") == 2

    def test_after_a_resume_the_first_event_counts_that_really_did_it(self) -> None:
        skipped = done(4, "load", "load", kind="step.skipped")
        assert Evidence([opened(), done(1, "load"), event(3, "run.resumed"), skipped]).of("load") == 1

    def test_a_step_that_was_done_anew_with_another_result_is_that_one(self) -> None:
        assert Evidence([opened(), done(1, "load", "old"), done(2, "load", "new")]).of("load") == 2

    def test_a_step_that_was_not_done_is_no_evidence(self) -> None:
        with pytest.raises(RunError, match="'train'"):
            Evidence([opened(), event(1, "step.start", "train")]).of("train")

    def test_of_events_told_twice_the_last_is_kept(self) -> None:
        found = Evidence(
            [
                opened(),
                event(1, "trial", "train", number=0),
                event(2, "trial", "train", number=1),
                event(3, "trial", "train", number=0),
                event(4, "decision", "select", text="this"),
            ]
        )
        assert [one.seq for one in found.of_kind("trial")] == [2, 3]
        assert [one.seq for one in found.of_kind("trial", "decision")] == [2, 3, 4]

    def test_the_appendix_holds_what_is_named_and_when_it_was(self) -> None:
        rows = Evidence([opened(objective="Tell"), done(7, "load"), done(9, "watch")]).appendix({0, 7})
        assert [(row.seq, row.step, row.seconds, row.hash) for row in rows] == [
            (0, "", 0.0, "h0"),
            (7, "load", 7.0, "h7"),
        ]
        assert [row.summary for row in rows] == ["Tell", "a, b"]


def estimate(value: float) -> dict[str, Any]:
    return {"value": value, "low": value - 0.1, "high": value + 0.05, "direction": "maximise"}


def column(name: str, role: str = "feature", **more: Any) -> dict[str, Any]:
    plain = {"minimum": None, "mean": None, "maximum": None, "levels": [], "histogram": None}
    return (
        {"name": name, "type": "number", "role": role, "missing_share": 0.0, "distinct": 2, "reason": ""} | plain | more
    )


def candidate(name: str, number: int, value: float, **more: Any) -> dict[str, Any]:
    costs = {"latency_ms": 1.0, "size_bytes": 10}
    return {"name": name, "kind": "trial", "numbers": [number], "score": estimate(value)} | costs | more


def trial(number: int, family: str, status: str = "complete", reason: str = "") -> dict[str, Any]:
    params = {"rate": 0.123456, "depth": 3}
    return {"number": number, "family": family, "status": status, "reason": reason, "seconds": 1.5, "params": params}


def selection() -> dict[str, Any]:
    return {
        "chosen": "linear #1",
        "candidates": [candidate("linear #1", 1, 0.9), candidate("dummy #0", 0, 0.5)],
        "decisions": [{"candidate": "dummy #0", "reason": "It is worse by 0.4."}],
        "noise": {"floor": 0.01, "seed_losses": [0.1, 0.2], "fold_losses": [0.1, 0.3]},
        "members": [{"family": "linear", "weight": 1.0, "estimators": 5, "params": {"C": 0.123456}}],
        "preparation": ["for linear: numbers imputed and standardised (1)"],
        "calibration": {"kind": "Platt", "reason": "It lowers the log loss."},
        "threshold": {"threshold": 0.4, "reason": "Highest accuracy.", "value": 0.9, "plain_value": 0.8},
        "search_score": estimate(0.92) | {"rows": 80},
        "selection_score": estimate(0.91) | {"rows": 80},
    }


def evaluation() -> dict[str, Any]:
    return {
        "rows": 20,
        "metrics": {"accuracy": estimate(0.85), "roc_auc": estimate(0.9), "mcc": estimate(0.5) | {"value": None}},
        "confusion": {"labels": ["no", "yes"], "counts": [[9, 1], [2, 8]]},
        "curves": {},
        "calibration": None,
        "residuals": None,
        "slices": [],
        "slice_loss": "Brier score",
        "hardest": [{"row": 3, "truth": 1, "predicted": 0, "loss": 0.9}],
        "fairness": [],
    }


def load_test() -> dict[str, Any]:
    times = {"latency_p50_ms": 1.0, "latency_p95_ms": 2.0, "latency_p99_ms": 3.0}
    line = {"name": "latency p95", "op": "<=", "wanted": 1.0, "measured": 2.0, "unit": "ms", "met": False, "where": "x"}
    return {"requests": 1000, "rows_per_second": 500.0, "errors": 0, "server": "s", "requirements": [line]} | times


def artifacts() -> dict[str, Any]:
    """What a small run leaves, without the steps that a delivery can do without."""
    levels = [{"level": "no", "rows": 50}, {"level": "yes", "rows": 50}]
    accuracy = {"name": "accuracy", "op": ">=", "wanted": 0.8, "value": 0.85, "low": 0.75, "high": 0.9, "met": True}
    gate = {"name": "recall", "condition": "recall >= 0.7", "measured": 0.8, "passed": True, "detail": ""}
    assumed = [{"field": "kind", "value": "classification", "why": "'y' has two values"}]
    return {
        "understanding": {
            "target": "y",
            "classes": ["no", "yes"],
            "metric": "accuracy",
            "features": 1,
            "assumptions": assumed,
        },
        "reading": {
            "source": ["a.csv"],
            "sha256": "d" * 64,
            "rows": 100,
            "problems": [{"what": "Cells", "count": 1200}],
        },
        "schema": {"columns": [column("x", reason="dropped"), column("y", "target")]},
        "profile": {"columns": [column("x"), column("y", "target", levels=levels)]},
        "quality": [],
        "leaks": [],
        "split": {
            "strategy": "stratified",
            "why": "w",
            "seed": 0,
            "training_rows": 80,
            "test_rows": 20,
            "sealed_sha256": "e" * 64,
        },
        "search": {
            "trials": [trial(0, "dummy"), trial(1, "linear"), trial(2, "lightgbm", "failed", "It broke.")],
            "direction": "maximise",
            "stopped": "no trial fits",
            "folds": 5,
        },
        "selection": selection(),
        "signature": {
            "name": "y",
            "version": "v1",
            "task": "binary",
            "inputs": [{}],
            "classes": ["no", "yes"],
            "positive": "yes",
            "threshold": 0.4,
        },
        "model": Path(__file__).parent,  # a folder without pickles
        "onnx": b"graph",
        "parity": {"rows": 20, "max_abs_difference": 1e-7, "gate": 1e-5, "label_flips": 0, "passed": True},
        "load": load_test(),
        "evaluation": evaluation(),
        "judgement": {"requirements": [accuracy], "gates": [gate]},
        "predictions": {"y": np.zeros(20)},
        "drift": {"column": "x", "fresh": "ok", "smallest_detected": 0.5, "unit": "sd", "passed": True},
    }


def journal() -> Evidence:
    events = [opened(), *(done(seq, step) for seq, step in enumerate(STEPS, start=1))]
    events.append(event(12, "vault", "evaluate", model="v1", text="opened"))
    events.append(event(13, "decision", "select", text="linear is simpler."))
    return Evidence(events)


def facts_of(**changed: Any) -> ReportFacts:
    brief = {
        "objective": "Tell yes from no",
        "data": {"source": "a.csv", "target": "y"},
        "constraints": {"trials": 3},
        "seed": 5,
    }
    return report_facts(brief, artifacts() | changed, journal())


@pytest.fixture(scope="module")
def facts() -> ReportFacts:
    return facts_of()


class TestFacts:
    def test_the_headline_is_seen_by_search_selection_and_test(self, facts: ReportFacts) -> None:
        shown = [(one.stage, one.estimate.value, one.rows, one.event) for one in facts.scores]
        assert shown == [("search", 0.92, 80, 6), ("selection", 0.91, 80, 6), ("test", 0.85, 20, 9)]
        assert {one.metric for one in facts.scores} == {"accuracy"}

    def test_a_measure_that_is_not_defined_is_not_shown(self, facts: ReportFacts) -> None:
        assert [one.metric for one in facts.metrics] == ["accuracy", "roc_auc"]

    def test_requirements_of_the_test_and_of_the_service_stand_side_by_side(self, facts: ReportFacts) -> None:
        shown = [(one.name, one.met, one.event) for one in facts.requirements]
        assert shown == [("accuracy", True, 9), ("latency p95", False, 8)]
        assert facts.unmet() == ("latency p95",)

    def test_the_checklist_says_what_was_reached(self, facts: ReportFacts) -> None:
        checks = {one.item: one for one in facts.checklist}
        assert checks["requirements met"].passed is False
        assert checks["requirements met"].evidence == "2 of 3 requirements and gates"
        assert checks["evaluated"].passed
        assert checks["deployable"].passed

    def test_candidates_stand_with_their_reasons_and_failures_too(self, facts: ReportFacts) -> None:
        shown = {one.name: (one.status, one.why) for one in facts.candidates}
        assert shown["linear #1"][0] == "chosen"
        assert shown["dummy #0"] == ("baseline", "It is worse by 0.4.")
        assert shown["lightgbm #2"] == ("failed", "It broke.")
        assert facts.candidates[0].params == {"rate": "0.1235", "depth": "3"}

    def test_the_model_is_named_by_its_signature(self, facts: ReportFacts) -> None:
        model = facts.model
        assert (model.name, model.version, model.positive, model.threshold) == ("y", "v1", "yes", 0.4)
        assert (model.size_bytes, model.calibration, model.members[0].params) == (5, "platt", {"C": "0.1235"})
        assert facts.noise_floor is not None
        assert (facts.noise_floor.value, facts.noise_floor.repeats) == (0.01, 2)

    def test_the_data_is_told_as_read(self, facts: ReportFacts) -> None:
        assert (facts.data.rows, facts.data.source, facts.data.problems) == (100, "a.csv", ("Cells: 1,200",))
        assert [(one.name, one.count) for one in facts.data.classes] == [("no", 50), ("yes", 50)]
        assert facts.data.columns[0].reason == "dropped", "the role after the leak battery, not as read"
        assert facts.split.opened == 1

    def test_the_work_is_told_with_seeds_hashes_and_costs(self, facts: ReportFacts) -> None:
        assert [one.name for one in facts.steps] == list(STEPS)
        assert facts.environment.seeds == {"brief": 5}
        assert facts.environment.hashes == {"data": "d" * 64, "test labels": "e" * 64}
        assert [(one.name, one.spent, one.limit) for one in facts.budget] == [
            ("seconds", 13.0, None),
            ("trials", 3.0, 3.0),
            ("usd", 0.0, None),
        ]
        assert [one.why for one in facts.decisions][:2] == ["linear is simpler.", "It lowers the log loss."]

    def test_what_was_assumed_is_written_into_the_brief(self, facts: ReportFacts) -> None:
        assert "kind: classification" in facts.brief
        assert facts.assumptions[0].value == "classification"

    def test_every_event_that_is_named_is_in_the_appendix(self, facts: ReportFacts) -> None:
        listed = {row.seq for row in facts.evidence}
        named = {one.event for one in (*facts.scores, *facts.steps, *facts.checklist, *facts.decisions, *facts.budget)}
        assert named <= listed
        assert all(row.hash == f"h{row.seq}" for row in facts.evidence)

    def test_steps_that_were_left_out_are_not_shown(self, facts: ReportFacts) -> None:
        assert facts.explanation is None
        assert facts.permutation is None
        assert facts.learning_curve is None
        assert facts.watch

    def test_the_same_run_gives_the_same_facts(self, facts: ReportFacts) -> None:
        assert facts_of() == facts


def test_a_learning_curve_that_rises_asks_for_rows() -> None:
    points = [
        {"rows": 10, "score": 0.5, "low": None, "high": None},
        {"rows": 20, "score": 0.9, "low": 0.8, "high": 1.0},
    ]
    learning = {"metric": "accuracy", "points": points, "more_rows_help": True}
    evidence = Evidence([*journal().events, done(20, "learning")])
    brief = {"objective": "o", "data": {"source": "a"}, "constraints": {}, "seed": 0}
    facts = report_facts(brief, artifacts() | {"learning": learning}, evidence)
    assert facts.learning_curve is not None
    assert (facts.learning_curve.event, facts.learning_curve.curve.low) == (20, ())
    assert facts.next_steps[0].what == "Collect more rows"


def test_a_drift_alarm_on_a_fresh_sample_is_told() -> None:
    drift = {"column": "x", "fresh": "alarm", "smallest_detected": None, "unit": "sd", "passed": False}
    facts = facts_of(drift=drift)
    assert facts.drift is not None
    assert (facts.drift.fresh_alarm, facts.drift.shifted_alarm, facts.drift.passed) == (True, False, False)
    monitored = facts.check("monitored")
    assert monitored is not None
    assert monitored.passed is False


LEAK = {"check": "c", "severity": "error", "columns": ["x"], "message": "It knows.", "hint": "Drop it."}


@pytest.mark.parametrize(
    ("role", "passed", "said"),
    [("ignored", True, "leaks found: 1, left in: 0"), ("feature", False, "leaks found: 1, left in: 1")],
)
def test_a_leak_that_was_dropped_does_not_spoil_the_evaluation(role: str, said: str, *, passed: bool) -> None:
    facts = facts_of(leaks=[LEAK], schema={"columns": [column("x", role), column("y", "target")]})
    check = facts.check("evaluated")
    assert check is not None
    assert check.passed is passed
    assert said in check.evidence
    assert facts.findings[0].event == 4
