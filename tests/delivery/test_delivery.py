"""Frames and files through a delivery."""

import csv
import gzip
import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from mlwright.base.errors import DataError, VerifyError
from mlwright.delivery.delivery import Delivery
from mlwright.delivery.scoring import predict_file


@pytest.fixture(scope="module")
def opened(sealed: Path) -> Delivery:
    return Delivery.open(sealed)


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame, pa.Table.from_pylist])
def test_the_same_kind_of_frame_comes_back(opened: Delivery, small: SimpleNamespace, make) -> None:
    rows = small.rows(20)
    predicted = opened.model.predict(make(rows))
    assert type(predicted) is type(make(rows))
    np.testing.assert_allclose(np.asarray(predicted["probability_yes"]), small.shares(rows)[:, 1], atol=1e-6)
    assert set(np.asarray(predicted["prediction"])) <= {"yes", "no"}


def test_scores_and_summary_are_read(opened: Delivery) -> None:
    assert opened.scores["metric"] == "roc_auc"
    assert opened.summary.startswith("# Summary")


def test_a_changed_delivery_is_not_opened(copy: Path) -> None:
    (copy / "SUMMARY.md").write_text("better")
    with pytest.raises(VerifyError, match=r"SUMMARY\.md was changed"):
        Delivery.open(copy)


def csv_file(path: Path, rows: list[dict]) -> Path:
    with path.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, ["id", *rows[0]])
        writer.writeheader()
        writer.writerows({"id": f"k{at}", **row} for at, row in enumerate(rows))
    return path


@pytest.mark.parametrize("end", ["csv", "tsv", "jsonl", "csv.gz", "parquet"])
def test_a_file_is_predicted_in_batches(opened: Delivery, small: SimpleNamespace, tmp_path: Path, end: str) -> None:
    rows = small.rows(53)
    out = tmp_path / f"out.{end}"
    report = predict_file(opened, csv_file(tmp_path / "in.csv", rows), out, batch_rows=10)
    assert (report.rows, report.skipped) == (53, 0)
    table = read(out)
    assert table["id"] == [f"k{at}" for at in range(53)]
    np.testing.assert_allclose(np.array(table["probability_yes"], dtype=float), small.shares(rows)[:, 1], atol=1e-6)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(["in.csv", out.name])


def read(path: Path) -> dict[str, list]:
    if path.suffix == ".parquet":
        return pl.read_parquet(path).to_dict(as_series=False)
    text = gzip.decompress(path.read_bytes()).decode() if path.suffix == ".gz" else path.read_text()
    if ".jsonl" in path.name:
        rows = [json.loads(line) for line in text.splitlines()]
    else:
        rows = list(csv.DictReader(text.splitlines(), delimiter="\t" if ".tsv" in path.name else ","))
    return {name: [row[name] for row in rows] for name in rows[0]}


def test_a_bad_row_stops_and_leaves_nothing(opened: Delivery, small: SimpleNamespace, tmp_path: Path) -> None:
    rows = small.rows(30)
    rows[24]["n0"] = "many"
    source = csv_file(tmp_path / "in.csv", rows)
    with pytest.raises(DataError, match="Row 25, column 'n0': 'many'"):
        predict_file(opened, source, tmp_path / "out.csv", batch_rows=10)
    assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]


def test_bad_rows_are_skipped_counted_and_named(opened: Delivery, small: SimpleNamespace, tmp_path: Path) -> None:
    rows = small.rows(30)
    rows[24]["n0"] = "many"
    rows[3]["when"] = "never"
    source = csv_file(tmp_path / "in.csv", rows)
    source.write_text(source.read_text() + "one,field,too,many,in,this,line\n")
    report = predict_file(opened, source, tmp_path / "out.csv", batch_rows=10, on_error="skip")
    assert (report.rows, report.skipped) == (28, 3)
    assert any("Row 25" in problem for problem in report.problems)
    assert any("Line 32" in problem for problem in report.problems)
    assert "k24" not in read(tmp_path / "out.csv")["id"]


def test_what_training_never_saw_is_counted(opened: Delivery, small: SimpleNamespace, tmp_path: Path) -> None:
    rows = [{**row, "colour": "pink", "n1": 50} for row in small.rows(15)]
    report = predict_file(opened, csv_file(tmp_path / "in.csv", rows), tmp_path / "out.csv", batch_rows=4)
    assert (report.unseen, report.out_of_range) == ({"colour": 15}, {"n1": 15})


def test_a_file_without_a_column_is_refused(opened: Delivery, small: SimpleNamespace, tmp_path: Path) -> None:
    rows = [{name: cell for name, cell in row.items() if name != "colour"} for row in small.rows(3)]
    with pytest.raises(Exception, match="'colour' is missing"):
        predict_file(opened, csv_file(tmp_path / "in.csv", rows), tmp_path / "out.csv")


@pytest.mark.parametrize("out", ["out.xml", "in.csv", "no/such/folder/out.csv"])
def test_an_output_that_cannot_be_is_refused(
    opened: Delivery, small: SimpleNamespace, tmp_path: Path, out: str
) -> None:
    source = csv_file(tmp_path / "in.csv", small.rows(3))
    before = source.read_bytes()
    with pytest.raises(DataError):
        predict_file(opened, source, tmp_path / out)
    assert source.read_bytes() == before
