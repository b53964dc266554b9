"""A run does steps, remembers them, and goes on where it was stopped."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from random import Random
from typing import Any

import pytest

from mlwright.base.errors import BudgetError, ContractError, Infeasible, RunError
from mlwright.brief.load import load_brief
from mlwright.brief.schema import Assumption, Brief
from mlwright.contract.schema import Contract
from mlwright.run.history import list_runs, spent_seconds
from mlwright.run.journal import read_journal
from mlwright.run.run import Options, Run
from mlwright.run.types import Plan, Step

COUNT = Step(name="count", tool="count", params={"upto": 3})
TOTAL = Step(name="total", tool="total", inputs={"numbers": "count.numbers"})
PLAN = Plan(steps=(COUNT, TOTAL))


@pytest.fixture
def run(tmp_path: Path, brief: Brief, contract: Contract, toys: Any) -> Any:
    with Run.open(tmp_path / "runs", brief, contract, tools=toys.TOOLS) as opened:
        yield opened


def test_steps_leave_artifacts_and_events(run: Run) -> None:
    run.perform(COUNT)
    outcome = run.perform(TOTAL)
    assert run.artifact("count.numbers") == [0, 1, 4]
    assert run.artifact("total.total") == 5
    assert (run.artifact("total.folder") / "deep" / "total.txt").read_text() == "5"
    assert not outcome.skipped
    assert [event.kind for event in run.events if event.step == "count"] == ["step.start", *["trial"] * 3, "step.done"]


def test_a_step_done_before_is_skipped(run: Run) -> None:
    first = run.perform(COUNT)
    second = run.perform(COUNT)
    assert second.skipped
    assert second.artifacts == first.artifacts


def test_other_params_are_another_step(run: Run) -> None:
    run.perform(COUNT)
    assert not run.perform(COUNT.model_copy(update={"params": {"upto": 2}})).skipped


def test_a_changed_artifact_is_made_again(run: Run) -> None:
    outcome = run.perform(COUNT)
    path = run.store.path(outcome.artifacts["numbers"].sha256)
    path.write_text("[9]")
    assert not run.perform(COUNT).skipped
    assert run.artifact("count.numbers") == [0, 1, 4]


def test_a_resumed_run_offers_every_step_and_skips_what_is_done(run: Run, toys: Any) -> None:
    run.perform(COUNT)
    run.close()
    with Run.resume(run.path, tools=toys.TOOLS) as again:
        assert PLAN.next(again.events) == COUNT
        assert again.perform(COUNT).skipped
        assert PLAN.next(again.events) == TOTAL
        again.perform(TOTAL)
        assert PLAN.next(again.events) is None


def test_time_spent_counts_across_sessions(run: Run, toys: Any) -> None:
    run.perform(COUNT)
    run.close()
    before = spent_seconds(run.events)
    time.sleep(0.3)  # nobody works: it does not count
    with Run.resume(run.path, tools=toys.TOOLS) as again:
        assert before <= again.spent_seconds < before + 0.25


def test_a_failed_step_is_in_the_journal_and_keeps_its_type(run: Run) -> None:
    with pytest.raises(Infeasible, match="No model fits"):
        run.perform(Step(name="bad", tool="failing"))
    assert run.event("bad", "step.failed").data["error"] == "Infeasible"
    assert not list((run.path / "work").glob("*"))


def test_a_tool_the_contract_does_not_name_is_refused(
    tmp_path: Path, brief: Brief, contract: Contract, toys: Any
) -> None:
    narrow = contract.model_copy(update={"tools": ("total",)})
    with Run.open(tmp_path, brief, narrow, tools=toys.TOOLS) as run, pytest.raises(ContractError, match="'count'"):
        run.perform(COUNT)


def test_two_runs_in_one_folder_are_refused(run: Run, brief: Brief, contract: Contract, toys: Any) -> None:
    with pytest.raises(RunError, match=f"written by process {os.getpid()}"):
        Run.open(run.path.parent, brief, contract, tools=toys.TOOLS, options=Options(run_id=run.id))


def test_a_second_process_is_refused_and_told_who_has_the_run(run: Run) -> None:
    code = f"from mlwright.run.run import Run; Run.resume({str(run.path)!r})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert f"is being written by process {os.getpid()}" in done.stderr


def test_another_brief_cannot_take_over_a_run(run: Run, contract: Contract, toys: Any) -> None:
    run.close()
    other = load_brief({"objective": "Something else", "data": "x.csv"})
    with pytest.raises(RunError, match="another brief"):
        Run.open(run.path.parent, other, contract, tools=toys.TOOLS, options=Options(run_id=run.id))


def test_a_file_in_place_of_the_root_is_a_clear_error(tmp_path: Path, brief: Brief, contract: Contract) -> None:
    (tmp_path / "runs").write_text("")
    with pytest.raises(RunError, match="Cannot write") as caught:
        Run.open(tmp_path / "runs", brief, contract, tools={})
    assert "choose another" in caught.value.hint


def test_resuming_nothing_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="There is no run"):
        Run.resume(tmp_path / "nowhere")


def test_a_hungry_step_is_stopped_by_the_memory_limit(tmp_path: Path, contract: Contract, toys: Any) -> None:
    brief = load_brief({"objective": "Eat", "data": "sample://wine", "constraints": {"memory": "256 MB"}})
    bound = Contract.for_brief(brief, tmp_path)
    with (
        Run.open(tmp_path, brief, bound, tools=toys.TOOLS) as run,
        pytest.raises(BudgetError, match="256 MB are allowed"),
    ):
        run.perform(Step(name="eat", tool="hungry"))


def test_a_step_killed_by_its_deadline_hands_over_what_it_had(tmp_path: Path, toys: Any) -> None:
    brief = load_brief({"objective": "Be late", "data": "sample://wine", "constraints": {"time": "15 s"}})
    with Run.open(tmp_path, brief, Contract.for_brief(brief, tmp_path), tools=toys.TOOLS) as run:
        started = time.monotonic()
        run.perform(Step(name="late", tool="stubborn"), seconds=3.0)
        assert run.artifact("late.numbers") == [0, 1]
        assert run.event("late", "step.late")
        assert time.monotonic() - started < 15 * 1.05


def test_what_was_assumed_is_in_the_brief_of_the_run(run: Run) -> None:
    path = run.write_brief((Assumption(field="metric", value="accuracy", why="the classes are even"),))
    assert "metric: accuracy  # assumed: the classes are even" in path.read_text()
    assert load_brief(path).metric == "accuracy"


def test_runs_are_listed_with_their_state(run: Run) -> None:
    assert [(one.objective, one.state) for one in list_runs(run.path.parent)] == [("Count up", "stopped")]
    run.finish({})
    assert list_runs(run.path.parent)[0].state == "finished"


SCRIPT = """
import sys, time
sys.path.insert(0, {toys!r})
import toys
from pathlib import Path
from mlwright.brief.load import load_brief
from mlwright.contract.schema import load_contract
from mlwright.run.run import Options, Run
from mlwright.run.types import Plan, Step
brief = load_brief({{"objective": "Count up", "data": "sample://wine", "constraints": {{"trials": 8}}}})
plan = Plan(steps=(Step(name="count", tool="count", params={{"upto": 8, "pause": 0.03}}),
                   Step(name="total", tool="total", inputs={{"numbers": "count.numbers"}})))
