"""The leak battery: each leak is planted once and found; honest tables pass."""

import json

import numpy as np
import polars as pl
import pytest

from mlwright.data import leaks
from mlwright.data.dataset import Dataset, to_dataset
from mlwright.data.infer import infer_schema
from mlwright.data.leak_case import LeakCase, LeakPlan, case_of
from mlwright.data.leaks import battery, check_leaks
from mlwright.data.readers import read_raw
from mlwright.data.schema import Column, Role, Schema, SemanticType
from mlwright.data.splits import Split, SplitPlan, split_test
from mlwright.data.target import infer_task
from mlwright.data.task import Task

ROWS = 400


def table(roles=None, **more):
    random = np.random.default_rng(1)
    x = random.normal(size=(ROWS, 6))
    data = {f"x{i}": x[:, i] for i in range(6)}
    data["y"] = np.where(x[:, 0] + random.normal(size=ROWS) > 0, "b", "a").tolist()
    frame = pl.DataFrame(data | more)
    kinds = {pl.Float64: SemanticType.NUMBER, pl.String: SemanticType.CATEGORY}
    given = {"y": Role.TARGET} | (roles or {})
    columns = tuple(
        Column(name=n, type=kinds.get(frame[n].dtype, SemanticType.DATETIME), role=given.get(n, Role.FEATURE))
        for n in frame.columns
    )
    return Dataset(frame, Schema(columns=columns))


def found(dataset, check, split=None, plan=None):
    case = case_of(dataset, split or split_test(dataset, SplitPlan()), plan or LeakPlan(Task.BINARY))
    return battery()[check](case)


def halves():
    return Split(np.arange(0, 300), np.arange(300, ROWS), "random", "")


def test_an_honest_table_has_a_finding_of_every_check_and_no_error():
    dataset = table()
    findings = check_leaks(dataset, split_test(dataset, SplitPlan()), LeakPlan(Task.BINARY))
    assert {finding.check for finding in findings} == set(battery())
    assert [finding.message for finding in findings if finding.severity != "info"] == []


@pytest.mark.slow
@pytest.mark.parametrize("name", ["titanic", "online_shoppers", "wine_quality", "california_housing", "bike_hour"])
def test_real_tables_have_no_error(shared_data, name):
    facts = json.loads((shared_data / "tabular" / "datasets.json").read_text())[name]
    raw = read_raw(facts["file"], base=shared_data / "tabular")
    dataset, _ = to_dataset(raw, infer_schema(raw, target=facts["target"]))
    plan = LeakPlan(infer_task(dataset)[0], max_rows=1500)
    findings = check_leaks(dataset, split_test(dataset, SplitPlan()), plan)
    assert [finding.message for finding in findings if finding.severity == "error"] == []


def test_the_battery_is_deterministic():
    dataset = table()
    split = split_test(dataset, SplitPlan())
    first, second = (check_leaks(dataset, split, LeakPlan(Task.BINARY)) for _ in range(2))
    assert first == second


def test_copies_across_the_split_are_an_error():
    dataset = table()
    doubled = Dataset(pl.concat([dataset.frame[:300], dataset.frame[:100]]), dataset.schema)
    (finding,) = found(doubled, "exact_duplicates", halves())
    assert (finding.severity, finding.evidence["test_rows"]) == ("error", 100)


def test_near_copies_across_the_split_are_shown():
    dataset = table()
    twins = dataset.frame[:100].with_columns(x3=pl.col("x3") + 5, x1=pl.col("x1") * 1.000001)
    (finding,) = found(Dataset(pl.concat([dataset.frame[:300], twins]), dataset.schema), "near_duplicates", halves())
    assert finding.severity == "warning"
    assert finding.evidence["share"] > 0.9


def test_an_entity_on_both_sides_is_an_error():
    dataset = table(roles={"who": Role.GROUP}, who=[f"p{i % 50}" for i in range(ROWS)])
    (finding,) = found(dataset, "entity_overlap", halves())
    assert (finding.severity, finding.columns) == ("error", ("who",))
    assert found(dataset, "entity_overlap")[0].severity == "info"


def test_training_rows_later_than_the_test_are_an_error_of_a_split_by_time():
    when = pl.Series(np.datetime64("2020-01-01", "us") + np.arange(ROWS) * np.timedelta64(1, "h"))
    dataset = table(roles={"when": Role.TIME}, when=when)
    assert found(dataset, "time_overlap")[0].severity == "info"
    wrong = Split(np.arange(100, ROWS), np.arange(0, 100), "time", "")
    assert found(dataset, "time_overlap", wrong)[0].severity == "error"


