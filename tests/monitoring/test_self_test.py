import numpy as np
import pytest

from mlwright.base.errors import DataError
from mlwright.data.schema import Column, SemanticType
from mlwright.models.signature import Task
from mlwright.monitoring.findings import Severity
from mlwright.monitoring.self_test import drift_self_test


def test_an_injected_shift_alarms_and_fresh_rows_do_not(draw, inputs):
    found = drift_self_test(draw(2000, 0), draw(500, 1), inputs)
    assert found.passed
    assert found.fresh is Severity.OK
    assert found.smallest_detected is not None
    assert found.smallest_detected <= 1.0
    assert found.injections[-1].detected


def test_without_fresh_rows_a_random_third_is_used(draw, inputs):
    found = drift_self_test(draw(900, 2), None, inputs, seed=3)
    assert (found.reference_rows, found.fresh_rows) == (600, 300)
    assert found.passed
    assert found == drift_self_test(draw(900, 2), None, inputs, seed=3)


def test_fresh_rows_of_another_kind_fail_the_test(draw, inputs):
    other = draw(500, 1)
    other["skewed"] = other["skewed"] * 3
    found = drift_self_test(draw(2000, 0), other, inputs)
    assert not found.passed
    assert "skewed" in found.fresh_findings[0]


def test_predictions_are_watched_when_the_model_is_given(draw, inputs):
    found = drift_self_test(
        draw(2000, 0),
        draw(600, 1),
        inputs,
        predict=lambda table: table["normal"] + table["skewed"],
        task=Task.REGRESSION,
    )
    assert found.passed


def test_categories_are_shifted_where_there_are_no_numbers():
    rng = np.random.default_rng(0)
    columns = [Column(name="kind", type=SemanticType.CATEGORY)]
    table = {"kind": rng.choice(np.array(["a", "b"], dtype=object), 600)}
    found = drift_self_test(table, None, columns)
    assert found.passed
    assert found.unit == "share of rows"


def test_a_table_that_cannot_be_shifted_says_so():
    with pytest.raises(DataError, match="no drift can be injected"):
        drift_self_test({"a": np.ones(10)}, None, [Column(name="a", type=SemanticType.NUMBER)])