with Run.open(Path({root!r}), brief, load_contract(), tools=toys.TOOLS, options=Options(run_id="one")) as run:
    print("open", flush=True)
    while step := plan.next(run.events):
        run.perform(step)
    print("done", flush=True)
"""


def _start(root: Path) -> subprocess.Popen[str]:
    script = SCRIPT.format(toys=str(Path(__file__).parent), root=str(root))
    return subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)


def _end(process: subprocess.Popen[str]) -> int:
    process.communicate(timeout=60)
    return process.returncode


@pytest.mark.slow
def test_killed_at_random_moments_a_run_ends_with_the_same_artifacts(tmp_path: Path) -> None:
    assert _end(_start(tmp_path / "straight")) == 0
    expected = {p.name for p in (tmp_path / "straight" / "one" / "artifacts").iterdir()}
    draw = Random(7)
    for _ in range(6):
        process = _start(tmp_path / "killed")
        assert process.stdout is not None
        if process.stdout.readline().startswith("open"):
            time.sleep(draw.uniform(0.0, 0.7))
        process.send_signal(signal.SIGKILL)
        _end(process)
    assert _end(_start(tmp_path / "killed")) == 0
    journal = read_journal(tmp_path / "killed" / "one" / "journal.jsonl")
    trials = [event.data["number"] for event in journal if event.kind == "trial"]
    assert {p.name for p in (tmp_path / "killed" / "one" / "artifacts").iterdir()} == expected
    assert len(trials) == len(set(trials))  # no finished trial was done again


def test_ctrl_c_leaves_a_run_that_can_be_resumed(tmp_path: Path) -> None:
    process = _start(tmp_path)
    assert process.stdout is not None
    process.stdout.readline()
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    assert _end(process) != 0
    assert read_journal(tmp_path / "one" / "journal.jsonl")[-1].kind == "step.interrupted"
    assert _end(_start(tmp_path)) == 0
