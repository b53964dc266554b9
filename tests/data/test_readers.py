"""Files of every format and condition."""

import bz2
import gzip
import io
import json
import lzma
import sqlite3
import zipfile
from contextlib import closing

import polars as pl
import pytest

from mlwright.base.errors import DataError
from mlwright.data.readers import READERS, local_paths, read_raw
from mlwright.data.stream import stream_cells

CSV = "name,age,city\nAnn,30,Bern\nBob,41,Basel\n"


def read(path, **options):
    return read_raw(str(path), base=path.parent, **options)


def written(tmp_path, content, name="t.csv"):
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def rows_of(path):
    return read(path).frame.rows()


EXPECTED = [("Ann", "30", "Bern"), ("Bob", "41", "Basel")]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_delimiters_and_line_ends_are_found(tmp_path, delimiter, line_end):
    path = written(tmp_path, CSV.replace(",", delimiter).replace("\n", line_end))
    assert rows_of(path) == EXPECTED


@pytest.mark.parametrize(
    ("encoding", "noted"),
    [("utf-8", ""), ("utf-8-sig", ""), ("utf-16", "utf-16"), ("utf-16-le", "utf-16-le"), ("cp1252", "cp1252")],
)
def test_encodings_are_found_and_noted(tmp_path, encoding, noted):
    path = written(tmp_path, "name,city\nJosé,Zürich\nZoë,Genève €\n".encode(encoding))
    raw = read(path)
    assert raw.frame.rows() == [("José", "Zürich"), ("Zoë", "Genève €")]
    assert [noted in problem.what for problem in raw.problems] == ([True] if noted else [])
    assert next(iter(stream_cells(path)))["city"] == ["Zürich", "Genève €"]


def test_latin_1_is_taken_where_cp1252_has_no_such_byte(tmp_path):
    assert "latin-1" in read(written(tmp_path, b"a,b\nx\x81,\xe9\n")).problems[0].what


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_compressed_files_merely_named_csv_are_unpacked(tmp_path, pack):
    path = written(tmp_path, pack(CSV.encode()))
    assert rows_of(path) == EXPECTED
    assert next(iter(stream_cells(path)))["age"] == ["30", "41"]


def test_zstandard_and_zip_are_unpacked(tmp_path):
    import pyarrow as pa

    with pa.CompressedOutputStream(str(tmp_path / "t.csv.zst"), "zstd") as stream:
        stream.write(CSV.encode())
    with zipfile.ZipFile(tmp_path / "t.zip", "w") as archive:
        archive.writestr("inner.csv", CSV)
    assert rows_of(tmp_path / "t.csv.zst") == EXPECTED
    assert rows_of(tmp_path / "t.zip") == EXPECTED


def test_a_zip_of_two_files_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "t.zip", "w") as archive:
        archive.writestr("a.csv", CSV)
        archive.writestr("b.csv", CSV)
    with pytest.raises(DataError, match=r"2 files \(a.csv, b.csv\)"):
        read(tmp_path / "t.zip")


def test_quotes_hold_delimiters_newlines_and_quotes(tmp_path):
    path = written(tmp_path, 'a,b\n"x, ""y""\nz",1\n"",2\n')
    assert rows_of(path) == [('x, "y"\nz', "1"), (None, "2")]


def test_stray_quotes_are_part_of_the_text(tmp_path):
    path = written(tmp_path, 'a,b\n5" pipe,1\n6" pipe,2\nplain,3\n')
    assert rows_of(path) == [('5" pipe', "1"), ('6" pipe', "2"), ("plain", "3")]


def test_words_for_missing_and_blank_lines(tmp_path):
    path = written(tmp_path, "a,b\nNA, n/a \n\n  \n?,x\n")
    assert rows_of(path) == [(None, None), (None, "x")]


def test_one_column_needs_no_delimiter(tmp_path):
    assert rows_of(written(tmp_path, "age\n1\n\n2\n")) == [("1",), ("2",)]


@pytest.mark.parametrize("extra", ["", '"quoted, so",x,y\n', '5" stray,x,y\n'])
def test_bad_lines_are_left_out_counted_and_shown(tmp_path, extra):
    path = written(tmp_path, f"a,b,c\n1,2,3\n1,2\n{extra}4,5,6,7\n7,8,9\n7,8,9\n7,8,9\n")
    raw = read(path)
    (problem,) = raw.problems
    assert problem.count == 2
    assert problem.examples[0] == "line 3: 1,2 (2 fields where the header has 3)"
    assert raw.frame.height == 4 + bool(extra)


