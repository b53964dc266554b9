"""No byte of a delivery changes unseen."""

import json
from pathlib import Path

import pytest

from mlwright.base.errors import VerifyError
from mlwright.delivery.manifest import NAME, check_manifest, write_manifest


def test_an_untouched_delivery_is_accepted(sealed: Path) -> None:
    manifest = check_manifest(sealed)
    assert "model/model.onnx" in manifest.files
    assert "service/.github/workflows/ci.yml" in manifest.files
    assert NAME not in manifest.files


def test_any_changed_byte_of_any_file_is_refused_by_name(copy: Path) -> None:
    for name in check_manifest(copy).files:
        path = copy / name
        content = path.read_bytes()
        for at in {0, len(content) // 2, len(content) - 1}:
            path.write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
            with pytest.raises(VerifyError, match="was changed") as caught:
                check_manifest(copy)
            assert name in str(caught.value)
        path.write_bytes(content)
    check_manifest(copy)


def test_any_changed_byte_of_the_manifest_is_refused(copy: Path) -> None:
    path = copy / NAME
    content = path.read_bytes()
    for at in range(0, len(content), 7):
        for new in (content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :], content[:at] + b" " + content[at:]):
            path.write_bytes(new)
            with pytest.raises(VerifyError):
                check_manifest(copy)
    path.write_bytes(content + b"\n")
    with pytest.raises(VerifyError):
        check_manifest(copy)


def test_missing_and_unknown_files_are_named(copy: Path) -> None:
    (copy / "SUMMARY.md").unlink()
    (copy / "extra.txt").write_text("?")
    with pytest.raises(VerifyError, match=r"SUMMARY\.md is missing; extra\.txt is not in the manifest"):
        check_manifest(copy)


def test_a_cache_of_python_gets_a_hint(copy: Path) -> None:
    (copy / "service" / "__pycache__").mkdir()
    (copy / "service" / "__pycache__" / "app.pyc").write_bytes(b"x")
    with pytest.raises(VerifyError, match="delete __pycache__"):
        check_manifest(copy)


@pytest.mark.parametrize("name", ["SUMMARY.md", NAME, "model"])
def test_links_are_refused(copy: Path, tmp_path: Path, name: str) -> None:
    (copy / name).rename(tmp_path / "elsewhere")
    (copy / name).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(VerifyError, match="link"):
        check_manifest(copy)


def test_a_manifest_of_another_form_is_refused(copy: Path) -> None:
    content = json.loads((copy / NAME).read_text())
    (copy / NAME).write_text(json.dumps(content))
    with pytest.raises(VerifyError, match="changed after it was sealed"):
        check_manifest(copy)


def test_sealing_twice_gives_the_same_bytes(copy: Path) -> None:
    before = (copy / NAME).read_bytes()
    old = check_manifest(copy)
    write_manifest(copy, model=old.model, claims=old.claims)
    assert (copy / NAME).read_bytes() == before


def test_a_folder_without_a_manifest_is_no_delivery(tmp_path: Path) -> None:
    with pytest.raises(VerifyError, match=r"MANIFEST\.json cannot be read"):
        check_manifest(tmp_path)
