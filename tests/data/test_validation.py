"""A saved schema enforced on new rows."""

import numpy as np
import polars as pl
import pytest

from mlwright.base.errors import DataError
from mlwright.data.dataset import to_dataset
from mlwright.data.infer import infer_schema
from mlwright.data.readers import read_raw
from mlwright.data.schema import Column, SemanticType
from mlwright.data.validation import check_batch, to_pandera

AGE = Column(name="age", type=SemanticType.NUMBER, minimum=0, maximum=90)
COLOUR = Column(name="colour", type=SemanticType.CATEGORY, levels=("red", "blue"))
GOOD = {"age": [1, 2], "colour": ["red", "blue"]}


def checks(frame):
    return {finding.check: finding for finding in check_batch(frame, [AGE, COLOUR])}


def test_a_good_batch_has_no_findings():
    assert checks(GOOD) == {}
    assert check_batch(pl.DataFrame(GOOD), [AGE, COLOUR], mode="strict") == ()


@pytest.mark.parametrize(
    ("change", "check", "severity"),
    [
        ({"age": ["x", 2]}, "cells", "error"),
        ({"age": [np.inf, 2.0]}, "cells", "error"),
        ({"age": np.array([np.inf, 2.0])}, "cells", "error"),
        ({"age": [200, 2]}, "out_of_range", "warning"),
        ({"age": [None, 2]}, "missing_share", "warning"),
        ({"colour": ["green", "red"]}, "new_levels", "warning"),
        ({"more": [1, 2]}, "columns", "info"),
    ],
)
def test_what_differs_is_found(change, check, severity):
    found = checks(GOOD | change)
    assert found[check].severity == severity


def test_a_missing_column_is_an_error_with_a_suggestion():
    found = checks({"agee": [1], "colour": ["red"]})
    assert found["columns"].message
    batch = check_batch({"agee": [1], "colour": ["red"]}, [AGE, COLOUR])
    assert batch[0].severity == "error"
    assert "agee" in batch[0].hint


def test_strict_refuses():
    with pytest.raises(DataError, match="not as the schema has it"):
        check_batch(GOOD | {"age": [200, 2]}, [AGE, COLOUR], mode="strict")


def test_the_callers_array_is_not_written_to():
    ages = np.array([np.inf, 2.0])
    check_batch({"age": ages, "colour": ["red", "red"]}, [AGE, COLOUR])
    assert np.isinf(ages[0])


def test_pandera_accepts_the_table_and_refuses_another(shared_data):
    import pandera.errors

    raw = read_raw("titanic.csv", base=shared_data / "tabular")
    schema = infer_schema(raw, target="Survived")
    dataset, _ = to_dataset(raw, schema)
    enforced = to_pandera(schema)
    assert enforced.validate(dataset.frame).height == 891
    wrong = dataset.frame.with_columns(pl.col("Age") + 100, pl.lit("X").alias("Embarked"))
    with pytest.raises(pandera.errors.SchemaErrors) as caught:
        enforced.validate(wrong, lazy=True)
    assert {"Age", "Embarked"} <= {str(name) for name in caught.value.failure_cases["column"].to_list()}
