"""What lies on the disk: no code, no surprise."""

import json
import zipfile
from pathlib import Path

import pytest
import skops.io
from sklearn.pipeline import Pipeline
from skops.io.exceptions import UntrustedTypesFoundException

from mlwright.base.errors import DataError, InputError
from mlwright.models.protocol import FitControl
from mlwright.models.signature import Task
from mlwright.models.tabular.dummy import Dummy
from mlwright.models.tabular.forest import ExtraTrees
from mlwright.models.tabular.loading import load_estimator
from mlwright.models.tabular.skops_file import load_skops
from mlwright.testing.models import made_table


def store(folder: Path) -> Path:
    train = made_table(Task.BINARY, 60)
    params = {"trees": 3, "min_samples_leaf": 5}
    ExtraTrees().fit(train, None, Task.BINARY, params, FitControl(0, 1)).save(folder)
    return folder


def test_a_stored_type_that_we_do_not_list_is_refused(tmp_path: Path) -> None:
    class Stranger(Pipeline):
        pass

    skops.io.dump(Stranger([]), tmp_path / "model.skops")
    with pytest.raises(UntrustedTypesFoundException, match="Stranger"):
        load_skops(tmp_path / "model.skops", ())


def test_a_skops_file_holds_no_moment_and_no_address(tmp_path: Path) -> None:
    with zipfile.ZipFile(store(tmp_path) / "forest.skops") as packed:
        assert {item.date_time for item in packed.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        numbers = [int(name.partition(".")[0]) for name in packed.namelist() if name != "schema.json"]
    assert max(numbers) < 10_000


def test_an_unknown_family_says_what_is_known(tmp_path: Path) -> None:
    content = json.loads((store(tmp_path) / "estimator.json").read_text())
    (tmp_path / "estimator.json").write_text(json.dumps({**content, "family": "extra_tree"}))
    with pytest.raises(InputError, match="did you mean 'extra_trees'"):
        load_estimator(tmp_path)


def test_another_format_is_refused(tmp_path: Path) -> None:
    content = json.loads((store(tmp_path) / "estimator.json").read_text())
    (tmp_path / "estimator.json").write_text(json.dumps({**content, "format": 2}))
    with pytest.raises(DataError, match="estimator of format 1"):
        load_estimator(tmp_path)


def test_a_matrix_of_another_width_is_refused() -> None:
    fitted = Dummy().fit(made_table(Task.BINARY, 20), None, Task.BINARY, {"strategy": "prior"}, FitControl(0, 1))
    with pytest.raises(DataError, match=r"\(rows, 5\) was expected by 'dummy'"):
        fitted.predict(made_table(Task.BINARY, 20).X[:, :3])
