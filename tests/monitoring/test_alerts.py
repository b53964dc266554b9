"""The check as a whole: silent when nothing has changed, and awake when something has."""

import json
import re

import numpy as np
import pytest

from mlwright.base.errors import DataError
from mlwright.data.schema import Column, SemanticType
from mlwright.models.signature import Task
from mlwright.monitoring.accumulate import Accumulator
from mlwright.monitoring.alerts import check, judge, report_html, report_text
from mlwright.monitoring.baseline import Reference, make_baseline
from mlwright.monitoring.config import MonitorConfig
from mlwright.monitoring.findings import MonitorReport, Severity


def predict(table) -> np.ndarray:
    return 1 / (1 + np.exp(-(table["normal"] - 50) / 10 - (table["flag"] == "true")))


@pytest.fixture(scope="module")
def baseline(draw, inputs):
    table = draw(10_000, 1000)
    return make_baseline(table, inputs, predict(table), Task.BINARY, Reference(classes=("no", "yes")))


@pytest.mark.parametrize(("rows", "repeats"), [(200, 60), (1000, 40), (10_000, 8), (100_000, 1)])
def test_the_same_distribution_raises_nothing_at_any_size(draw, inputs, rows, repeats):
    found = []
    for seed in range(repeats):
        then, now = draw(rows, 2 * seed), draw(rows, 2 * seed + 1)
        found += check(now, make_baseline(then, inputs, predict(then), Task.BINARY), predictions=predict(now)).findings
    # alpha is 0.001 for the inputs and again for the predictions: in 60 checks, 0.12 findings are expected.
    assert found == []


@pytest.mark.parametrize("rows", [200, 50_000])
def test_samples_of_other_size_than_the_baseline_raise_nothing(draw, baseline, rows):
    now = draw(rows, 7)
    assert check(now, baseline, predictions=predict(now)).severity is Severity.OK


def changed(table, name, values):
    return {**table, name: values}


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_small_changes_are_found_at_ten_thousand_rows_and_nothing_else(draw, baseline, seed):
    now = draw(10_000, seed)
    rng = np.random.default_rng(seed)
    shifted = check(changed(now, "normal", now["normal"] + 2.5), baseline)  # 0.25 standard deviations
    assert {(f.check, f.column) for f in shifted.findings} == {("drift", "normal")}
    fresh_level = np.where(rng.random(10_000) < 0.01, "brand new", now["city"]).astype(object)
    new_level = check(changed(now, "city", fresh_level), baseline)
    assert {(f.check, f.column) for f in new_level.findings} == {("unseen", "city")}
    holes = np.where(rng.random(10_000) < 0.02, np.nan, now["normal"])
    assert {(f.check, f.column) for f in check(changed(now, "normal", holes), baseline).findings} == {
        ("missing", "normal")
    }
    tenth = check(changed(now, "normal", now["normal"] + 1.0), baseline)
    assert tenth.of("drift", "normal")
    top = np.where(rng.random(10_000) < 0.05, "level 0", now["city"]).astype(object)
    assert check(changed(now, "city", top), baseline).of("drift", "city")


def test_a_change_too_small_to_matter_is_not_said_though_it_is_significant(draw, inputs):
    then, now = draw(100_000, 1), draw(100_000, 2)
    report = check(changed(now, "normal", now["normal"] + 0.3), make_baseline(then, inputs, None, Task.REGRESSION))
    assert report.severity is Severity.OK


def test_the_size_of_a_change_decides_between_warning_and_alarm(draw, baseline):
    now = draw(10_000, 4)
    mild = check(changed(now, "normal", now["normal"] + 1.5), baseline)
    strong = check(changed(now, "normal", now["normal"] + 10), baseline)
    assert (mild.severity, mild.exit_code) == (Severity.WARNING, 3)
    assert (strong.severity, strong.exit_code) == (Severity.ALARM, 4)
    assert check(now, baseline).exit_code == 0


def test_prediction_drift_comes_first(draw, baseline):
    now = draw(5000, 5)
    now["normal"] = now["normal"] + 10
    report = check(now, baseline, predictions=predict(now))
    assert report.findings[0].check == "prediction"


def test_an_unimportant_input_only_warns(draw, inputs):
    then, now = draw(3000, 1), draw(3000, 2)
    importance = {"normal": 0.001, "skewed": 0.9}
    made = make_baseline(then, inputs, None, Task.REGRESSION, Reference(importance=importance))
    assert check(changed(now, "normal", now["normal"] + 10), made).severity is Severity.WARNING
    assert check(changed(now, "skewed", now["skewed"] * 10), made).severity is Severity.ALARM


def test_other_faults_of_the_rows_are_named(draw, baseline):
    now = draw(1000, 6)
    constant = check(changed(now, "normal", np.full(1000, 50.0)), baseline)
    assert constant.of("constant", "normal")
    beyond = now["normal"].copy()
    beyond[:20] = 1e12
    assert "1e+12" in check(changed(now, "normal", beyond), baseline).of("range", "normal")[0].message
    infinite = now["normal"].copy()
    infinite[0] = np.inf
    assert check(changed(now, "normal", infinite), baseline).of("infinite", "normal")
    absent = {name: values for name, values in now.items() if name != "city"}
    assert check(absent, baseline).of("column", "city")[0].severity is Severity.ALARM
    twice = {name: np.concatenate([values, values]) for name, values in now.items()}
    assert check(twice, baseline).of("duplicates")
    assert check(draw(10, 6), baseline).of("rows")[0].severity is Severity.OK


def test_longer_texts_are_drift_and_ignored_columns_are_not(draw, baseline):
    now = draw(2000, 8)
    longer = changed(now, "note", np.array([text * 2 for text in now["note"]], dtype=object))
    assert check(longer, baseline).of("drift", "note")
    assert check(longer, baseline, MonitorConfig(ignore=("note",))).findings == ()