def test_a_bad_line_stops_a_stream_unless_someone_takes_it(tmp_path):
    path = written(tmp_path, "a,b\n1,2\n3\n")
    with pytest.raises(DataError, match="Line 3"):
        list(stream_cells(path))
    taken = []
    assert list(stream_cells(path, on_bad=taken.append)) == [{"a": ["1"], "b": ["2"]}]
    assert taken[0].line == 3


def test_a_file_most_of_whose_lines_are_bad_is_refused(tmp_path):
    with pytest.raises(DataError, match=r"3 of 3 lines.* are not rows"):
        read(written(tmp_path, "a,b\n1,2,3\n4,5,6\n7,8,9\n"))


def test_an_open_quote_is_refused(tmp_path):
    path = written(tmp_path, 'a,b\n"open,1\n' + "x,2\n" * 2000)
    with pytest.raises(DataError, match="quote in line 2 that is never closed"):
        read(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"\n \n", "no text"),
        ("a,b\n", r"has a header \(a, b\) and no rows"),
        ("a,b,a\n1,2,3\n", "'a' is there more than once"),
        ("a,,c\n1,2,3\n", "Column 2 .* no name"),
        ("1,2\n3,4\n", "no header"),
        (bytes(range(256)) * 8, "is binary"),
        (b"%PDF-1.7 something", "a PDF"),
        (gzip.compress(CSV.encode() * 500, mtime=0)[:-20], "cut off"),
        (gzip.compress(CSV.encode(), mtime=0)[:12] + b"xxxxxxxxxxxxxxxxxxxxxxxx", "broken|cut off"),
        (b"PAR1 but not really", "broken Parquet"),
        (",".join(f"c{i}" for i in range(100_000)) + "\n" + ",".join("1" * 100_000) + "\n", "100,000 columns"),
    ],
)
def test_a_useless_csv_is_refused_with_a_hint(tmp_path, content, message):
    with pytest.raises(DataError, match=message) as caught:
        read(written(tmp_path, content))
    assert caught.value.hint
    assert caught.value.exit_code == 2


def test_an_absent_file_suggests_its_neighbour(tmp_path):
    written(tmp_path, CSV, "customers.csv")
    with pytest.raises(DataError, match="no file") as caught:
        read(tmp_path / "custmers.csv")
    assert "customers.csv" in caught.value.hint


def test_blank_names_of_an_index_and_of_an_empty_column(tmp_path):
    raw = read(written(tmp_path, ",a,\n0,x,\n1,y,\n"))
    assert raw.frame.columns == ["column_1", "a"]
    assert len(raw.problems) == 2


FRAME = pl.DataFrame({"name": ["Ann", "Bob"], "age": [30, None], "ok": [True, False]})


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("t.parquet", lambda frame, path: frame.write_parquet(path)),
        ("t.arrow", lambda frame, path: frame.write_ipc(path)),
        ("t.feather", lambda frame, path: frame.write_ipc(path)),
        ("t.xlsx", lambda frame, path: frame.write_excel(path)),
        ("t.json", lambda frame, path: path.write_text(json.dumps(frame.to_dicts()))),
        ("t.jsonl", lambda frame, path: frame.write_ndjson(path)),
        ("wide.json", lambda frame, path: path.write_text(json.dumps(frame.to_dict(as_series=False)))),
        ("parquet_named.csv", lambda frame, path: frame.write_parquet(path)),
        ("lines_named.json", lambda frame, path: frame.write_ndjson(path)),
    ],
)
def test_typed_formats(tmp_path, name, write):
    write(FRAME, tmp_path / name)
    raw = read(tmp_path / name)
    assert raw.frame.rows() == FRAME.rows()
    batches = list(stream_cells(tmp_path / name, batch_rows=1))
    assert [batch["age"] for batch in batches] == [[30], [None]]


def test_every_format_has_a_reader_with_traits():
    for name in READERS:
        assert READERS.load(name).traits.summary


