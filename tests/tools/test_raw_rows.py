"""Rows as callers send them: plain JSON that reads back to the same columns."""

import json
from datetime import datetime

import numpy as np
import polars as pl

from mlwright.data.cells import parse_cells
from mlwright.data.dataset import Dataset
from mlwright.data.schema import Column, Schema, SemanticType
from mlwright.tools.raw_rows import raw_rows

KINDS = {
    "n": SemanticType.NUMBER,
    "c": SemanticType.CATEGORY,
    "t": SemanticType.TEXT,
    "d": SemanticType.DATETIME,
}
COLUMNS = tuple(Column(name=name, type=kind) for name, kind in KINDS.items())


def dataset() -> Dataset:
    frame = pl.DataFrame(
        {
            "n": [1.5, float("nan"), None],
            "c": ["yes", None, "é"],
            "t": ["some words", "", None],
            "d": [datetime(2024, 2, 29, 12, 30, 0, 250), None, datetime(1969, 12, 31)],  # noqa: DTZ001 - cells have no zone
        },
        schema_overrides={"d": pl.Datetime("us")},
    )
    return Dataset(frame, Schema(columns=COLUMNS))


def test_cells_are_plain_json_and_missing_is_null() -> None:
    assert raw_rows(dataset(), COLUMNS) == [
        {"n": 1.5, "c": "yes", "t": "some words", "d": "2024-02-29T12:30:00.000250"},
        {"n": None, "c": None, "t": "", "d": None},
        {"n": None, "c": "é", "t": None, "d": "1969-12-31T00:00:00"},
    ]
    json.dumps(raw_rows(dataset(), COLUMNS), allow_nan=False)


def test_only_the_columns_asked_for_are_sent_in_their_order() -> None:
    rows = raw_rows(dataset(), (COLUMNS[3], COLUMNS[0]))
    assert [list(row) for row in rows] == [["d", "n"]] * 3


def test_the_service_reads_them_back_as_training_saw_them() -> None:
    rows, trained = raw_rows(dataset(), COLUMNS), dataset().columns()
    for column in COLUMNS:
        np.testing.assert_array_equal(parse_cells(column, [row[column.name] for row in rows]), trained[column.name])


def test_a_table_without_rows_gives_none() -> None:
    assert raw_rows(dataset().take([]), COLUMNS) == []