def test_datetimes_move_on_without_an_alarm_but_must_be_fresh():
    day = 86_400.0
    columns = [Column(name="ordered_at", type=SemanticType.DATETIME)]
    made = make_baseline({"ordered_at": np.arange(1000) * day}, columns, None, Task.REGRESSION)
    later = Accumulator(made)
    later.add({"ordered_at": (2000 + np.arange(500)) * day})
    config = MonitorConfig(freshness={"ordered_at": "2d"})
    assert judge(later, config).findings == ()
    assert judge(later, config, now=2500 * day).findings == ()
    stale = judge(later, config, now=2510 * day)
    assert stale.of("freshness")[0].severity is Severity.ALARM
    assert judge(later, config, now=2400 * day).of("future")[0].severity is Severity.WARNING


def test_batches_give_the_report_of_the_whole(draw, baseline):
    now = draw(5000, 9)
    now["skewed"] = now["skewed"] * 2
    y = (np.random.default_rng(0).random(5000) < predict(now)).astype(int)
    whole = check(now, baseline, predictions=predict(now), labels=y)
    parts = Accumulator(baseline)
    for rows in np.array_split(np.arange(5000), 9):
        piece = {name: values[rows] for name, values in now.items()}
        parts.add(piece, predict(piece), y[rows])
    batched = judge(parts)
    assert batched.findings == whole.findings
    assert batched.quality == whole.quality


def test_memory_does_not_grow_with_the_rows(draw, baseline):
    counted = Accumulator(baseline)
    for _ in range(3):
        piece = {**draw(20_000, 1), "customer": np.random.default_rng(1).permutation(20_000).astype(str).astype(object)}
        counted.add(piece)
    customer = counted.columns["customer"].counts
    assert len(customer.unseen) <= 10_000
    assert customer.unseen_rows > 10_000


def labelled(rows: int, seed: int, skill: float):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, rows)
    return {"a": rng.normal(size=rows)}, 1 / (1 + np.exp(-skill * (2 * y - 1) - rng.normal(0, 1.5, rows))), y


def test_worse_quality_alarms_and_the_same_quality_does_not():
    columns = [Column(name="a", type=SemanticType.NUMBER)]
    then, p, y = labelled(3000, 0, 1.5)
    made = make_baseline(then, columns, p, Task.BINARY, Reference(classes=("n", "y"), labels=y))
    for seed in range(1, 11):
        now, p, y = labelled(1000, seed, 1.5)
        assert check(now, made, predictions=p, labels=y).of("quality") == ()
    now, p, y = labelled(1000, 20, 0.7)
    report = check(now, made, predictions=p, labels=np.array(["n", "y"], dtype=object)[y])
    assert report.of("quality")[0].severity is Severity.ALARM
    assert report.findings[0].check == "quality"
    assert {q.metric for q in report.quality} == {"roc_auc", "log_loss", "accuracy"}


def test_the_report_survives_json_and_repeats(draw, baseline):
    now = draw(1000, 3)
    now["normal"] = now["normal"] * 1.5
    first, again = (check(now, baseline, predictions=predict(now)).model_dump_json() for _ in range(2))
    assert first == again
    assert json.loads(first)["severity"] == "alarm"
    assert json.loads(first)["exit_code"] == 4
    assert MonitorReport.model_validate_json(first).model_dump_json() == first


def test_text_and_html_say_what_was_found_and_trust_no_name(draw, inputs):
    then, now = draw(2000, 1), draw(2000, 2)
    evil = "<script>alert(1)</script>"
    columns = [*inputs, Column(name=evil, type=SemanticType.CATEGORY)]
    then[evil] = np.array(["<b>", "&"] * 1000, dtype=object)
    now[evil] = np.array(["<b>"] * 1990 + ["</svg>"] * 10, dtype=object)
    report = check(now, make_baseline(then, columns, None, Task.REGRESSION))
    text, html = report_text(report), report_html(report)
    assert "ALARM" in text
    assert evil not in html
    assert "<b></text>" not in html
    assert html.count("<svg") == html.count("</svg>") >= 1
    assert not re.search(r"(src|href)=", html)


def test_faults_of_the_caller_are_named(draw, baseline):
    now = draw(10, 0)
    with pytest.raises(DataError, match="10 rows and 3 predictions"):
        check(now, baseline, predictions=np.zeros(3))
    with pytest.raises(DataError, match="without predictions"):
        check(now, baseline, labels=np.zeros(10))
    with pytest.raises(DataError, match="no rows"):
        check({name: values[:0] for name, values in now.items()}, baseline)
    with pytest.raises(DataError, match="'flag' is an array of float64"):
        check(changed(now, "flag", np.zeros(10)), baseline)


def test_real_tables_split_at_random_raise_nothing(shared_data):

    path = shared_data / "tabular" / "wine_quality.csv"
    header = path.read_text(encoding="utf-8").split("\n", 1)[0]
    separator = ";" if ";" in header else ","
    names = [name.strip('"') for name in header.strip().split(separator)]
    rows = np.genfromtxt(path, delimiter=separator, skip_header=1)
    kept = [i for i in range(len(names)) if np.isfinite(rows[:, i]).any()]
    columns = [Column(name=names[i], type=SemanticType.NUMBER) for i in kept]
    for seed in range(10):
        order = np.random.default_rng(seed).permutation(len(rows))
        half = len(order) // 2
        then = {names[i]: rows[order[:half], i] for i in kept}
        now = {names[i]: rows[order[half:], i] for i in kept}
        assert check(now, make_baseline(then, columns, None, Task.REGRESSION)).findings == ()
