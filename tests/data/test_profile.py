"""Profile, quality and the data card, against numpy, scipy and polars."""

from datetime import UTC, datetime

import numpy as np
import polars as pl
import pytest

from mlwright.data.card import CardFacts, data_card
from mlwright.data.dataset import Dataset, to_dataset
from mlwright.data.infer import infer_schema
from mlwright.data.leaks import LeakPlan, check_leaks
from mlwright.data.profile import Profile, profile
from mlwright.data.quality import check_quality
from mlwright.data.readers import Raw, read_raw
from mlwright.data.splits import SplitPlan, split_test
from mlwright.data.task import Task

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def titanic(shared_data):
    raw = read_raw("titanic.csv", base=shared_data / "tabular")
    return raw, to_dataset(raw, infer_schema(raw, target="Survived"))[0]


def table(target=None, **columns):
    raw = Raw(pl.DataFrame(columns), (), "t.csv", "", ())
    return to_dataset(raw, infer_schema(raw, target=target))[0]


def test_numbers_agree_with_scipy(shared_data):
    from scipy.stats import skew

    _, dataset = titanic(shared_data)
    ages = dataset.frame["Age"].drop_nulls().to_numpy()
    found = profile(dataset)["Age"]
    assert found.missing == 177
    assert found.mean == pytest.approx(ages.mean())
    assert found.std == pytest.approx(ages.std())
    assert found.skew == pytest.approx(skew(ages))
    assert found.quantiles["0.5"] == np.median(ages)
    assert sum(found.histogram.counts) == len(ages)
    assert len(found.histogram.edges) == len(found.histogram.counts) + 1


def test_correlations_agree_with_pandas(shared_data):
    _, dataset = titanic(shared_data)
    found = profile(dataset).correlations
    complete = dataset.frame.select("Fare", "Pclass").to_pandas().corr().iloc[0, 1]
    row, column = found.rows.index("Fare"), found.columns.index("Pclass")
    assert found.values[row][column] == pytest.approx(complete, abs=1e-5)


def test_levels_missing_matrix_and_duplicates(shared_data):
    raw = read_raw("wine_quality.csv", base=shared_data / "tabular")
    dataset, _ = to_dataset(raw, infer_schema(raw, target="quality"))
    found = profile(dataset)
    assert found.duplicate_rows == dataset.rows - dataset.frame.n_unique() == 1177
    assert [(level.level, level.rows) for level in found["color"].levels] == [("white", 4898), ("red", 1599)]
    assert found.missing_matrix.columns == ()


def test_missing_matrix_shows_where_cells_are_missing():
    found = profile(table(x=[1.0, 2.0] * 50 + [None] * 100, y=[1.0, 2.0] * 100)).missing_matrix
    assert found.columns == ("x",)
    assert [row[0] for row in found.values] == [0.0] * 25 + [1.0] * 25


def test_a_profile_survives_json(shared_data):
    found = profile(titanic(shared_data)[1])
    assert Profile.model_validate_json(found.model_dump_json()) == found


def test_odd_columns_do_not_break_a_profile():
    dataset = table(
        rows=["a", "b"], level=["x", "y"], huge=[1e300, -1e300], same=[1.0, 1.0], none=[None, None], tiny=[5e-324, 0.0]
    )
    assert profile(dataset)["rows"].distinct == 2
    assert profile(dataset)["none"].distinct == 0


@pytest.mark.parametrize(
    ("columns", "check"),
    [
        ({"x": ["a"] * 300, "z": ["1", "2", "3"] * 100}, "constant"),
        ({"x": ["1", None, None] * 100}, "missing"),
        ({"x": ["1", "2", "3"] * 100}, "duplicate_rows"),
        ({"x": ["Red", "red", "blue"] * 100}, "near_equal_levels"),
        ({"x": [*[str(i % 7) for i in range(290)], *["-999"] * 10]}, "sentinel"),
        ({"x": ["2020-01-01", "2031-01-01"] * 150}, "future_dates"),
        ({"x": [*[str(i % 100) for i in range(290)], *["99000"] * 10]}, "outliers"),
        ({"x": [str(i * 7 % 300) for i in range(300)], "z": [str(i * 7 % 300 + 1) for i in range(300)]}, "few_rows"),
    ],
)
def test_what_is_odd_is_found(columns, check):
    rows = 150 if check == "few_rows" else 300
    dataset = table(**{name: cells[:rows] for name, cells in columns.items()})
    assert check in {finding.check for finding in check_quality(dataset, now=NOW)}


def test_near_equal_columns_and_imbalance_are_found():
    x = np.random.default_rng(0).normal(size=300)
    dataset = table(target="y", x=x, z=x * 2 + 1e-3, y=["a"] * 297 + ["b"] * 3)
    found = {finding.check: finding for finding in check_quality(dataset, now=NOW)}
    assert found["near_equal_columns"].columns == ("x", "z")
    assert found["imbalance"].evidence["rows"] == 3


def test_the_card_says_where_what_and_why(shared_data):
    raw, dataset = titanic(shared_data)
    split = split_test(dataset, SplitPlan())
    findings = [*check_quality(dataset, now=NOW), *check_leaks(dataset, split, LeakPlan(Task.BINARY, max_rows=300))]
    facts = CardFacts("Titanic", raw.source, raw.sha256, raw.problems, findings, split)
    card = data_card(profile(dataset), facts)
    for wanted in (
        raw.sha256,
        "891 rows",
        "| Cabin | category | feature | 77.1% |",
        "sealed for the test",
        "(missing)",
    ):
        assert wanted in card
    lines = [line for line in card.splitlines() if line.startswith("| ")]
    assert {line.replace("\\|", "").count("|") for line in lines} == {8}
    assert isinstance(dataset, Dataset)
