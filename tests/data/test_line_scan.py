"""Records of a CSV found by numpy are those that Python's csv module finds."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlwright.data.readers import line_scan
from mlwright.data.readers.line_scan import scan_lines


@given(
    rows=st.lists(st.lists(st.text(alphabet='ab,"\n ', max_size=4), min_size=1, max_size=4), min_size=1, max_size=20)
)
def test_fields_agree_with_the_csv_module(rows):
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows(rows)
    scan = scan_lines(text.getvalue().encode(), ",")
    assert not scan.irregular
    assert scan.fields.tolist() == [len(row) for row in rows]


def test_records_across_blocks_are_found(monkeypatch):
    data = b'a,b\n"x\n,y",2\n3,"4"\n'
    whole = scan_lines(data, ",")
    monkeypatch.setattr(line_scan, "_BLOCK_BYTES", 3)
    parts = scan_lines(data, ",")
    assert parts.starts.tolist() == whole.starts.tolist() == [0, 4, 13]
    assert parts.fields.tolist() == [2, 2, 2]
    assert not parts.irregular


@pytest.mark.parametrize("text", ['5" pipe,1\n', '"a"b,1\n', "a\rb,1\n", 'x "y" z,1\n'])
def test_irregular_text_is_noticed(text):
    assert scan_lines(b"h,i\n" + text.encode(), ",").irregular


def test_an_open_quote_is_noticed():
    assert scan_lines(b'h,i\n"open,1\n', ",").unclosed