@pytest.mark.parametrize("name", ["t.parquet", "t.arrow", "t.xlsx"])
def test_truncated_binary_files_are_refused(tmp_path, name):
    whole = io.BytesIO()
    {"t.parquet": FRAME.write_parquet, "t.arrow": FRAME.write_ipc, "t.xlsx": FRAME.write_excel}[name](whole)
    path = written(tmp_path, whole.getvalue()[: len(whole.getvalue()) // 2], name)
    with pytest.raises(DataError, match=r"broken|cannot be read"):
        read(path)


def test_a_parquet_of_too_many_columns_is_refused_quickly(tmp_path):
    pl.DataFrame({f"c{i}": [1] for i in range(10_001)}).write_parquet(tmp_path / "wide.parquet")
    with pytest.raises(DataError, match="10,001 columns"):
        read(tmp_path / "wide.parquet")


def test_json_that_is_no_table_is_refused(tmp_path):
    with pytest.raises(DataError, match="not a table"):
        read(written(tmp_path, '{"a": 1}', "t.json"))
    with pytest.raises(DataError, match="not JSON"):
        read(written(tmp_path, '[{"a": 1}', "t.json"))


def test_bad_lines_of_json_lines_are_counted(tmp_path):
    raw = read(written(tmp_path, '{"a": 1}\n{"a": \n[1]\n{"a": 2, "b": {"c": 1}}\n', "t.jsonl"))
    assert raw.frame.rows() == [(1.0, None), (2.0, '{"c": 1}')]
    assert raw.problems[0].count == 2


def test_a_named_sheet_of_a_workbook(tmp_path):
    import xlsxwriter

    with xlsxwriter.Workbook(str(tmp_path / "t.xlsx")) as book:
        for name, value in (("one", 1), ("two", 2)):
            book.add_worksheet(name).write_column(0, 0, ["x", value, value])
    assert read(tmp_path / "t.xlsx").frame["x"].to_list() == [1, 1]
    assert "'one' was read" in read(tmp_path / "t.xlsx").problems[0].what
    assert read(tmp_path / "t.xlsx", query="two").frame["x"].to_list() == [2, 2]
    with pytest.raises(DataError, match="no sheet 'twoo'"):
        read(tmp_path / "t.xlsx", query="twoo")


@pytest.fixture
def shop(tmp_path):
    with closing(sqlite3.connect(tmp_path / "shop.db")) as connection:
        connection.execute("create table people (name text, age integer)")
        connection.executemany("insert into people values (?, ?)", [("Ann", 30), ("Bob", None)])
        connection.commit()
    return tmp_path / "shop.db"


def test_sqlite_gives_its_only_table_or_a_query(shop):
    assert read(shop).frame.rows() == [("Ann", 30.0), ("Bob", None)]
    assert read(shop, query="select upper(name) as n from people").frame.rows() == [("ANN",), ("BOB",)]
    assert read_raw("sqlite:///shop.db", base=shop.parent).frame.height == 2
    assert [*stream_cells(shop)] == [{"name": ["Ann", "Bob"], "age": [30, None]}]


@pytest.mark.parametrize(
    "query", ["delete from people", "attach 'other.db' as o", "select nothing from people", "pragma user_version"]
)
def test_sqlite_queries_may_only_read_this_file(shop, query):
    with pytest.raises(DataError, match="does not answer"):
        read(shop, query=query)


def test_sqlite_with_several_tables_needs_a_query(shop):
    with closing(sqlite3.connect(shop)) as connection:
        connection.execute("create table more (x)")
    with pytest.raises(DataError, match=r"2 tables \(more, people\)"):
        read(shop)


def test_several_files_become_one_table(tmp_path):
    written(tmp_path, "a,b\n1,x\n", "p1.csv")
    written(tmp_path, "b,a\ny,2\n", "p2.csv")
    raw = read_raw("p*.csv", base=tmp_path)
    assert raw.frame.rows() == [("1", "x"), ("2", "y")]
    assert raw.parts == (("p1.csv", 1), ("p2.csv", 1))
    assert local_paths(["p1.csv", "sample://wine"], tmp_path) == [tmp_path / "p1.csv"]


def test_files_whose_columns_differ_are_refused(tmp_path):
    written(tmp_path, "a,b\n1,x\n", "p1.csv")
    written(tmp_path, "a,c\n1,x\n", "p2.csv")
    with pytest.raises(DataError, match="differ in the columns b, c"):
        read_raw(["p1.csv", "p2.csv"], base=tmp_path)


def test_a_pattern_without_files_and_a_url_are_refused(tmp_path):
    with pytest.raises(DataError, match="No file matches"):
        read_raw("*.csv", base=tmp_path)
    with pytest.raises(DataError, match="not a local file"):
        read_raw("https://example.com/a.csv", base=tmp_path)


@pytest.mark.parametrize(
    ("name", "shape"), [("breast_cancer", (569, 31)), ("wine", (178, 14)), ("diabetes", (442, 11))]
)
def test_samples(tmp_path, name, shape):
    raw = read_raw(f"sample://{name}", base=tmp_path)
    assert raw.frame.shape == shape
    assert raw.sha256 == read_raw(f"sample://{name}", base=tmp_path).sha256


def test_an_unknown_sample_suggests_one(tmp_path):
    with pytest.raises(DataError, match="no sample 'wines'") as caught:
        read_raw("sample://wines", base=tmp_path)
    assert "'wine'" in caught.value.hint
