"""The profile of a file in bounded memory says what the exact one says."""

import numpy as np
import polars as pl
import pytest

from mlwright.data import profile_file as module
from mlwright.data.dataset import to_dataset
from mlwright.data.infer import infer_schema
from mlwright.data.profile import profile
from mlwright.data.profile_file import profile_file
from mlwright.data.readers import read_raw
from mlwright.data.readers.blocks import Blocks


@pytest.mark.parametrize("name", ["titanic.csv", "california_housing.csv.gz", "bike_hour.csv"])
def test_small_files_have_the_exact_profile(shared_data, name):
    path = shared_data / "tabular" / name
    raw = read_raw(str(path), base=path.parent)
    exact = profile(to_dataset(raw, infer_schema(raw))[0])
    found = profile_file(path).profile
    for column in exact.columns:
        other = found[column.name]
        assert (other.missing, other.minimum, other.maximum) == (column.missing, column.minimum, column.maximum)
        assert other.distinct == pytest.approx(column.distinct, rel=0.06)
        assert other.quantiles == column.quantiles
        if column.mean is not None:
            assert (other.mean, other.std) == pytest.approx((column.mean, column.std))


@pytest.mark.parametrize("block_bytes", [7, 100, 10_000])
@pytest.mark.parametrize("extra", ["", '"quoted\n, so",1\n', '5" stray,1\n'])
def test_blocks_hold_the_rows_of_the_file(tmp_path, block_bytes, extra):
    path = tmp_path / "t.csv"
    path.write_text("name,n\n" + "".join(f"r{i},{i}\n" for i in range(40)) + extra + "a,b,c\n\nlast,99")
    blocks = Blocks(path, block_bytes)
    frame = pl.concat(list(blocks))
    assert frame.equals(read_raw(str(path), base=tmp_path).frame)
    problem = read_raw(str(path), base=tmp_path).problems[0]
    assert blocks.bad_lines == problem.count == 1
    assert f"line {blocks.bad_examples[0].line}:" in problem.examples[0]


def test_a_sample_stands_for_the_rest(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "SAMPLE_ROWS", 2_000)
    values = np.random.default_rng(0).normal(10, 2, size=20_000)
    frame = pl.DataFrame({"x": values, "k": [f"key {i}" for i in range(20_000)]})
    frame.write_parquet(tmp_path / "t.parquet", row_group_size=3_000)
    found = profile_file(tmp_path / "t.parquet").profile
    assert (found.rows, found.sampled_rows) == (20_000, 2_000)
    assert found["x"].mean == pytest.approx(values.mean())
    assert found["x"].maximum == values.max()
    assert found["x"].quantiles["0.5"] == pytest.approx(10, abs=0.2)
    assert found["k"].distinct == pytest.approx(20_000, rel=0.06)


def test_lost_cells_are_counted_over_all_blocks(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("n,y\n" + "1,2\n" * 500 + "oops,1\n" * 3)
    found = profile_file(path)
    assert [(problem.count, problem.examples) for problem in found.problems] == [(3, ("'oops'",) * 3)]
