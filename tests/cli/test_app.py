"""Each command does what it says, prints what came back, and leaves with an exit code that a script can use."""

import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import mlwright as package
from mlwright.brief.load import load_brief
from mlwright.cli.capabilities import registries
from mlwright.contract.schema import DEFAULT, Contract
from mlwright.run.run import Options, Run

COMMANDS = (
    "new", "run", "resume", "runs", "show", "verify", "predict", "serve", "monitor", "list", "doctor", "contract",
)  # fmt: skip
PEOPLE = "age,city,churned\n" + "".join(
    f"{20 + n % 37},{'ABC'[n % 3]},{'yes' if n % 7 < 3 else 'no'}\n" for n in range(70)
)


def stopped_run(folder: Path, objective: str = "Foresee who leaves") -> Run:
    """A run that was opened and given up."""
    brief = load_brief({"objective": objective, "data": {"source": "people.csv", "target": "churned"}})
    with Run.open(folder / "runs", brief, Contract.for_brief(brief, folder), options=Options(base=folder)) as run:
        run.record("assumption", {"field": "kind", "value": "classification", "why": "two values [yes, no]"})
        run.record("decision", {"text": "'email' is dropped: it leaks the target."}, "leaks")
        run.record("step.failed", {"error": "DataError", "message": "no rows", "hint": "", "seconds": 0.1}, "read")
    return run


class TestHelp:
    def test_it_mentions_every_command(self, mlwright):
        ended = mlwright("--help")
        assert ended.code == 0
        shown = set(re.findall(r"^\W*(\w+)", ended.out, re.MULTILINE))
        assert shown.issuperset(COMMANDS)

    @pytest.mark.parametrize("command", [*((name,) for name in COMMANDS), ("contract", "check")])
    def test_every_command_has_its_own(self, mlwright, command):
        ended = mlwright(*command, "--help")
        assert ended.code == 0
        assert "Usage: mlwright" in ended.out

    def test_no_command_shows_it(self, mlwright):
        ended = mlwright()
        assert ended.code == 2
        assert "Usage: mlwright" in ended.out + ended.err

    def test_an_unknown_command_is_named(self, mlwright):
        ended = mlwright("rnu")
        assert ended.code == 2
        assert "No such command 'rnu'" in ended.err

    def test_the_version(self, mlwright):
        ended = mlwright("--version")
        assert (ended.code, ended.out) == (0, f"mlwright {package.__version__}\n")


class TestList:
    def test_it_shows_every_name_of_every_registry(self, mlwright):
        ended = mlwright("list")
        assert ended.code == 0
        first_words = {line.split()[0] for line in ended.out.splitlines() if line.strip()}
        for registry in registries():
            assert first_words.issuperset(registry)

    def test_one_kind_alone(self, mlwright):
        ended = mlwright("list", "model")
        assert ended.code == 0
        assert "lightgbm" in ended.out
        assert "parquet" not in ended.out

    def test_an_unknown_kind_is_refused_with_the_known_ones(self, mlwright):
        ended = mlwright("list", "raeder")
        assert ended.code == 2
        assert "no kind of capability 'raeder'" in ended.err
        assert "did you mean 'reader'?" in ended.err


class TestDoctor:
    def test_it_says_what_is_here(self, mlwright):
        ended = mlwright("doctor")
        assert ended.out.startswith("Python 3.")
        if ended.code == 0:
            assert "Everything that is registered can be used here." in ended.out
        else:
            assert ended.code == 1
            assert "pip install 'mlwright[" in ended.out


class TestContract:
    def test_the_default_one_is_valid(self, mlwright):
        ended = mlwright("contract", "check", DEFAULT)
        assert ended.code == 0
        assert "is a valid contract: role 'AI/ML engineer'." in " ".join(ended.out.split())

    def test_every_fault_is_listed_with_its_line(self, mlwright, tmp_path):
        text = DEFAULT.read_text(encoding="utf-8").replace("\nguardrails:", "\nguardrail:").replace("{data}", "{dta}")
        line = next(number for number, one in enumerate(text.splitlines(), 1) if one.startswith("guardrail:"))
        (tmp_path / "contract.md").write_text(text, encoding="utf-8")
        ended = mlwright("contract", "check", "contract.md")
        assert ended.code == 2
        assert ended.out == ""
        assert f"contract.md:{line}" in ended.err
        assert "'guardrail' is not a field of a contract" in ended.err
        assert "Did you mean 'guardrails'?" in ended.err

    def test_a_file_that_is_not_there(self, mlwright):
        ended = mlwright("contract", "check", "absent.md")
        assert ended.code == 2
        assert "absent.md" in ended.err


