"""Frames of every library, in and out."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from mlwright.base.errors import DataError
from mlwright.data.frames import columns_of, frame_like
from mlwright.data.schema import Column, SemanticType

INPUTS = (
    Column(name="n", type=SemanticType.NUMBER),
    Column(name="c", type=SemanticType.CATEGORY),
    Column(name="d", type=SemanticType.DATETIME),
)
DATA = {"n": [1.5, None], "c": [1, None], "d": ["2020-01-01", None]}
FRAMES = [DATA, pd.DataFrame(DATA), pl.DataFrame(DATA), pa.table(DATA), pd.DataFrame(DATA).convert_dtypes()]
FRAMES += [pd.DataFrame(DATA).assign(d=lambda f: pd.to_datetime(f["d"]), c=lambda f: f["c"].astype("category"))]


@pytest.mark.parametrize("frame", FRAMES)
def test_columns_in_normal_form(frame):
    found = columns_of(frame, INPUTS)
    np.testing.assert_array_equal(found["n"], [1.5, np.nan])
    assert found["c"].tolist() == ["1", ""]
    np.testing.assert_array_equal(found["d"], [1577836800.0, np.nan])


@pytest.mark.parametrize("frame", FRAMES[:4])
def test_the_same_kind_goes_out(frame):
    out = frame_like(frame, {"p": np.array([0.5, 0.25]), "label": np.array(["a", "b"], dtype=object)})
    assert type(out) is type(frame)
    assert list(columns_of(out, [Column(name="label", type=SemanticType.TEXT)])["label"]) == ["a", "b"]


def test_the_index_of_pandas_is_kept():
    frame = pd.DataFrame(DATA, index=[7, 9])
    assert frame_like(frame, {"p": np.array([1.0, 2.0])}).index.tolist() == [7, 9]


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        ({"n": [1]}, "no column 'c'; it has 'n'"),
        ({"n": [1], "c": [1, 2], "d": [None]}, "differ in length"),
        ({"n": 1, "c": [1], "d": [None]}, "a list of values"),
        ([1, 2], "A list is not a table"),
        (pd.DataFrame([[1, 2, 3, 4]], columns=["n", "n", "c", "d"]), "more than once"),
        (pl.DataFrame({"n": [np.inf], "c": ["a"], "d": ["2020-01-01"]}), "Row 1, column 'n': inf"),
    ],
)
def test_bad_frames_are_refused(frame, message):
    with pytest.raises(DataError, match=message):
        columns_of(frame, INPUTS)
