"""SVMlight text: what is read, how it is told from CSV, what is refused."""

import gzip

import pytest

from mlwright.base.errors import DataError
from mlwright.data.readers import read_raw

ROWS = "2 qid:7 1:0.5 3:1.5 # a document\n\n# a comment\n0 qid:7 2:1e-1\n1 qid:8 1:-2\n"


@pytest.mark.parametrize("name", ["train.svm", "train.libsvm", "train.txt", "train.dat", "train"])
def test_rows_with_queries_are_told_by_their_content(tmp_path, name):
    (tmp_path / name).write_text(ROWS)
    raw = read_raw(name, base=tmp_path)
    assert raw.frame.columns == ["relevance", "qid", "f1", "f2", "f3"]
    assert raw.frame.rows() == [(2.0, "7", 0.5, 0.0, 1.5), (0.0, "7", 0.0, 0.1, 0.0), (1.0, "8", -2.0, 0.0, 0.0)]
    assert raw.problems == ()


def test_packed_rows_without_queries_have_a_label(tmp_path):
    (tmp_path / "a.svmlight.gz").write_bytes(gzip.compress(b"1 0:3\n-1 2:4\n"))
    raw = read_raw("a.svmlight.gz", base=tmp_path)
    assert raw.frame.columns == ["label", "f1", "f2", "f3"]  # numbered from 0 in the file
    assert raw.frame["label"].to_list() == [1.0, -1.0]


def test_a_csv_in_a_txt_stays_a_csv(tmp_path):
    (tmp_path / "t.txt").write_text("a,b\n1,2\n3,4\n")
    assert read_raw("t.txt", base=tmp_path).frame.columns == ["a", "b"]


def test_a_line_that_is_no_row_is_counted_and_shown(tmp_path):
    (tmp_path / "a.svm").write_text(ROWS + "nonsense\n")
    raw = read_raw("a.svm", base=tmp_path)
    assert raw.frame.height == 3
    assert raw.problems[0].count == 1
    assert raw.problems[0].examples == ("line 6: nonsense",)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("1 qid:1 1:2\n0 1:3\n", "no qid"),
        ("spam\neggs\n1 1:1\n", "no SVMlight"),
        ("1\n0\n", "0 features"),
        ("1 999999999:1\n", "999,999,999 features"),
    ],
)
def test_what_is_no_table_is_refused_with_its_reason(tmp_path, text, fault):
    (tmp_path / "a.svm").write_text(text)
    with pytest.raises(DataError, match=fault):
        read_raw("a.svm", base=tmp_path)
