"""Requests to columns."""

import json
import math
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlwright.data.cells import parse_cells
from mlwright.data.schema import Column, SemanticType
from mlwright.models.signature import Signature, Task
from mlwright.serving.cells import CellReader, Notes
from mlwright.serving.refusal import Refusal
from mlwright.serving.rows import RowDecoder

ROW = {"n0": 1.5, "n1": 2, "colour": "red", "note": " hello ", "when": "2020-01-01"}


@pytest.fixture(scope="module")
def decoder(small: SimpleNamespace) -> RowDecoder:
    return RowDecoder(small.signature(), max_rows=5)


def decode(decoder: RowDecoder, value: object) -> object:
    return decoder.decode(json.dumps(value).encode())


def refused(decoder: RowDecoder, body: bytes) -> Refusal:
    with pytest.raises(Refusal) as caught:
        decoder.decode(body)
    return caught.value


def row_with(name: str, cell: str) -> bytes:
    return json.dumps({**ROW, name: "@"}).replace('"@"', cell).encode()


@pytest.mark.parametrize(
    "value", [ROW, [ROW], {"rows": [ROW]}, {"columns": {name: [cell] for name, cell in ROW.items()}}]
)
def test_four_envelopes_mean_the_same(decoder: RowDecoder, value: object) -> None:
    columns = decode(decoder, value).columns
    assert {name: cells.tolist() for name, cells in columns.items()} == {
        "n0": [1.5], "n1": [2.0], "colour": ["red"], "note": ["hello"], "when": [1577836800.0]
    }  # fmt: skip


@pytest.mark.parametrize("as_list", [False, True])
def test_null_is_missing(decoder: RowDecoder, as_list: bool) -> None:
    row = dict.fromkeys(ROW)
    columns = decode(decoder, [row] if as_list else row).columns
    assert math.isnan(columns["n0"][0])
    assert math.isnan(columns["when"][0])
    assert columns["colour"][0] == columns["note"][0] == ""


@pytest.mark.parametrize(
    ("name", "cell", "reason"),
    [
        ("n0", "NaN", "not_finite"),
        ("n0", "Infinity", "not_finite"),
        ("n0", "-Infinity", "not_finite"),
        ("n0", "1e400", "not_finite"),
        ("n0", "1" + "0" * 400, "wrong_type"),
        ("n0", '"two"', "wrong_type"),
        ("n0", '""', "wrong_type"),
        ("n0", "true", "wrong_type"),
        ("n0", "[1]", "wrong_type"),
        ("n0", "{}", "wrong_type"),
        ("colour", "[]", "wrong_type"),
        ("colour", "NaN", "not_finite"),
        ("note", "{}", "wrong_type"),
        ("when", '"yesterday"', "wrong_type"),
        ("when", "12", "wrong_type"),
        ("when", "NaN", "not_finite"),
    ],
)
@pytest.mark.parametrize("row", [1, 2])
def test_a_wrong_cell_is_named_by_row_and_field(
    decoder: RowDecoder, name: str, cell: str, reason: str, row: int
) -> None:
    body = row_with(name, cell) if row == 1 else b"[%s, %s]" % (json.dumps(ROW).encode(), row_with(name, cell))
    refusal = refused(decoder, body)
    fault = refusal.faults[0]
    assert (refusal.status, fault.row, fault.field, fault.reason) == (422, row, name, reason)
    assert f"Row {row}, column '{name}'" in refusal.message
    assert refusal.hint


def test_every_wrong_cell_is_listed(decoder: RowDecoder) -> None:
    refusal = refused(decoder, json.dumps({**ROW, "n0": "x", "n1": "y"}).encode())
    assert [fault.field for fault in refusal.faults] == ["n0", "n1"]
    assert "1 more" in refusal.message


