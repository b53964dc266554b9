"""Semantic types and roles."""

import polars as pl
import pytest

from mlwright.base.errors import DataError
from mlwright.data.dataset import to_dataset
from mlwright.data.infer import infer_column, infer_schema
from mlwright.data.readers import Raw, read_raw
from mlwright.data.schema import Role, SemanticType
from mlwright.data.semantic import named_as_id

NUMBER, CATEGORY, TEXT = SemanticType.NUMBER, SemanticType.CATEGORY, SemanticType.TEXT
DATETIME, ID = SemanticType.DATETIME, SemanticType.ID


def column(cells, name="x", role=None):
    return infer_column(pl.Series(name, cells), role)


def raw_of(**columns):
    frame = pl.DataFrame(columns)
    return Raw(frame, (), "t.csv", "", (("t.csv", frame.height),))


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        (["1", "2", None, "3.5"], NUMBER),
        (["1", "inf", "2", "-inf"] * 9, NUMBER),
        (["0", "1"] * 9, NUMBER),
        (["True", "false", "TRUE"], CATEGORY),
        ([True, False], CATEGORY),
        (["01234", "00345", "12345"] * 5, CATEGORY),
        (["red", "green"] * 5, CATEGORY),
        (["2020-01-31", "2021-02-28"], DATETIME),
        ([f"{i:x}a7f" for i in range(100)], ID),
        ([f"the {i}th text of several words" for i in range(60)], TEXT),
        (["10", "20", "thirty"], CATEGORY),
        ([None, None], CATEGORY),
    ],
)
def test_types(cells, kind):
    found = column(cells)
    assert found.type is kind
    assert found.reason


def test_a_few_odd_cells_leave_a_number_a_number_and_are_reported():
    raw = raw_of(x=[str(i) for i in range(99)] + ["unknown"], y=["a", "b"] * 50)
    dataset, problems = to_dataset(raw, infer_schema(raw))
    assert dataset.schema["x"].type is NUMBER
    assert (problems[0].count, problems[0].examples) == (1, ("'unknown'",))
    assert dataset.frame["x"].null_count() == 1


def test_infinities_are_reported_and_missing():
    raw = raw_of(x=["1", "inf", "2"] * 9, z=[1.0, float("inf"), 3.0] * 9)
    dataset, problems = to_dataset(raw, infer_schema(raw))
    assert [problem.count for problem in problems] == [9, 9]
    assert dataset.frame.null_count().row(0) == (9, 9)


@pytest.mark.parametrize(
    ("cells", "decimal", "thousands", "first"),
    [
        (["1,5", "2,25", "3"], ",", "", 1.5),
        (["1.234,5", "12,25", "3"], ",", ".", 1234.5),
        (["1,234.5", "12.25", "1,234,567"], ".", ",", 1234.5),
        (["1,234", "2,500", "12"], ".", ",", 1234.0),
        (["0,125", "2,500", "1,234"], ",", "", 0.125),
        (["1 234,5", "2"], ",", " ", 1234.5),
        (["1'234.5", "2"], ".", "'", 1234.5),
    ],
)
def test_notations_of_numbers(cells, decimal, thousands, first):
    found = column(cells * 9)
    assert (found.type, found.decimal, found.thousands) == (NUMBER, decimal, thousands)
    assert found.example == first


@pytest.mark.parametrize(
    ("cells", "formats"),
    [
        (["25/12/2020", "01/02/2021"], ("%d/%m/%Y",)),
        (["12/25/2020", "01/02/2021"], ("%m/%d/%Y",)),
        (["01/02/2021", "03/04/2021"], ("%m/%d/%Y",)),
        (["01.02.2021", "03.04.2021"], ("%d.%m.%Y",)),
        (["2021/01/31", "2021/02/01"], ("%Y/%m/%d",)),
        (["31.12.20", "01.01.21"], ("%d.%m.%y",)),
        (["25/12/2020 13:30", "01/02/2021 00:05"], ("%d/%m/%Y %H:%M",)),
        (["12/25/2020 01:30 PM", "01/02/2021 12:05 AM"], ("%m/%d/%Y %I:%M %p",)),
        (["3 Jan 2020", "25 Dec 2021"], ("%d %b %Y",)),
        (["January 3, 2020", "May 25, 2021"], ("%B %d, %Y",)),
        (["2020-01-31T10:00:00Z", "2020-01-31 11:00"], ()),
    ],
)
def test_dates_in_common_forms(cells, formats):
    found = column(cells * 5)
    assert (found.type, found.formats) == (DATETIME, formats)


