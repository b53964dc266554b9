"""What a ranking can be learned from, and what not."""

import numpy as np
import polars as pl
import pytest

from mlwright.base.errors import BriefError, DataError
from mlwright.data.dataset import Dataset
from mlwright.data.graded import check_graded, graded_findings, query_codes
from mlwright.data.schema import Column, Role, Schema, SemanticType

NUMBER, CATEGORY = SemanticType.NUMBER, SemanticType.CATEGORY


def dataset(grades: list, queries: list, role: Role = Role.GROUP) -> Dataset:
    frame = pl.DataFrame({"q": queries, "x": np.arange(len(grades), dtype=float), "grade": grades})
    kind = NUMBER if pl.Series(grades).dtype.is_numeric() else CATEGORY
    columns = (
        Column(name="q", type=CATEGORY, role=role),
        Column(name="x", type=NUMBER),
        Column(name="grade", type=kind, role=Role.TARGET),
    )
    return Dataset(frame, Schema(columns=columns))


QUERIES = [f"q{at // 3}" for at in range(36)]
GRADES = [float(at % 3) for at in range(36)]


def test_a_sound_table_passes_without_findings():
    check_graded(dataset(GRADES, QUERIES))
    assert graded_findings(dataset(GRADES, QUERIES)) == []


def test_queries_are_numbered_as_they_come():
    table = dataset(GRADES[:4], ["b", "a", "b", "c"])
    assert query_codes(table).tolist() == [0, 1, 0, 2]


@pytest.mark.parametrize(
    ("grades", "fault"),
    [
        ([-1.0, *GRADES[1:]], "down to -1"),
        ([31.0, *GRADES[1:]], "up to 31"),
        ([0.5, *GRADES[1:]], "not whole"),
        ([1.0] * 36, "0 have two different grades"),
        (["good", *["bad"] * 35], "texts such as"),
    ],
)
def test_grades_that_cannot_be_learned_are_refused(grades, fault):
    with pytest.raises(DataError, match=fault):
        check_graded(dataset(grades, QUERIES))


def test_few_queries_a_row_without_one_and_no_role_are_refused():
    with pytest.raises(DataError, match="4 queries"):
        check_graded(dataset(GRADES[:12], QUERIES[:12]))
    with pytest.raises(DataError, match=r"missing in 1 rows \(rows 2\)"):
        check_graded(dataset(GRADES, [QUERIES[0], None, *QUERIES[2:]]))
    with pytest.raises(BriefError, match="No column has the role group"):
        check_graded(dataset(GRADES, QUERIES, Role.IGNORED))


def test_queries_of_one_row_and_of_one_grade_are_said():
    lone = ["alone", *QUERIES[1:]]
    flat = [0.0, 1.0, 1.0, 1.0, 1.0, 1.0, *GRADES[6:]]
    messages = [one.message for one in graded_findings(dataset(flat, lone))]
    assert messages[0].startswith("1 of 13 queries have a single row")
    assert messages[1].startswith("In 2 queries all grades are equal")