def test_a_misspelt_column_is_named_with_the_right_name(decoder: RowDecoder) -> None:
    row = {("clour" if name == "colour" else name): cell for name, cell in ROW.items()}
    refusal = refused(decoder, json.dumps(row).encode())
    assert [(f.reason, f.field) for f in refusal.faults] == [("unknown_column", "clour"), ("missing_column", "colour")]
    assert refusal.hint == "did you mean 'colour'?"


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "invalid_json"),
        (b"{", 400, "invalid_json"),
        (b"{} x", 400, "invalid_json"),
        (b"\xff\xfe", 400, "invalid_json"),
        (b'{"n0": "\xff"}', 400, "invalid_json"),
        (b"[" * 100_000, 400, "invalid_json"),
        (b"1", 422, "wrong_shape"),
        (b"null", 422, "wrong_shape"),
        (b"[]", 422, "wrong_shape"),
        (b"[1]", 422, "wrong_shape"),
        (b'{"rows": []}', 422, "wrong_shape"),
        (b'{"rows": [[]]}', 422, "wrong_shape"),
        (b'{"columns": {}}', 422, "missing_column"),
        (b"{}", 422, "missing_column"),
        (b"[" + b",".join([b"{}"] * 6) + b"]", 413, "too_many_rows"),
    ],
)
def test_what_is_no_request_is_refused(decoder: RowDecoder, body: bytes, status: int, code: str) -> None:
    refusal = refused(decoder, body)
    assert (refusal.status, refusal.code) == (status, code)


def test_columns_of_different_lengths_are_refused(decoder: RowDecoder) -> None:
    table = {name: [cell] for name, cell in ROW.items()} | {"n1": [1, 2]}
    assert "'n1' has 2 cells" in refused(decoder, json.dumps({"columns": table}).encode()).message
    table["n1"] = 3
    assert "not a list" in refused(decoder, json.dumps({"columns": table}).encode()).message


@pytest.mark.parametrize("as_list", [False, True])
def test_what_training_never_saw_is_warned_of(decoder: RowDecoder, as_list: bool) -> None:
    row = {**ROW, "n0": 99, "colour": "pink", "when": "2050-01-01"}
    notes = decode(decoder, [row] if as_list else row).notes
    assert (notes.unseen, notes.out_of_range) == ({"colour": 1}, {"n0": 1, "when": 1})
    assert {warning["reason"] for warning in notes.warnings} == {"unseen_level", "out_of_range"}
    assert "99 lies outside what training saw in 'n0': -5 to 5." in [warning["message"] for warning in notes.warnings]


def test_warnings_are_bounded_and_counted(small: SimpleNamespace) -> None:
    decoder = RowDecoder(small.signature(), max_warnings=3)
    notes = decode(decoder, [{**ROW, "colour": "pink"}] * 10).notes
    assert (len(notes.warnings), notes.warning_count) == (3, 10)


ODD = st.sampled_from(["red", "1", "1.0", " red", "TRUE", "2020-01-01"])
CELLS = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=6), ODD)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(list(SemanticType)), st.lists(CELLS, min_size=1, max_size=5))
def test_short_ways_agree_with_the_parser(kind: SemanticType, cells: list[object]) -> None:
    column = Column(name="x", type=kind, levels=("red", "1") if kind is SemanticType.CATEGORY else (), minimum=-3.0)
    bad: list = []
    expected = parse_cells(column, cells, bad=bad)
    for values, notes in (_one_by_one(column, cells), _at_once(column, cells)):
        np.testing.assert_array_equal(np.asarray(values, dtype=expected.dtype), expected)
        assert notes.bad_rows == {cell.row for cell in bad}


def _one_by_one(column: Column, cells: list[object]) -> tuple[list, Notes]:
    notes = Notes(nan_is_missing=True)
    return [CellReader(column).one(cell, row, notes) for row, cell in enumerate(cells, 1)], notes


def _at_once(column: Column, cells: list[object]) -> tuple[np.ndarray, Notes]:
    notes = Notes(nan_is_missing=True)
    return CellReader(column).many(cells, 1, notes), notes


VALUES = st.recursive(CELLS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner))
BODIES = st.binary(max_size=60) | VALUES.map(lambda value: json.dumps(value).encode())


@settings(max_examples=300, deadline=None)
@given(BODIES)
def test_no_body_makes_the_decoder_fail(body: bytes) -> None:
    column = Column(name="x", type=SemanticType.NUMBER)
    decoder = RowDecoder(Signature(name="m", version="1", task=Task.REGRESSION, target="y", inputs=(column,)))
    status = 200
    try:
        decoder.decode(body)
    except Refusal as refusal:
        status = refusal.status
    assert status in (200, 400, 413, 422)
