"""Training (readers, polars) and prediction (stream, plain Python) reach the same normal form, cell by cell."""

import csv
import json
import math
import string
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlwright.data.cells import parse_cells
from mlwright.data.dataset import Dataset, to_dataset, typed_series
from mlwright.data.frames import columns_of
from mlwright.data.infer import infer_schema
from mlwright.data.readers import read_raw
from mlwright.data.schema import Column, Schema, SemanticType
from mlwright.data.stream import stream_cells

TABLES = ["titanic.csv", "online_shoppers.csv.gz", "wine_quality.csv", "california_housing.csv.gz", "bike_hour.csv"]


def assert_same(left, right):
    if left.dtype == object:
        assert left.tolist() == right.tolist()
    else:
        np.testing.assert_array_equal(left, right)


def streamed(path: Path, schema: Schema):
    batches = list(stream_cells(path, batch_rows=7))
    return {
        column.name: parse_cells(column, [cell for batch in batches for cell in batch[column.name]], bad=[])
        for column in schema.columns
    }


@pytest.mark.parametrize("name", TABLES)
def test_real_tables_have_one_normal_form(shared_data, name):
    path = shared_data / "tabular" / name
    raw = read_raw(str(path), base=path.parent)
    schema = infer_schema(raw)
    dataset, problems = to_dataset(raw, schema)
    assert problems == ()
    other = streamed(path, schema)
    for column, values in dataset.columns().items():
        assert_same(values, other[column])


def test_frames_of_every_library_have_the_same_normal_form(shared_data):
    import pandas as pd
    import pyarrow.csv as pc

    path = shared_data / "tabular" / "titanic.csv"
    raw = read_raw(str(path), base=path.parent)
    schema = infer_schema(raw)
    expected = to_dataset(raw, schema)[0].columns()
    for frame in (pd.read_csv(path), pl.read_csv(path), pc.read_csv(path)):
        for column, values in columns_of(frame, schema.columns).items():
            assert_same(values, expected[column])


cells = st.one_of(
    st.none(),
    st.integers(-(10**12), 10**12),
    st.floats(allow_nan=False, allow_infinity=False),
    st.booleans(),
    st.text(alphabet=string.printable + "äß€\xa0\u2003", max_size=12),
    st.sampled_from(["NA", "1.0", "-0.0", "0.50", "TRUE", "True", "007", "1,5", "1.000,5", "1e5", ".5", "5.", "+1"]),
    st.datetimes().map(lambda moment: moment.isoformat(sep=" ")),
)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(rows=st.lists(st.tuples(cells, cells, cells), min_size=2, max_size=30), delimiter=st.sampled_from(",;\t|"))
def test_a_csv_has_one_normal_form(tmp_path_factory, rows, delimiter):
    path = tmp_path_factory.mktemp("csv") / "t.csv"
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, delimiter=delimiter)
        writer.writerow(["first", "second", "third"])
        writer.writerows(["" if cell is None else cell for cell in row] for row in rows)
    raw = read_raw(str(path), base=path.parent)
    assert raw.frame.height == len(rows)
    schema = infer_schema(raw)
    dataset, _ = to_dataset(raw, schema)
    other = streamed(path, schema)
    for column, values in dataset.columns().items():
        assert_same(values, other[column])


@settings(max_examples=60, deadline=None)
@given(rows=st.lists(st.tuples(cells, cells), min_size=2, max_size=20))
def test_json_lines_have_one_normal_form(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("jsonl") / "t.jsonl"
    path.write_text("\n".join(json.dumps({"first": a, "second": b}) for a, b in rows), encoding="utf-8")
    raw = read_raw(str(path), base=path.parent)
    schema = infer_schema(raw)
    dataset, _ = to_dataset(raw, schema)
    other = streamed(path, schema)
    for column, values in dataset.columns().items():
        assert_same(values, other[column])


@settings(max_examples=150, deadline=None)
@given(texts=st.lists(st.text(alphabet="0123456789+-.,eE '", min_size=1, max_size=9), min_size=1))
@pytest.mark.parametrize(("decimal", "thousands"), [(".", ""), (",", "."), (".", ","), (",", ""), (".", "'")])
def test_numbers_are_read_alike(texts, decimal, thousands):
    column = Column(name="x", type=SemanticType.NUMBER, decimal=decimal, thousands=thousands)
    stripped = [text.strip() for text in texts]
    fast = typed_series(pl.Series("x", stripped), column).fill_null(math.nan).to_numpy()
    np.testing.assert_array_equal(parse_cells(column, stripped, bad=[]), fast)


two = st.integers(0, 99).map("{:02d}".format)
iso = st.builds(
    "{}-{}-{}{}{}:{}{}{}".format,
    st.integers(0, 9999).map("{:04d}".format), st.integers(0, 13).map("{:02d}".format),
    st.integers(0, 32).map("{:02d}".format), st.sampled_from("T tx"), two, two,
    st.one_of(st.just(""), two.map(":{}".format), st.builds(":{}.{}".format, two, st.integers(0, 10**9).map(str))),
    st.sampled_from(["", "Z", "z", "+02:00", "-0330", "+5", "-11", " UTC", "+24:00", "+01:60"]),
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(texts=st.lists(st.one_of(iso, iso.map(lambda text: text[:10]), iso.map(lambda text: text[:19])), min_size=1))
def test_iso_dates_are_read_alike(texts):
    column = Column(name="x", type=SemanticType.DATETIME)
    frame = typed_series(pl.Series("x", texts), column).to_frame()
    fast = Dataset(frame, Schema(columns=(column,))).columns()["x"]
    np.testing.assert_array_equal(parse_cells(column, texts, bad=[]), fast)
