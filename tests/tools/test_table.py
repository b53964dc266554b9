"""The training part as the search takes it."""

import numpy as np
import polars as pl
import pytest
from tests.tools.world import category, number, understanding

from mlwright.data.schema import Role, Schema
from mlwright.data.task import Task
from mlwright.tools.table import dataset_of, encoded_target, training_folds, training_table

ROWS = 40
SCHEMA = Schema(
    columns=(
        number("x"),
        category("city"),
        number("w", Role.WEIGHT),
        category("g", Role.GROUP),
        category("sex", Role.SENSITIVE),
        category("y", Role.TARGET),
    )
)


def frame() -> pl.DataFrame:
    return pl.DataFrame(
        {
            "x": [float(row) for row in range(ROWS)],
            "city": ["a", None] * (ROWS // 2),
            "w": [1.0 + row % 3 for row in range(ROWS)],
            "g": [f"g{row // 4}" for row in range(ROWS)],
            "sex": ["f", "m"] * (ROWS // 2),
            "y": ["no", "no", "yes", "maybe"] * (ROWS // 4),
        }
    )


KNOWN = understanding(SCHEMA, Task.MULTICLASS, classes=("maybe", "no", "yes"))


def test_labels_become_codes_in_the_order_of_the_classes() -> None:
    codes = encoded_target(frame().head(4), KNOWN)
    assert codes.dtype == np.int64
    assert codes.tolist() == [1, 1, 2, 0]


@pytest.mark.parametrize(
    ("cells", "classes"),
    [([True, False], ("false", "true")), ([1, 0], ("0", "1")), ([1.0, 0.0], ("0", "1"))],
    ids=["booleans", "integers", "whole numbers"],
)
def test_labels_that_are_no_text_find_their_class(cells: list[object], classes: tuple[str, ...]) -> None:
    known = understanding(SCHEMA, Task.BINARY, classes=classes)
    assert encoded_target(pl.DataFrame({"y": cells}), known).tolist() == [1, 0]


def test_values_stay_values() -> None:
    schema = Schema(columns=(number("x"), number("y", Role.TARGET)))
    values = encoded_target(pl.DataFrame({"y": [1.5, -2.0]}), understanding(schema, Task.REGRESSION))
    assert values.dtype == np.float64
    assert values.tolist() == [1.5, -2.0]
    values[0] = 0.0  # a copy that may be written to


def test_a_stored_schema_is_cut_to_the_columns_that_are_there() -> None:
    dataset = dataset_of(frame().drop("y"), SCHEMA.model_dump(mode="json"))
    assert dataset.schema.names == ("x", "city", "w", "g", "sex")
    assert dataset.rows == ROWS


def test_the_table_holds_inputs_weights_and_groups_and_nothing_else() -> None:
    table = training_table(frame(), SCHEMA.model_dump(mode="json"), KNOWN, seed=3)
    assert [column.name for column in table.inputs] == ["x", "city"]
    assert set(table.columns) == {"x", "city"}
    assert table.columns["city"][:2].tolist() == ["a", ""]
    assert table.weight is not None
    assert table.weight[:4].tolist() == [1.0, 2.0, 3.0, 1.0]
    assert (table.metric, table.classes, table.rows) == ("accuracy", ("maybe", "no", "yes"), ROWS)
    assert table.groups is not None
    assert table.order is None


def test_rows_of_one_group_are_on_one_side_of_every_fold() -> None:
    table = training_table(frame(), SCHEMA.model_dump(mode="json"), KNOWN, seed=3)
    group = frame()["g"].to_numpy()
    assert len(table.folds) == min(8, len(set(group)))
    for train, valid in table.folds:
        assert not set(group[train]) & set(group[valid])
    assert sorted(np.concatenate([valid for _, valid in table.folds]).tolist()) == list(range(ROWS))


def test_the_seed_alone_decides_the_folds() -> None:
    plain = dataset_of(frame().drop("g"), SCHEMA.model_dump(mode="json"))
    y = encoded_target(plain.frame, KNOWN)
    again, other = training_folds(plain, 3, y), training_folds(plain, 4, y)
    for (_, one), (_, two) in zip(training_folds(plain, 3, y), again, strict=True):
        np.testing.assert_array_equal(one, two)
    assert any(one[1].tolist() != two[1].tolist() for one, two in zip(again, other, strict=True))


def test_without_a_weight_column_no_row_counts_more() -> None:
    schema = Schema(columns=tuple(column for column in SCHEMA.columns if column.role not in (Role.WEIGHT, Role.GROUP)))
    table = training_table(frame().drop("w", "g"), schema.model_dump(mode="json"), KNOWN, seed=0)
    assert table.weight is None
    assert table.groups is not None
    assert len(set(table.groups)) == ROWS  # only copies of a row would stay together


def test_a_small_table_gets_fewer_folds() -> None:
    schema = Schema(columns=(number("x"), category("y", Role.TARGET)))
    small = frame().select("x", "y").head(12)
    y = encoded_target(small, KNOWN)
    assert len(training_folds(dataset_of(small, schema.model_dump(mode="json")), 0, y)) == 3


def test_fewer_groups_than_folds_make_fewer_folds() -> None:
    wide = frame().with_columns(g=pl.int_range(ROWS) % 3)
    table = training_table(wide, SCHEMA.model_dump(mode="json"), KNOWN, seed=3)
    assert len(table.folds) == 3


def test_the_one_row_of_a_class_is_trained_on_in_every_fold() -> None:
    schema = Schema(columns=(number("x"), category("y", Role.TARGET)))
    lone = pl.DataFrame({"x": [float(i) for i in range(ROWS)], "y": ["no", "yes"] * (ROWS // 2 - 1) + ["no", "maybe"]})
    table = training_table(lone, schema.model_dump(mode="json"), KNOWN, seed=0)
    assert all(ROWS - 1 in train for train, _ in table.folds)
