"""Cells of one column to the normal form."""

import math
from datetime import UTC, date, datetime, timedelta, timezone

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlwright.base.errors import DataError, RequestError
from mlwright.data.cells import parse_cells, text_to_microseconds, text_to_number
from mlwright.data.schema import Column, SemanticType

NUMBER = Column(name="age", type=SemanticType.NUMBER, example=22.0)
CATEGORY = Column(name="colour", type=SemanticType.CATEGORY)
TEXT = Column(name="note", type=SemanticType.TEXT)
MOMENT = Column(name="when", type=SemanticType.DATETIME, formats=("%d/%m/%Y",))


def test_numbers_come_from_texts_integers_and_numpy_scalars():
    assert parse_cells(NUMBER, ["22", " 1.5 ", 3, 4.5, np.int64(5), np.float32(0.5)]).tolist() == [
        22,
        1.5,
        3,
        4.5,
        5,
        0.5,
    ]


def test_none_and_nan_are_missing_in_every_column():
    assert np.isnan(parse_cells(NUMBER, [None, math.nan])).all()
    assert parse_cells(CATEGORY, [None, math.nan]).tolist() == ["", ""]
    assert np.isnan(parse_cells(MOMENT, [None, np.datetime64("NaT")])).all()


def test_decimal_comma_and_thousands_are_obeyed():
    german = Column(name="price", type=SemanticType.NUMBER, decimal=",", thousands=".")
    assert parse_cells(german, ["1.234,5", "12,25", "1.234.567"]).tolist() == [1234.5, 12.25, 1234567.0]
    with pytest.raises(RequestError, match=r"'1\.2345'"):
        parse_cells(german, ["1.2345"])


@pytest.mark.parametrize(
    "cell", ["abc", "inf", "NaN", "NA", "", math.inf, True, "1_000", "0x10", [1], 10**400, "1e999"]
)
def test_a_cell_that_is_no_finite_number_is_refused(cell):
    with pytest.raises(RequestError, match="Row 2, column 'age'") as caught:
        parse_cells(NUMBER, [1, cell])
    assert "a number" in caught.value.message
    assert "22.0" in caught.value.hint


WRITTEN = ["0", "-0.0", "22", "+1", ".5", "5.", "1e5", "1E-3", "0.1", "007", "179769313486231570000" + "0" * 289, None]


@settings(max_examples=300, deadline=None)
@given(
    cells=st.lists(
        st.one_of(
            st.sampled_from(WRITTEN),
            st.floats(allow_nan=False, allow_infinity=False).map(repr),
            st.text(alphabet="0123456789.eE+-", max_size=6),
            st.sampled_from(["", ".", "1_0", "inf", "nan", "1e999", "\u0663", " 1 ", "1 2", "\x1c1", "1\n", "0x1"]),
        ),
        max_size=4,
    )
)
def test_a_column_of_texts_reads_as_its_cells_do(cells):
    together, apart = [], []
    values = parse_cells(NUMBER, cells, bad=together)
    for row, cell in enumerate(cells, 1):
        expected = math.nan if cell is None else text_to_number(cell)
        if expected is None:
            apart.append(row)
            expected = math.nan
        assert values[row - 1].tobytes() == np.float64(expected).tobytes()  # the sign of a zero too
    assert [fault.row for fault in together] == apart


def test_the_error_class_and_the_first_row_can_be_chosen():
    with pytest.raises(DataError, match="Row 101"):
        parse_cells(NUMBER, ["x"], first_row=101, error=DataError)


def test_bad_cells_can_be_collected_and_are_then_missing():
    bad = []
    assert math.isnan(parse_cells(NUMBER, ["x", 1], bad=bad)[0])
    assert [(cell.row, cell.value) for cell in bad] == [(1, "'x'")]


def test_levels_are_the_same_whatever_program_wrote_them():
    assert parse_cells(CATEGORY, [1, 1.0, "1.0", "1", np.int32(1)]).tolist() == ["1"] * 5
    assert parse_cells(CATEGORY, [True, "True", "true", np.bool(True)]).tolist() == ["true"] * 4
    assert parse_cells(CATEGORY, [" red ", 1.5, "01.0x", "FALSE"]).tolist() == ["red", "1.5", "01.0x", "false"]


def test_text_is_stripped_and_else_left_alone():
    assert parse_cells(TEXT, ["  1.0 ", "TRUE"]).tolist() == ["1.0", "TRUE"]


def test_structures_are_refused_as_text():
    with pytest.raises(RequestError, match="a text"):
        parse_cells(TEXT, [{"a": 1}])


def test_dates_come_with_and_without_zone_and_as_objects():
    expected = datetime(2020, 2, 29, 12, tzinfo=UTC).timestamp()
    cells = ["2020-02-29T12:00:00", "2020-02-29 12:00", "2020-02-29T14:00:00+02:00", "2020-02-29T12:00:00Z"]
    cells += [datetime(2020, 2, 29, 12), datetime(2020, 2, 29, 14, tzinfo=timezone(timedelta(hours=2)))]  # noqa: DTZ001
    cells += [np.datetime64("2020-02-29T12:00:00.000000000")]
    assert set(parse_cells(MOMENT, cells).tolist()) == {expected}
    assert parse_cells(MOMENT, [date(1970, 1, 2), "02/01/1970"]).tolist() == [86400.0, 86400.0]


@pytest.mark.parametrize("cell", ["2021-02-29", "2020-01-01T24:00", "31/31/2020", "soon", 5, "2020-01-01T00:00+99:00"])
def test_a_cell_that_is_no_date_is_refused(cell):
    with pytest.raises(RequestError, match="a date"):
        parse_cells(MOMENT, [cell])


def test_fractions_of_seconds_are_kept_to_the_microsecond():
    assert text_to_microseconds("1970-01-01T00:00:01.1234569") == 1_123_456
