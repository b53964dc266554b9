"""SHAP values on raw columns against hand values and real models."""

import numpy as np
import pytest

from mlwright.base.errors import DataError
from mlwright.data.schema import Column, SemanticType
from mlwright.explain.codes import CodeTable
from mlwright.explain.shap_values import ExplainOptions, explain

NUMBER, CATEGORY = SemanticType.NUMBER, SemanticType.CATEGORY
SIZES = {"": 0.5, "small": -1.0, "large": 2.0}


def table(rows: int, seed: int = 0) -> dict[str, np.ndarray]:
    draw = np.random.default_rng(seed)
    a = draw.normal(size=rows)
    a[::7] = np.nan
    sizes = np.array([["small", "large", ""][i] for i in draw.integers(0, 3, rows)], dtype=object)
    return {"a": a, "b": draw.normal(size=rows), "size": sizes}


def inputs() -> list[Column]:
    return [Column(name="a", type=NUMBER), Column(name="b", type=NUMBER), Column(name="size", type=CATEGORY)]


def parts(columns) -> dict[str, np.ndarray]:
    """An additive model of numbers with missing cells and of strings: each column's SHAP value is known."""
    return {
        "a": 3.0 * np.nan_to_num(columns["a"], nan=-1.0),
        "b": -2.0 * columns["b"],
        "size": np.array([SIZES[str(s)] for s in columns["size"]]),
    }


def additive(columns) -> np.ndarray:
    return sum(parts(columns).values())


def test_values_of_an_additive_model_are_its_parts_less_their_background_means():
    background, rows = table(30, 1), table(20, 2)
    found = explain(additive, background, rows, inputs(), ExplainOptions(asked=(3,), background=30))
    mean = {name: part.mean() for name, part in parts(background).items()}
    local = found.local[0]
    assert (local.row, local.why) == (3, "asked")
    for contribution in local.contributions:
        expected = parts(rows)[contribution.column][3] - mean[contribution.column]
        assert contribution.shap == pytest.approx(expected, abs=1e-9)
    assert found.base[0] == pytest.approx(sum(mean.values()))
    assert local.base + sum(c.shap for c in local.contributions) == pytest.approx(local.prediction)


@pytest.mark.parametrize(("permutations", "method"), [(2, "exact"), (1, "permutation")])
def test_both_methods_give_the_same_mean_absolute_values(permutations, method):
    background, rows = table(30, 1), table(20, 2)
    found = explain(additive, background, rows, inputs(), ExplainOptions(permutations=permutations, background=30))
    assert found.method == method
    expected = {n: np.abs(p - parts(background)[n].mean()).mean() for n, p in parts(rows).items()}
    assert {i.column: i.mean_abs for i in found.importance} == pytest.approx(expected)
    assert sum(i.share for i in found.importance) == pytest.approx(1.0)
    assert found.additivity_error < 1e-9


def test_the_same_seed_gives_the_same_bytes_and_leaves_numpys_generator_alone():
    options = ExplainOptions(seed=5, permutations=1, background=10, rows=10)
    np.random.seed(1)
    before = np.random.get_state()[1].copy()
    first = explain(additive, table(50, 1), table(40, 2), inputs(), options).model_dump_json()
    assert (np.random.get_state()[1] == before).all()
    assert explain(additive, table(50, 1), table(40, 2), inputs(), options).model_dump_json() == first
    assert explain(additive, table(50, 1), table(40, 2), inputs(), ExplainOptions(seed=6, rows=10)) is not None


def test_the_limit_of_predictions_is_kept_and_said():
    options = ExplainOptions(predictions=3_000, background=20, rows=40)
    found = explain(additive, table(50, 1), table(40, 2), inputs(), options)
    assert found.stopped == "predictions"
    assert 1 <= found.rows < 40
    assert found.predictions <= 3_000 + 20 + 40  # the base and the explained rows themselves


def test_spent_seconds_end_the_work_with_the_rows_done_so_far():
    found = explain(additive, table(50, 1), table(40, 2), inputs(), ExplainOptions(seconds=0.0))
    assert (found.stopped, found.rows) == ("seconds", 1)


def test_a_model_that_looks_at_its_batch_is_refused():
    with pytest.raises(DataError, match="miss the predictions"):
        explain(lambda c: additive(c) + len(c["a"]), table(30), table(20, 2), inputs(), ExplainOptions())


def test_outputs_that_do_not_fit_are_refused():
    with pytest.raises(DataError, match="gives 1 outputs; 3 were named"):
        explain(additive, table(30), table(5), inputs(), ExplainOptions(outputs=("x", "y", "z")))


def test_a_column_that_is_absent_is_named():
    with pytest.raises(DataError, match="no column 'b'"):
        explain(additive, {"a": np.ones(3)}, table(5), inputs(), ExplainOptions())


def test_codes_come_back_as_they_went():
    columns = table(40)
    codes = CodeTable.of([columns], inputs())
    back = codes.decode(codes.encode(columns))
    assert back["size"].dtype == object
    assert list(back["size"]) == list(columns["size"])
    np.testing.assert_array_equal(back["a"], columns["a"])


def test_a_forest_on_real_iris_rows_is_explained_for_every_class():
    from sklearn.datasets import load_iris
    from sklearn.ensemble import RandomForestClassifier

    X, y = load_iris(return_X_y=True)
    names = ["sepal length", "sepal width", "petal length", "petal width"]
    forest = RandomForestClassifier(20, random_state=0).fit(X, y)
    columns = {name: X[:, j] for j, name in enumerate(names)}
    loss = 1 - forest.predict_proba(X)[np.arange(len(y)), y]
    found = explain(
        lambda c: forest.predict_proba(np.column_stack([c[n] for n in names])),
        columns,
        columns,
        [Column(name=n, type=NUMBER) for n in names],
        ExplainOptions(outputs=("setosa", "versicolor", "virginica"), rows=12, background=20, hardness=loss),
    )
    assert found.importance[0].column in {"petal length", "petal width"}
    assert len(found.base) == len(found.importance[0].by_output) == 3
    assert int(loss.argmax()) in {item.row for item in found.local if item.why == "hardest"}
    assert {"typical", "highest", "lowest"} & {item.why for item in found.local}
