"""Handing a delivery over: whole or not at all, and never over what is somebody else's."""

from pathlib import Path

import pytest

from mlwright.base.errors import RunError
from mlwright.brief.load import load_brief
from mlwright.contract.schema import Contract
from mlwright.planner.deliver import check_out, hand_over, seconds_for
from mlwright.planner.expert import Expert
from mlwright.run.run import Options, Run
from mlwright.tools import TOOLS


@pytest.fixture
def delivery(tmp_path: Path) -> Path:
    return made(tmp_path / "runs" / "one" / "delivery", "new")


def made(root: Path, summary: str) -> Path:
    (root / "model").mkdir(parents=True)
    (root / "MANIFEST.json").write_text("{}")
    (root / "model" / "model.onnx").write_bytes(b"graph")
    (root / "SUMMARY.md").write_text(summary)
    return root


def files(root: Path) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_a_delivery_is_copied_whole(delivery: Path, tmp_path: Path) -> None:
    out = hand_over(delivery, tmp_path / "deep" / "out")
    assert out == tmp_path / "deep" / "out"
    assert files(out) == files(delivery)
    assert [path.name for path in out.parent.iterdir()] == ["out"]


def test_an_earlier_delivery_is_replaced_whole(delivery: Path, tmp_path: Path) -> None:
    out = made(tmp_path / "out", "old")
    (out / "only_old.txt").write_text("old")
    assert files(hand_over(delivery, out)) == files(delivery)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "runs"]


def test_an_empty_folder_is_taken(delivery: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    assert files(hand_over(delivery, tmp_path / "out")) == files(delivery)


def test_folders_beside_it_stay_as_they_are(delivery: Path, tmp_path: Path) -> None:
    made(tmp_path / "out", "old")
    for name in ("out.old", "out.part"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "mine.txt").write_text("mine")
    hand_over(delivery, tmp_path / "out")
    for name in ("out.old", "out.part"):
        assert (tmp_path / name / "mine.txt").read_text() == "mine"


def test_what_is_no_delivery_is_not_overwritten(delivery: Path, tmp_path: Path) -> None:
    for out in (tmp_path / "folder", tmp_path / "file"):
        kept = out / "thesis.txt" if out.name == "folder" else out
        kept.parent.mkdir(exist_ok=True)
        kept.write_text("mine")
        with pytest.raises(RunError, match="is no delivery"):
            hand_over(delivery, out)
        assert kept.read_text() == "mine"


def test_a_file_above_it_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match=r"file is a file, a folder was expected"):
        check_out(tmp_path / "file" / "deep" / "out")


@pytest.mark.parametrize("out", [".", "sub/.."])
def test_the_folder_one_stands_in_is_no_place(out: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "here" if out == "." else made(tmp_path / "here", "old") / "sub"
    folder.mkdir(exist_ok=True)
    monkeypatch.chdir(tmp_path / "here")
    with pytest.raises(RunError, match="is the current folder"):
        check_out(Path(out))


def test_a_new_place_passes_and_nothing_is_written(tmp_path: Path) -> None:
    check_out(tmp_path / "a" / "b" / "out")
    assert not list(tmp_path.iterdir())


def test_a_copy_that_fails_leaves_the_earlier_delivery(delivery: Path, tmp_path: Path) -> None:
    out = made(tmp_path / "out", "old")
    (delivery / "lost").symlink_to(delivery / "nowhere")
    with pytest.raises(RunError, match="No such file"):
        hand_over(delivery, out)
    assert (out / "SUMMARY.md").read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "runs"]


def seconds_of(root: Path, step: str, **constraints: object) -> float | None:
    """Return what a step may take in a run that has just begun."""
    brief = load_brief(
        {"objective": "Tell wines apart", "data": {"source": "sample://wine"}, "constraints": constraints}
    )
    plan = Expert().plan(brief)
    with Run.open(root, brief, Contract.for_brief(brief, root), tools=TOOLS, options=Options(base=root)) as run:
        return seconds_for(run, plan, next(one for one in plan.steps if one.name == step))


@pytest.mark.parametrize(("step", "kept"), [("explain", 5.5), ("learning", 5.0), ("track", 0.0)])
def test_a_step_one_can_do_without_leaves_time_for_those_after_it(tmp_path: Path, step: str, kept: float) -> None:
    seconds = seconds_of(tmp_path, step, time="10 min")
    assert seconds == pytest.approx(600 - kept, abs=5)
    assert seconds is not None
    assert seconds <= 600 - kept


@pytest.mark.parametrize("step", ["train", "export", "evaluate", "report"])
def test_a_step_that_must_be_done_has_no_such_limit(tmp_path: Path, step: str) -> None:
    assert seconds_of(tmp_path, step, time="10 min") is None


def test_without_a_time_limit_every_step_has_time(tmp_path: Path) -> None:
    assert seconds_of(tmp_path, "explain", trials=3) is None