class TestNew:
    def test_a_table_becomes_a_brief_that_loads_again(self, mlwright, tmp_path):
        (tmp_path / "people.csv").write_text(PEOPLE)
        ended = mlwright("new", "people.csv", "--target", "churned")
        assert ended.code == 0
        assert "mlwright run brief.yaml" in ended.out
        brief = load_brief(tmp_path / "brief.yaml")
        assert brief.data.source == "people.csv"
        assert brief.data.target == "churned"
        assert brief.kind == "classification"
        assert dict(brief.data.columns) == {"age": "feature", "city": "feature"}

    def test_the_source_is_found_from_where_the_brief_lies(self, mlwright, tmp_path):
        (tmp_path / "people.csv").write_text(PEOPLE)
        (tmp_path / "briefs").mkdir()
        assert mlwright("new", "people.csv", "--target", "churned", "-o", "briefs/first.yaml").code == 0
        assert load_brief(tmp_path / "briefs" / "first.yaml").data.source == "../people.csv"

    def test_titanic(self, mlwright, shared_data, tmp_path):
        ended = mlwright("new", shared_data / "tabular" / "titanic.csv", "--target", "Survived", "-o", "t.yaml")
        assert ended.code == 0
        brief = load_brief(tmp_path / "t.yaml")
        assert brief.kind == "classification"
        assert brief.data.columns["PassengerId"] == "id"
        assert brief.data.columns["Age"] == "feature"
        comments = [line for line in (tmp_path / "t.yaml").read_text().splitlines() if "#" in line]
        assert len(comments) > len(brief.data.columns)  # every column says what was seen, every choice why

    def test_without_a_target_the_place_for_it_is_shown(self, mlwright, tmp_path):
        (tmp_path / "people.csv").write_text(PEOPLE)
        assert mlwright("new", "people.csv").code == 0
        assert load_brief(tmp_path / "brief.yaml").data.target is None
        assert "# target:" in (tmp_path / "brief.yaml").read_text()

    def test_a_misspelt_target_writes_nothing(self, mlwright, tmp_path):
        (tmp_path / "people.csv").write_text(PEOPLE)
        ended = mlwright("new", "people.csv", "--target", "churnd")
        assert ended.code == 2
        assert "did you mean 'churned'?" in ended.err
        assert not (tmp_path / "brief.yaml").exists()

    def test_a_brief_that_is_there_is_kept(self, mlwright, tmp_path):
        (tmp_path / "people.csv").write_text(PEOPLE)
        (tmp_path / "brief.yaml").write_text("mine")
        ended = mlwright("new", "people.csv", "--target", "churned")
        assert ended.code == 2
        assert "is there already" in ended.err
        assert (tmp_path / "brief.yaml").read_text() == "mine"

    def test_a_folder_that_cannot_be_written(self, mlwright, tmp_path):
        (tmp_path / "people.csv").write_text(PEOPLE)
        ended = mlwright("new", "people.csv", "--target", "churned", "-o", "people.csv/brief.yaml")
        assert ended.code == 2
        assert "cannot be written" in ended.err
        assert "Traceback" not in ended.err


class TestRuns:
    def test_none_yet(self, mlwright):
        ended = mlwright("runs")
        assert ended.code == 0
        assert ended.out == "No runs under runs/. Start one: mlwright run brief.yaml\n"

    def test_each_with_its_whole_name_its_state_and_its_objective(self, mlwright, tmp_path):
        first = stopped_run(tmp_path)
        second = stopped_run(
            tmp_path, "Sort [urgent] letters of the northern and the southern office by topic and tone"
        )
        ended = mlwright("runs")
        assert ended.code == 0
        lines = {line.split()[0]: line for line in ended.out.splitlines()[1:]}
        assert set(lines) == {first.id, second.id}
        assert "stopped at read" in " ".join(lines[first.id].split())
        assert "Sort [urgent]" in lines[second.id]

    def test_a_damaged_run_does_not_hide_the_others(self, mlwright, tmp_path):
        first, second = stopped_run(tmp_path), stopped_run(tmp_path)
        journal = first.path / "journal.jsonl"
        journal.write_bytes(journal.read_bytes().replace(b"no rows", b"99 rows"))
        ended = mlwright("runs")
        assert ended.code == 0
        assert "damaged" in next(line for line in ended.out.splitlines() if line.startswith(first.id + " "))
        assert second.id in ended.out


