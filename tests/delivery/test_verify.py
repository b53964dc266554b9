"""Verification: what holds is accepted, what was changed and sealed again is still found out."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from mlwright.delivery.evidence_files import read_test_predictions, read_test_rows
from mlwright.delivery.manifest import check_manifest, write_manifest
from mlwright.delivery.pointer import resolve
from mlwright.delivery.verify import Verification, verify
from mlwright.serving.runtime import Prediction, parse_signature

NAMES = ["files", "signature", "journal", "onnx parity", "native parity", "test score", "claims", "service"]


def statuses(verification: Verification) -> dict[str, str]:
    return {check.name: check.status for check in verification.checks}


@pytest.mark.parametrize("which", ["sealed", "sealed_regression"])
def test_a_true_delivery_is_accepted(which: str, request: pytest.FixtureRequest) -> None:
    verification = verify(request.getfixturevalue(which))
    assert verification.reasons == ()
    assert verification.exit_code == 0
    assert list(statuses(verification)) == NAMES
    assert statuses(verification)["native parity"] == "skipped"
    check_manifest(request.getfixturevalue(which))  # verifying left nothing behind


def test_any_single_changed_file_is_refused(copy: Path) -> None:
    for name in [*check_manifest(copy).files, "MANIFEST.json"]:
        content = (copy / name).read_bytes()
        (copy / name).write_bytes(content + b" ")
        verification = verify(copy)
        assert not verification.ok
        assert name in verification.reasons[0]
        (copy / name).write_bytes(content)


def resealed(copy: Path, change: Callable[[Path], None]) -> dict[str, str]:
    old = check_manifest(copy)
    change(copy)
    write_manifest(copy, model=old.model, claims=old.claims)
    verification = verify(copy, service=False)
    assert not verification.ok
    return {check.name: check.message for check in verification.checks if check.status == "failed"}


def edit(name: str, change: Callable[[dict], None]) -> Callable[[Path], None]:
    def apply(root: Path) -> None:
        content = json.loads((root / name).read_text())
        change(content)
        (root / name).write_text(json.dumps(content))

    return apply


def test_a_better_score_is_found_out(copy: Path) -> None:
    failed = resealed(copy, edit("evaluation/scores.json", lambda c: c["test"]["roc_auc"].update(value=0.999)))
    assert set(failed) == {"test score", "claims"}
    assert "roc_auc = 0.999" in failed["test score"]


def test_a_score_is_found_out_in_its_ninth_digit(copy: Path) -> None:
    def change(content: dict) -> None:
        content["test"]["log_loss"]["value"] += 1e-8

    assert set(resealed(copy, edit("evaluation/scores.json", change))) == {"test score"}


def test_changed_test_rows_are_found_out(copy: Path) -> None:
    def change(root: Path) -> None:
        path = root / "evaluation" / "test_rows.jsonl.gz"
        rows = [json.loads(line) for line in gzip.decompress(path.read_bytes()).splitlines()]
        rows[0]["n1"] += 1
        path.write_bytes(gzip.compress("".join(json.dumps(row) + "\n" for row in rows).encode()))

    assert "onnx parity" in resealed(copy, change)


def test_another_model_is_found_out(copy: Path, small: SimpleNamespace) -> None:
    from onnx import load_from_string, numpy_helper

    def change(root: Path) -> None:
        model = load_from_string(small.onnx_bytes())
        weights = next(each for each in model.graph.initializer if list(each.dims) == [2, 1])
        weights.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(weights) * 1.01, weights.name))
        (root / "model" / "model.onnx").write_bytes(model.SerializeToString())

    assert "onnx parity" in resealed(copy, change)


def test_a_journal_that_was_rewritten_is_found_out(copy: Path) -> None:
    def change(root: Path) -> None:
        path = root / "journal.jsonl"
        path.write_text(path.read_text().replace('"k"', '"other"', 1))

    assert "journal" in resealed(copy, change)


def test_a_signature_of_another_version_is_found_out(copy: Path) -> None:
    failed = resealed(copy, edit("model/signature.json", lambda content: content.update(version="2")))
    assert set(failed) == {"signature"}


def test_an_example_that_was_not_answered_so_is_found_out(copy: Path) -> None:
    old = check_manifest(copy)
    edit("service/example.json", lambda content: content.update(probabilities=[0.5, 0.5]))(copy)
    write_manifest(copy, model=old.model, claims=old.claims)
    assert statuses(verify(copy))["service"] == "failed"


def test_the_native_model_is_compared_when_it_can_be_loaded(copy: Path, small: SimpleNamespace) -> None:
    (copy / "model" / "native").mkdir()
    (copy / "model" / "native" / "model.txt").write_text("native")
    old = check_manifest_of(copy)
    seen: list[Path] = []

    def native(folder: Path, columns) -> Prediction:
        seen.append(folder)
        return read_test_predictions(copy, small.signature())

    verification = verify(copy, native=native, service=False)
    assert old
    assert statuses(verification)["native parity"] == "passed"
    assert seen == [copy / "model" / "native"]


def check_manifest_of(copy: Path) -> bool:
    signature = parse_signature((copy / "model" / "signature.json").read_bytes())
    return bool(write_manifest(copy, model=signature).files)


def test_evidence_is_read_as_it_was_written(sealed: Path, small: SimpleNamespace) -> None:
    rows = read_test_rows(sealed, small.signature())
    stored = read_test_predictions(sealed, small.signature())
    assert rows.rows == stored.rows == 40
    assert rows.cells["colour"][0] == "red"
    assert stored.probabilities.tolist() == small.shares(small.rows(40)).tolist()


def test_pointers_follow_the_specification() -> None:
    document = {"foo": ["bar", "baz"], "": 0, "a/b": 1, "m~n": 8, "c%d": 2}  # the examples of RFC 6901
    assert resolve(document, "") == document
    assert [resolve(document, p) for p in ("/foo/0", "/", "/a~1b", "/m~0n", "/c%d")] == ["bar", 0, 1, 8, 2]
    with pytest.raises(Exception, match="nothing at"):
        resolve(document, "/foo/2")