def test_an_open_order_of_day_and_month_is_said():
    assert "%d/%m/%Y would fit as well" in column(["01/02/2021", "03/04/2021"]).reason


def test_compact_dates_need_a_name_that_says_so():
    cells = ["20200131", "20211231"] * 5
    assert column(cells, "order_date").formats == ("%Y%m%d",)
    assert column(cells, "amount").type is NUMBER


def test_roles():
    rows = range(1, 101)
    schema = infer_schema(
        raw_of(
            PassengerId=[str(i) for i in rows],
            customer_id=[f"c{i % 40}" for i in rows],
            shop_id=[str(i % 3) for i in rows],
            empty=[None] * 100,
            same=["a"] * 100,
            y=[str(i % 2) for i in rows],
        ),
        target="y",
    )
    assert {c.name: c.role for c in schema.columns} == {
        "PassengerId": Role.ID,
        "customer_id": Role.GROUP,
        "shop_id": Role.FEATURE,
        "empty": Role.IGNORED,
        "same": Role.IGNORED,
        "y": Role.TARGET,
    }


def test_given_roles_are_kept():
    schema = infer_schema(raw_of(id=[str(i) for i in range(50)], y=["a"] * 50), roles={"id": Role.FEATURE})
    assert schema["id"].role is Role.FEATURE


@pytest.mark.parametrize(("name", "expected"), [("id", True), ("userId", True), ("row_number", True), ("humid", False)])
def test_names_of_identifiers(name, expected):
    assert named_as_id(name) is expected


def test_a_misspelt_target_and_role_are_suggested():
    raw = raw_of(price=["1", "2"], rooms=["1", "2"])
    with pytest.raises(DataError, match=r"target column 'prise' is not in t\.csv; it has 'price', 'rooms'") as caught:
        infer_schema(raw, target="prise")
    assert "did you mean 'price'?" in caught.value.hint
    with pytest.raises(DataError, match="'romms'"):
        infer_schema(raw, roles={"romms": Role.IGNORED})
    with pytest.raises(DataError, match="one role was expected"):
        infer_schema(raw, target="price", roles={"price": Role.GROUP})


def test_one_row_is_refused():
    with pytest.raises(DataError, match="one row"):
        infer_schema(raw_of(a=["1"]))


def test_levels_are_by_frequency_then_name_and_bounded():
    assert column(["b", "a", "c", "c"] * 3).levels == ("c", "a", "b")
    many = column([f"k{i}" for i in range(12_000)] * 2)
    assert len(many.levels) == 10_000


def test_a_column_of_a_million_texts_is_fine():
    cells = pl.select(pl.format("key-{}", pl.int_range(1_000_000))).to_series().alias("k")
    assert infer_column(cells).role is Role.ID


EXPECTED = {
    "titanic.csv": {"PassengerId": (NUMBER, Role.ID), "Name": (TEXT, Role.FEATURE), "Ticket": (CATEGORY, Role.FEATURE)},
    "bike_hour.csv": {"dteday": (DATETIME, Role.FEATURE), "hr": (NUMBER, Role.FEATURE)},
    "wine_quality.csv": {"color": (CATEGORY, Role.FEATURE), "alcohol": (NUMBER, Role.FEATURE)},
    "online_shoppers.csv.gz": {"Month": (CATEGORY, Role.FEATURE), "SpecialDay": (NUMBER, Role.FEATURE)},
    "california_housing.csv.gz": {"ocean_proximity": (CATEGORY, Role.FEATURE), "total_rooms": (NUMBER, Role.FEATURE)},
}


@pytest.mark.parametrize("name", EXPECTED)
def test_real_tables(shared_data, name):
    schema = infer_schema(read_raw(name, base=shared_data / "tabular"))
    assert {key: (schema[key].type, schema[key].role) for key in EXPECTED[name]} == EXPECTED[name]