class TestShow:
    def test_what_happened_and_why(self, mlwright, tmp_path):
        run = stopped_run(tmp_path)
        ended = mlwright("show", run.id)
        assert ended.code == 0
        text = " ".join(ended.out.split())
        assert "stopped at read" in text
        assert "assumed kind = classification: two values [yes, no]" in text
        assert "decided leaks: 'email' is dropped: it leaks the target." in text
        assert "failed read: no rows" in text

    def test_an_empty_root(self, mlwright):
        ended = mlwright("show", "anything")
        assert ended.code == 2
        assert "There is no run 'anything'" in ended.err

    def test_a_misspelt_name_is_mended(self, mlwright, tmp_path):
        run = stopped_run(tmp_path)
        ended = mlwright("show", run.id[:-1] + "x")
        assert ended.code == 2
        assert f"did you mean '{run.id}'?" in ended.err

    def test_a_changed_journal_is_refused_with_its_line(self, mlwright, tmp_path):
        run = stopped_run(tmp_path)
        journal = run.path / "journal.jsonl"
        journal.write_bytes(journal.read_bytes().replace(b"no rows", b"99 rows"))
        ended = mlwright("show", run.id)
        assert ended.code == 2
        assert "journal.jsonl:4" in ended.err


class TestRun:
    """Only what is refused at the door; tests/journeys goes on from there."""

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            (("--time", "soon"), ("soon", "Hint: ")),
            (("--trials", "0"), ("--trials", "should be greater than or equal to 1")),
            (("--time=-5m",), ("A --time of -5m is impossible", "Hint: give a time above 0")),
        ],
    )
    def test_an_option_that_makes_no_sense(self, mlwright, tmp_path, arguments, words):
        (tmp_path / "people.csv").write_text(PEOPLE)
        (tmp_path / "brief.yaml").write_text("objective: Foresee who leaves\ndata: {source: people.csv}\n")
        ended = mlwright("run", "brief.yaml", *arguments)
        assert ended.code == 2
        assert "Traceback" not in ended.err
        for word in words:
            assert word in ended.err
        assert not (tmp_path / "runs").exists()

    @pytest.mark.parametrize("command", ["verify", "serve"])
    def test_a_delivery_that_is_not_there(self, mlwright, command):
        ended = mlwright(command, "nowhere")
        assert ended.code in (1, 2)
        assert "nowhere" in ended.out + ended.err
        assert "Traceback" not in ended.err

    def test_resume_of_nothing(self, mlwright):
        ended = mlwright("resume", "nothing")
        assert ended.code == 2
        assert "There is no run 'nothing'" in ended.err


def test_python_m_is_the_same_command(mlwright: Callable[..., object]) -> None:
    import subprocess

    ended = subprocess.run(
        [sys.executable, "-m", "mlwright.cli", "--version"], capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stdout) == (0, f"mlwright {package.__version__}\n")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux holds a process to RLIMIT_AS")
def test_memory_that_runs_out_is_told_in_three_parts(tmp_path: Path) -> None:
    import subprocess

    limit = 2_000_000_000
    with (tmp_path / "keys").open("wb") as file:
        file.truncate(2 * limit)  # sparse: it takes no room on disk, but reading it whole takes memory
    code = f"import resource; resource.setrlimit(resource.RLIMIT_AS, ({limit}, {limit})); "
    code += "from mlwright.cli import main; main()"
    arguments = ["serve", str(tmp_path), "--key-file", str(tmp_path / "keys")]
    ended = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert ended.stderr.startswith("Error: `mlwright serve` needs more memory than this process may have.\nHint: ")
    assert "raise the limit of memory" in ended.stderr
    assert "Traceback" not in ended.stderr
