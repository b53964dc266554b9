"""What a person may give by mistake: each is refused in words that say what, what was expected and what to do.

Exit codes: 2 for what the person can mend, 130 (128 + SIGINT) for a run that was stopped by Ctrl+C, as shells have it.
"""

import gzip
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.journeys.desk import HEADER, Desk, Mount, check_whole, rows_text

from mlwright.brief.load import load_brief
from mlwright.brief.schema import Brief
from mlwright.contract.schema import DEFAULT, Contract, load_contract
from mlwright.planner.expert import Expert
from mlwright.run.journal import read_journal
from mlwright.run.run import Options, Run
from mlwright.tools import TOOLS

SECONDS_FOR_A_SIGN = 90.0


def begun(brief: Path, root: Path) -> Run:
    """A run of a brief as the command line opens it."""
    wanted: Brief = load_brief(brief)
    charter = Contract.for_brief(wanted, brief.parent, load_contract(None))
    return Run.open(root, wanted, charter, tools=TOOLS, options=Options(base=brief.parent, threads=1))


def done_until(run: Run, last: str) -> None:
    """Do the expert's steps up to and with `last`."""
    for step in Expert().plan(run.brief).checked(TOOLS, run.contract).steps:
        run.perform(step)
        if step.name == last:
            return


class TestFiles:
    def test_an_empty_file(self, desk: Desk) -> None:
        desk.file("people.csv", "")
        desk.refused("people.csv", "people.csv", "is empty (0 bytes)", "export it again")

    def test_an_absent_file_names_the_one_that_was_meant(self, desk: Desk) -> None:
        desk.file("people.csv", rows_text())
        desk.refused("peple.csv", "There is no file", "did you mean 'people.csv'?")

    def test_a_header_and_no_rows(self, desk: Desk) -> None:
        desk.file("people.csv", HEADER + "\n")
        desk.refused("people.csv", "has a header (age, city, income, churned) and no rows", "export it again")

    def test_one_row(self, desk: Desk) -> None:
        desk.file("people.csv", f"{HEADER}\n30,A,50,yes\n")
        desk.refused("people.csv", "has one row")

    def test_column_names_that_come_twice(self, desk: Desk) -> None:
        desk.file("people.csv", rows_text(header="age,city,age,churned"))
        desk.refused("people.csv", "4 columns but 3 names", "'age' is there more than once", "rename or remove")

    @pytest.mark.parametrize("name", ["people.parquet", "people.csv.gz", "people.xlsx", "people.db"])
    def test_zero_bytes_under_any_name(self, desk: Desk, name: str) -> None:
        desk.file(name, b"")
        desk.refused(name, name, "is empty (0 bytes)", "export it again")

    def test_bytes_that_are_no_text(self, desk: Desk) -> None:
        desk.file("people.csv", np.random.default_rng(0).bytes(5_000))
        desk.refused("people.csv", "is binary; a text table was expected", "export it as CSV")

    def test_a_gzip_file_that_is_cut_off(self, desk: Desk) -> None:
        packed = gzip.compress(rows_text(2_000).encode())
        desk.file("people.csv.gz", packed[: len(packed) // 2])
        desk.refused("people.csv.gz", "ends too early: it is cut off", "copy or download it again")

    def test_a_parquet_file_that_is_cut_off(self, desk: Desk) -> None:
        import polars as pl

        whole = desk.folder / "whole.parquet"
        pl.DataFrame({"age": range(500), "churned": ["no", "yes"] * 250}).write_parquet(whole)
        desk.file("people.parquet", whole.read_bytes()[:-100])
        desk.refused("people.parquet", "people.parquet")

    def test_a_gzip_file_named_csv_is_read(self, desk: Desk) -> None:
        desk.file("people.csv", gzip.compress(rows_text().encode()))
        with begun(desk.brief("people.csv"), desk.root) as run:
            done_until(run, "read")
            assert run.artifact("read.reading")["rows"] == 120

    def test_a_hundred_thousand_columns_are_refused_at_once(self, desk: Desk) -> None:
        width = 100_000
        header = ",".join(f"c{number}" for number in range(width - 1)) + ",churned"
        desk.file("people.csv", "\n".join([header, *(["1," * (width - 1) + "yes", "2," * (width - 1) + "no"] * 2)]))
        begin = time.process_time()
        desk.refused("people.csv", "has 100,000 columns; at most 10,000", "keep the columns that matter")
        assert time.process_time() - begin < 10

    @pytest.mark.slow
    def test_a_column_of_a_million_different_strings_is_bounded(self, desk: Desk) -> None:
        import resource

        import polars as pl

        rows = 1_000_000
        draw = np.random.default_rng(1)
        amount = draw.normal(size=rows).round(3)
        table = {
            "name": [f"person {number:x} of the north" for number in draw.permutation(rows)],
            "amount": amount,
            "churned": np.where(amount + draw.normal(size=rows) > 0, "yes", "no"),
        }
        pl.DataFrame(table).write_csv(desk.folder / "people.csv")
        brief = desk.brief("people.csv", more="  columns: {name: feature}")
        with begun(brief, desk.root) as run:
            done_until(run, "leaks")
            assert run.artifact("read.reading")["rows"] == rows
            assert run.ref("leaks.schema").size_bytes < 2_000_000
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < 3_000_000


class TestTargets:
    def test_none_is_named_and_none_is_meant(self, desk: Desk) -> None:
        desk.file("people.csv", rows_text(header="age,city,income,gone"))
        desk.refused(
            "people.csv", "data.target is not given", "age, city, income, gone", "set data.target", target=None
        )

    def test_a_misspelt_name(self, desk: Desk) -> None:
        desk.file("people.csv", rows_text())
        desk.refused("people.csv", "'churnd' is not in", "did you mean 'churned'?", "data.target", target="churnd")

    def test_all_null(self, desk: Desk) -> None:
        desk.file("people.csv", re.sub("(yes|no)\n", "\n", rows_text()))
        desk.refused("people.csv", "All 120 values of the target 'churned' are missing", "choose another target")

    def test_constant(self, desk: Desk) -> None:
        desk.file("people.csv", rows_text().replace("yes", "no"))
        desk.refused("people.csv", "'churned' is always 'no'", "two different values were expected", "choose another")

    def test_one_class_with_one_row(self, desk: Desk) -> None:
        desk.file("people.csv", rows_text() + "44,A,50,perhaps\n")
        with begun(desk.brief("people.csv"), desk.root) as run:
            done_until(run, "leaks")
            assert run.artifact("read.understanding")["classes"] == ["no", "perhaps", "yes"]
            assert 120 in run.artifact("split.split")["train"]
            found = {finding["check"]: finding for finding in run.artifact("profile.findings")}
        assert "'perhaps' (1)" in found["rare_classes"]["message"]

    def test_one_of_two_classes_with_one_row(self, desk: Desk) -> None:
        desk.file("people.csv", rows_text().replace(",yes", ",no") + "44,A,50,yes\n")
        desk.refused("people.csv", "The class 'yes'", "has one row only", "At least 3", "give more rows of it")

    @pytest.mark.parametrize("word", ["NaN", "", "n/a"])
    def test_nan_in_some_rows(self, desk: Desk, word: str) -> None:
        desk.file("people.csv", rows_text() + f"44,A,50,{word}\n45,B,51,{word}\n")
        desk.refused("people.csv", "is missing", "in 2 of 122 rows: rows 121, 122", "remove the rows")

    def test_nan_in_a_target_of_numbers(self, desk: Desk) -> None:
        import polars as pl

        values = np.random.default_rng(0).normal(size=60)
        values[[7, 9]] = np.nan
        pl.DataFrame({"age": np.arange(60) % 7, "churned": values}).write_parquet(desk.folder / "people.parquet")
        desk.refused("people.parquet", "is missing", "in 2 of 60 rows: rows 8, 10", "remove the rows")

    def test_an_infinite_target(self, desk: Desk) -> None:
        lines = [f"{number % 7},{number * 1.37:.2f}" for number in range(60)]
        desk.file("people.csv", "\n".join(["age,churned", *lines, "3,inf"]) + "\n")
        desk.refused("people.csv", "'churned'", "unreadable", "in 1 of 61 rows: rows 61", "remove the rows")

    def test_a_date(self, desk: Desk) -> None:
        lines = [f"{number % 7},2024-01-{number % 28 + 1:02d}" for number in range(60)]
        desk.file("people.csv", "\n".join(["age,churned", *lines]) + "\n")
        desk.refused("people.csv", "is a date; a number or classes were expected", "predict a span")


class TestLeaks:
    LEAKED = f"{HEADER},left_us"

    @staticmethod
    def copy(_: int, leaves: str) -> str:
        return f",{int(leaves == 'yes')}"

    def test_the_target_under_another_name_stops_the_run(self, desk: Desk) -> None:
        desk.file("people.csv", rows_text(header=self.LEAKED, extra=self.copy))
        desk.refused("people.csv", "'left_us'", "on_leak: drop", "columns: {left_us: ignored}")

    def test_it_is_dropped_when_the_brief_says_so(self, desk: Desk) -> None:
        desk.file("people.csv", rows_text(header=self.LEAKED, extra=self.copy))
        with begun(desk.brief("people.csv", more="on_leak: drop"), desk.root) as run:
            done_until(run, "leaks")
            roles = {column["name"]: column["role"] for column in run.artifact("leaks.schema")["columns"]}
            assert roles == {
                "age": "feature", "city": "feature", "income": "feature", "churned": "target", "left_us": "ignored",
            }  # fmt: skip
            assert "left_us" in run.event("leaks", "decision").data["text"]


class TestValues:
    def test_infinities_in_a_feature_are_counted_and_taken_as_missing(self, desk: Desk) -> None:
        lines = rows_text().splitlines()
        lines[5] = "inf," + lines[5].partition(",")[2]
        lines[9] = "-Infinity," + lines[9].partition(",")[2]
        desk.file("people.csv", "\n".join(lines) + "\n")
        with begun(desk.brief("people.csv"), desk.root) as run:
            done_until(run, "leaks")
            problems = run.artifact("read.reading")["problems"]
            assert [(problem["count"], set(problem["examples"])) for problem in problems] == [
                (2, {"'inf'", "'-Infinity'"})
            ]
            assert "'age'" in problems[0]["what"]

    def test_dates_in_the_future_are_warned_of(self, desk: Desk) -> None:
        def seen(number: int, _: str) -> str:
            return f",20{20 + 70 * (number == 50)}-03-{number % 28 + 1:02d}"

        desk.file("people.csv", rows_text(header=f"{HEADER},seen", extra=seen))
        with begun(desk.brief("people.csv"), desk.root) as run:
            done_until(run, "profile")
            found = {finding["check"]: finding for finding in run.artifact("profile.findings")}
        assert found["future_dates"]["severity"] == "warning"
        assert found["future_dates"]["columns"] == ["seen"]
        assert "2090-03" in found["future_dates"]["message"]
        assert found["future_dates"]["hint"]


class TestBriefs:
    @pytest.mark.parametrize(
        ("more", "words"),
        [
            ("kind: regression\nmetric: roc_auc", ("'roc_auc' does not fit", "regression", "Metrics of regression:")),
            ("requirements: {latency_p95: 0.1 ms}", ("latency", "is impossible", "0.5 ms", "1 ms or more")),
            ('requirements: {accuracy: ">= 1.01"}', ("'accuracy >= 1.01' is impossible", "a perfect model has 1")),
            ("requirements: {acuracy: 0.9}", ("'requirements.acuracy'", "Did you mean 'accuracy'?")),
        ],
        ids=["metric of another kind", "0.1 ms", "1.01 accuracy", "misspelt metric"],
    )
    def test_a_wish_that_cannot_come_true_begins_no_run(self, desk: Desk, more: str, words: tuple[str, ...]) -> None:
        desk.file("people.csv", rows_text())
        desk.refused("people.csv", "brief.yaml:", *words, more=more)
        assert not desk.root.exists()

    @pytest.mark.parametrize(
        ("more", "words"),
        [
            ("metric: rmse", ("'rmse' does not fit", "binary", "roc_auc")),
            ("kind: regression", ("'churned' holds", "numbers were expected", "classification")),
        ],
        ids=["metric", "kind"],
    )
    def test_a_wish_that_does_not_fit_the_data(self, desk: Desk, more: str, words: tuple[str, ...]) -> None:
        desk.file("people.csv", rows_text())
        desk.refused("people.csv", *words, more=more)

    def test_a_brief_that_is_not_there(self, desk: Desk) -> None:
        desk.check_refused(desk.run(desk.folder / "brief.yaml"), "brief.yaml")
        assert not desk.root.exists()


class TestDisk:
    def test_no_space_left_keeps_the_journal_and_the_run_goes_on_later(self, desk: Desk, small_disk: Mount) -> None:
        draw = np.random.default_rng(2)
        lines = [f"{a:.12f},{b:.12f},{'yes' if a + b > 0 else 'no'}" for a, b in draw.normal(size=(100_000, 2))]
        desk.file("people.csv", "\n".join(["age,income,churned", *lines]) + "\n")
        root = small_disk.path / "runs"
        ended = desk.mlwright("run", desk.brief("people.csv"), "--root", root, "--out", desk.out)
        desk.check_refused(ended, "Cannot write", "No space left on device", "Free some space", root=root)
        (folder,) = root.iterdir()
        assert f"mlwright resume {folder}" in ended.out
        small_disk.change("size=50m")
        with Run.resume(folder, tools=TOOLS) as run:
            done_until(run, "split")
            assert run.artifact("read.reading")["rows"] == 100_000

    def test_no_space_to_begin_leaves_no_run(self, desk: Desk, small_disk: Mount) -> None:
        desk.file("people.csv", rows_text())
        root = small_disk.path / "runs"
        root.mkdir()
        small_disk.fill()
        ended = desk.mlwright("run", desk.brief("people.csv"), "--root", root, "--out", desk.out)
        desk.check_refused(ended, "Cannot write", "No space left on device", "Free some space", root=root)
        assert list(root.iterdir()) == []

    def test_a_root_below_a_file(self, desk: Desk) -> None:
        desk.file("people.csv", rows_text())
        desk.file("taken", "a file")
        ended = desk.mlwright("run", desk.brief("people.csv"), "--root", desk.folder / "taken" / "runs")
        desk.check_refused(ended, "Cannot write", "taken", "--root")

    def test_a_root_on_a_disk_for_reading_only(self, desk: Desk, small_disk: Mount) -> None:
        desk.file("people.csv", rows_text())
        small_disk.change("ro")
        ended = desk.mlwright("run", desk.brief("people.csv"), "--root", small_disk.path / "runs")
        desk.check_refused(ended, "Cannot write", "Read-only file system", "choose another with --root")

    @pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
    def test_a_root_that_this_user_may_not_write(self, desk: Desk) -> None:
        desk.file("people.csv", rows_text())
        desk.root.mkdir(mode=0o555)
        desk.check_refused(desk.run(desk.brief("people.csv")), "Cannot write", "Permission denied", "writable")

    def test_an_out_that_is_something_else_is_refused_before_any_work(self, desk: Desk) -> None:
        desk.file("people.csv", rows_text())
        kept = desk.file("work/thesis.txt", "years of work")
        ended = desk.mlwright("run", desk.brief("people.csv"), "--root", desk.root, "--out", kept.parent)
        desk.check_refused(ended, "is there and is no delivery", "nothing was overwritten")
        assert kept.read_text() == "years of work"
        assert not desk.root.exists()

    def test_an_out_that_cannot_be_written_is_refused_before_any_work(self, desk: Desk) -> None:
        desk.file("people.csv", rows_text())
        desk.file("taken", "a file")
        ended = desk.mlwright(
            "run", desk.brief("people.csv"), "--root", desk.root, "--out", desk.folder / "taken" / "d"
        )
        desk.check_refused(ended, "taken", "--out")
        assert not desk.root.exists()


class TestTwoRuns:
    def test_a_folder_that_another_run_writes_is_refused(self, desk: Desk) -> None:
        desk.file("people.csv", rows_text())
        with begun(desk.brief("people.csv"), desk.root) as run:
            ended = desk.mlwright("resume", run.path)
            assert ended.code == 2
            assert f"is being written by process {os.getpid()}" in ended.err
            assert "Hint: Wait for it to end" in ended.err
            assert "Traceback" not in ended.err
            run.perform(Expert().plan(run.brief).steps[0])  # the first one is not disturbed
        assert read_journal(run.path / "journal.jsonl")[-1].kind == "step.done"

    def test_two_runs_of_one_brief_at_the_same_moment_take_two_folders(self, desk: Desk) -> None:
        desk.file("people.csv", "")
        brief = desk.brief("people.csv")
        command = [sys.executable, "-m", "mlwright.cli", "run", str(brief), "--root", str(desk.root)]
        both = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(2)]
        errors = [process.communicate(timeout=SECONDS_FOR_A_SIGN)[1] for process in both]
        assert [process.returncode for process in both] == [2, 2]
        assert all("is empty (0 bytes)" in error for error in errors)
        assert len(list(desk.root.iterdir())) == 2
        check_whole(desk.root)


class TestContract:
    @pytest.fixture
    def narrow(self, desk: Desk) -> Path:
        """A contract under which only what lies in `allowed/` may be read."""
        text = DEFAULT.read_text(encoding="utf-8")
        assert '"{data}"' in text
        return desk.file("contract.md", text.replace('"{data}"', '"{base}/allowed/**"'))

    def test_a_file_inside_is_read(self, desk: Desk, narrow: Path) -> None:
        desk.file("allowed/people.csv", "")
        ended = desk.run(desk.brief("allowed/people.csv"), "--contract", narrow)
        desk.check_refused(ended, "is empty (0 bytes)")  # it was opened

    def test_a_path_outside(self, desk: Desk, narrow: Path) -> None:
        desk.file("people.csv", rows_text())
        ended = desk.run(desk.brief("people.csv"), "--contract", narrow)
        desk.check_refused(ended, "The contract does not allow to read", "people.csv", "allowed/**", "`reads`")

    def test_a_path_that_climbs_out(self, desk: Desk, narrow: Path) -> None:
        desk.file("people.csv", rows_text())
        (desk.folder / "allowed").mkdir()
        ended = desk.run(desk.brief("allowed/../people.csv"), "--contract", narrow)
        desk.check_refused(ended, "The contract does not allow to read", "`reads`")

    def test_a_link_that_leads_out(self, desk: Desk, narrow: Path) -> None:
        secret = desk.file("secret/people.csv", rows_text())
        (desk.folder / "allowed").mkdir()
        (desk.folder / "allowed" / "people.csv").symlink_to(secret)
        ended = desk.run(desk.brief("allowed/people.csv"), "--contract", narrow)
        desk.check_refused(ended, "The contract does not allow to read", f"which leads to {secret}", "`reads`")

    def test_a_contract_with_faults_begins_no_run(self, desk: Desk) -> None:
        desk.file("people.csv", rows_text())
        wrong = desk.file("contract.md", "---\nrole: engineer\nread: [a]\n---\n")
        ended = desk.run(desk.brief("people.csv"), "--contract", wrong)
        desk.check_refused(ended, "contract.md:3", "'read' is not a field", "Did you mean 'reads'?")
        assert not desk.root.exists()


class TestInterrupt:
    """Ctrl+C: exit code 130 (128 + SIGINT), as shells and their scripts expect of a command that was stopped."""

    def test_a_run_is_stopped_says_how_to_go_on_and_goes_on(self, desk: Desk) -> None:
        desk.file("people.csv", rows_text(400))
        brief = desk.brief("people.csv", more="constraints: {time: 10 m}")
        command = [sys.executable, "-m", "mlwright.cli", "run", str(brief), "--root", str(desk.root)]
        code, out, err = stopped_in(command, desk.root, lambda events: ("step.start", "train") in events)
        assert code == 130, out + err
        assert "Traceback" not in out + err
        (folder,) = desk.root.iterdir()
        found = re.search(r"mlwright (resume \S+)$", out + err, re.MULTILINE)
        assert found is not None, out + err
        assert found[1] == f"resume {folder}"
        check_whole(desk.root)
        assert read_journal(folder / "journal.jsonl")[-1].kind == "step.interrupted"

        command = [sys.executable, "-m", "mlwright.cli", *found[1].split()]
        again = stopped_in(command, desk.root, lambda events: events.count(("step.start", "train")) == 2)
        assert again[0] == 130, again
        kinds = [(event.kind, event.step) for event in read_journal(folder / "journal.jsonl")]
        after = kinds[kinds.index(("run.resumed", None)) :]
        assert [step for kind, step in after if kind == "step.skipped"] == ["read", "profile", "split", "leaks"]
        assert ("step.done", "read") not in after
        check_whole(desk.root)


def stopped_in(command: list[str], root: Path, sign: Any) -> tuple[int, str, str]:
    """Start a command, send it SIGINT when the journal shows `sign`, and return exit code and both streams."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    until = time.monotonic() + SECONDS_FOR_A_SIGN
    try:
        while not sign(_kinds(root)):
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < until, "the step did not begin"
            time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
        return process.returncode, out, err
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def _kinds(root: Path) -> list[tuple[str, str | None]]:
    journals = list(root.glob("*/journal.jsonl"))
    return [(event.kind, event.step) for path in journals for event in read_journal(path)]