@pytest.mark.parametrize("labels", [{"a": "no", "b": "yes"}, {"a": "7", "b": "9"}])
def test_the_target_under_another_name_is_an_error(labels):
    dataset = table()
    renamed = dataset.frame["y"].replace_strict(labels)
    (finding,) = found(table(outcome=renamed), "target_copies")
    assert (finding.severity, finding.columns) == ("error", ("outcome",))
    assert "outcome: ignored" in finding.hint


def test_a_scaled_copy_of_a_number_is_an_error():
    value = np.random.default_rng(2).normal(size=ROWS)
    dataset = table(roles={"y": Role.FEATURE, "price": Role.TARGET}, price=value, cents=value * 100 + 3)
    (finding,) = found(dataset, "target_copies", plan=LeakPlan(Task.REGRESSION))
    assert finding.columns == ("cents",)


def test_a_feature_that_nearly_is_the_target_is_an_error():
    y = table().frame["y"]
    proxy = (y == "b").cast(pl.Float64) * 10 + np.random.default_rng(3).normal(size=ROWS)
    (finding,) = found(table(proxy=proxy), "target_proxies")
    assert (finding.severity, finding.columns) == ("error", ("proxy",))
    assert finding.evidence["score"] > 0.995


def test_rows_sorted_by_the_target_are_an_error_only_when_a_feature_follows():
    dataset = table()
    ordered = Dataset(dataset.frame.sort("y"), dataset.schema)
    assert found(ordered, "row_order")[0].severity == "warning"
    numbered = table(number=np.arange(ROWS, dtype=float))
    together = Dataset(numbered.frame.with_columns(pl.col("y").sort()), numbered.schema)
    (finding,) = found(together, "row_order")
    assert (finding.severity, finding.columns) == ("error", ("number",))


def test_one_file_per_class_is_an_error():
    dataset = table()
    ordered = Dataset(dataset.frame.sort("y"), dataset.schema)
    first = int((ordered.frame["y"] == "a").sum())
    plan = LeakPlan(Task.BINARY, parts=(("a.csv", first), ("b.csv", ROWS - first)))
    assert found(ordered, "file_names", plan=plan)[0].severity == "error"
    mixed = LeakPlan(Task.BINARY, parts=(("a.csv", 200), ("b.csv", 200)))
    assert found(dataset, "file_names", plan=mixed)[0].severity == "info"


def test_sides_that_differ_are_told_apart():
    shifted = table(drift=np.repeat([0.0, 5.0], [300, 100]) + np.random.default_rng(4).normal(size=ROWS))
    (finding,) = found(shifted, "adversarial_validation", halves())
    assert finding.severity == "error"
    assert finding.evidence["low"] > 0.9


def test_a_pipeline_that_sees_the_answers_learns_shuffled_labels():
    def cheats(train, y, valid, seed):
        seen = cheats.labels
        return np.column_stack([1 - seen[valid["row"].astype(int)], seen[valid["row"].astype(int)]])

    dataset = table(row=np.arange(ROWS, dtype=float))
    split = split_test(dataset, SplitPlan())
    from mlwright.base.seeds import generator

    codes = (dataset.frame["y"] == "b").cast(pl.Int64).to_numpy()[split.train]
    cheats.labels = np.zeros(ROWS)
    cheats.labels[split.train] = generator(0, "permuted labels").permutation(codes)
    (finding,) = found(dataset, "permuted_labels", split, LeakPlan(Task.BINARY, fit_predict=cheats))
    assert finding.severity == "error"
    assert finding.evidence["score"] == 1.0


def test_a_check_that_breaks_counts_as_failed():
    def breaks(case):
        raise ZeroDivisionError("no rows")

    dataset = table()
    case = LeakCase(dataset, halves(), LeakPlan(Task.BINARY), np.zeros(ROWS), np.arange(ROWS))
    (finding,) = leaks._closed("some_check", breaks, case)
    assert finding.severity == "error"
    assert "cannot be ruled out" in finding.message


def test_areas_agree_with_scikit_learn():
    from sklearn.metrics import roc_auc_score

    from mlwright.data.leak_matrix import area

    random = np.random.default_rng(5)
    positive, score = random.random(300) > 0.7, random.integers(0, 20, 300)
    assert area(positive, score) == pytest.approx(roc_auc_score(positive, score))


def test_copies_kept_together_do_not_tell_the_sides_apart():
    dataset = table()
    tripled = Dataset(pl.concat([dataset.frame[:130]] * 3), dataset.schema)
    (finding,) = found(tripled, "adversarial_validation")
    assert finding.severity == "info"
