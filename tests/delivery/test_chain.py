"""The journal's chain."""

import json
from pathlib import Path

import pytest

from mlwright.base.errors import VerifyError
from mlwright.delivery.chain import chain_hash, check_chain


def test_the_hash_is_that_of_canonical_json() -> None:
    import hashlib

    expected = hashlib.sha256('{"a":"ü","seq":1}'.encode()).hexdigest()
    assert chain_hash({"seq": 1, "hash": "ignored", "a": "ü"}) == expected


def test_a_whole_chain_is_accepted(sealed: Path) -> None:
    lines = (sealed / "journal.jsonl").read_text().splitlines()
    assert [event["seq"] for event in check_chain(lines)] == [0, 1, 2]


@pytest.mark.parametrize("break_it", ["change", "drop", "swap", "repeat", "garbage", "list"])
def test_a_broken_chain_is_refused(sealed: Path, break_it: str) -> None:
    lines = (sealed / "journal.jsonl").read_text().splitlines()
    if break_it == "change":
        event = json.loads(lines[1])
        event["data"] = {"ü": 99}
        lines[1] = json.dumps(event)
    elif break_it == "drop":
        del lines[1]
    elif break_it == "swap":
        lines[0], lines[1] = lines[1], lines[0]
    elif break_it == "repeat":
        lines.insert(1, lines[1])
    else:
        lines[2] = "{" if break_it == "garbage" else "[]"
    with pytest.raises(VerifyError, match="Line"):
        check_chain(lines)
