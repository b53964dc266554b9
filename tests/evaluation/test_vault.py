import stat

import numpy as np
import pytest

from mlwright.base.errors import DataError, RunError
from mlwright.evaluation.vault import open_once, opened_by, seal

LABELS = np.array([0, 1, 1, 0], dtype=np.int64)


def test_labels_come_back_to_the_first_who_asks(tmp_path):
    seal(LABELS, tmp_path / "vault")
    assert opened_by(tmp_path / "vault") is None
    assert open_once(tmp_path / "vault", "score").tolist() == LABELS.tolist()
    assert opened_by(tmp_path / "vault") == "score"


def test_a_second_opening_is_an_error_and_a_resumed_one_is_not(tmp_path):
    seal(LABELS, tmp_path)
    open_once(tmp_path, "step-1")
    assert open_once(tmp_path, "step-1").tolist() == LABELS.tolist()
    with pytest.raises(RunError, match="opened before, by 'step-1'; now 'step-2' asks"):
        open_once(tmp_path, "step-2")


def test_the_labels_are_for_the_owner_alone(tmp_path):
    seal(LABELS, tmp_path / "vault")
    open_once(tmp_path / "vault", "t")
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "vault").iterdir()}
    assert modes == {"labels.npy": 0o600, "labels.json": 0o600, "opened.json": 0o600}


def test_changed_labels_are_noticed(tmp_path):
    seal(LABELS, tmp_path)
    content = bytearray((tmp_path / "labels.npy").read_bytes())
    content[-1] ^= 1
    (tmp_path / "labels.npy").write_bytes(bytes(content))
    with pytest.raises(RunError, match="sha256 differs"):
        open_once(tmp_path, "t")


def test_the_same_labels_may_be_sealed_again_and_others_may_not(tmp_path):
    assert seal(LABELS, tmp_path) == seal(LABELS, tmp_path)
    with pytest.raises(RunError, match="other labels"):
        seal(1 - LABELS, tmp_path)


def test_an_empty_folder_is_no_vault_and_text_is_no_label(tmp_path):
    with pytest.raises(RunError, match="cannot be used"):
        open_once(tmp_path, "t")
    with pytest.raises(DataError, match="one number per row"):
        seal(np.array(["a"], dtype=object), tmp_path)
