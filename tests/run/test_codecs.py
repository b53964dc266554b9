"""What goes into the store comes out the same, under the same name every time; nothing else comes out."""

import enum
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from mlwright.base.errors import RunError
from mlwright.models.signature import Task
from mlwright.run.codecs import CODECS, complete, find_codec, size_bytes
from mlwright.run.partial import Partial
from mlwright.run.store import Store


class Colour(enum.StrEnum):
    RED = "red"


FRAME = pl.DataFrame({"n": [1.0, None, float("nan")], "s": ["a", None, "ä"]})
VALUES: dict[str, Any] = {
    "json": {"b": [1, 2.5, None, True], "a": Colour.RED, "task": Task.BINARY, "n": np.float64(0.1), "x": np.arange(3)},
    "parquet": FRAME,
    "npz": {"x": np.eye(2), "names": np.array(["a", "bc"])},
    "bytes": b"\x00\xff",
}


@pytest.mark.parametrize("codec", VALUES)
def test_the_same_value_has_the_same_hash(tmp_path: Path, codec: str) -> None:
    first = CODECS[codec].write(VALUES[codec], Store(tmp_path / "a"), "x")
    assert CODECS[codec].write(VALUES[codec], Store(tmp_path / "b"), "x") == first


def test_values_come_back(tmp_path: Path) -> None:
    store = Store(tmp_path / "s")
    back = {
        name: CODECS[name].read(CODECS[name].write(value, store, "x"), store, tmp_path)
        for name, value in VALUES.items()
    }
    assert back["json"] == {"a": "red", "b": [1, 2.5, None, True], "task": "binary", "n": 0.1, "x": [0, 1, 2]}
    assert back["parquet"].equals(FRAME)
    assert np.array_equal(back["npz"]["x"], np.eye(2))
    assert list(back["npz"]["names"]) == ["a", "bc"]
    assert back["bytes"] == b"\x00\xff"


def test_a_folder_comes_back_file_by_file(tmp_path: Path) -> None:
    folder, store = tmp_path / "f", Store(tmp_path / "s")
    (folder / "deep").mkdir(parents=True)
    (folder / "deep" / "b").write_text("same")
    (folder / "a").write_text("same")
    digest = CODECS["directory"].write(folder, store, "x")
    back = CODECS["directory"].read(digest, store, tmp_path / "back")
    assert sorted(p.relative_to(back).as_posix() for p in back.rglob("*")) == ["a", "deep", "deep/b"]
    assert size_bytes(digest, "directory", store) == 8
    assert len(list(store.root.iterdir())) == 2  # equal files are kept once
    store.path("0967115f2813a3541eaef77de9d9d5773f1c0c04314b0bbfe4ff3b3b1c55b5d5").unlink()
    assert not complete(digest, "directory", store)


def test_a_link_in_a_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "f").mkdir()
    (tmp_path / "f" / "link").symlink_to("/etc/passwd")
    with pytest.raises(RunError, match="holds the link 'link'"):
        CODECS["directory"].write(tmp_path / "f", Store(tmp_path / "s"), "x")


@pytest.mark.parametrize(
    ("codec", "value"),
    [
        ("npz", {"x": np.array([object()])}),
        ("npz", [1, 2]),
        ("parquet", {"a": [1]}),
        ("bytes", "text"),
        ("directory", "/nowhere"),
        ("json", {"x": float("inf")}),
        ("json", {"x": object()}),
    ],
)
def test_a_value_of_another_kind_is_refused(tmp_path: Path, codec: str, value: Any) -> None:
    with pytest.raises(RunError):
        CODECS[codec].write(value, Store(tmp_path), "step.output")


def test_an_unknown_codec_is_refused() -> None:
    with pytest.raises(RunError, match="no codec 'pickle'"):
        find_codec("pickle")


def test_a_changed_artifact_is_not_read(tmp_path: Path) -> None:
    store = Store(tmp_path)
    digest = store.put_bytes(b"content")
    store.path(digest).write_bytes(b"other")
    with pytest.raises(RunError, match="was changed"):
        store.read(digest)
    store.put_bytes(b"content")  # keeping it again mends it
    assert store.read(digest) == b"content"


def test_a_partial_result_is_whole_or_not_there(tmp_path: Path) -> None:
    (tmp_path / "t").mkdir()
    (tmp_path / "t" / "model").write_text("m")
    partial = Partial(tmp_path / "p")
    partial.save("trial-1", tmp_path / "t")
    partial.save("trial/2", tmp_path / "t")
    assert Partial(tmp_path / "p").keys() == ("trial-1", "trial/2")
    saved = partial.saved("trial-1")
    assert saved is not None
    (saved / "model").write_text("broken")
    assert partial.keys() == ("trial/2",)
    assert partial.saved("never") is None
