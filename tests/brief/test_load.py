"""A brief is read whole, and every fault in it is named at once with its line."""

from pathlib import Path

import pytest

from mlwright.base.errors import BriefError
from mlwright.brief.load import load_brief
from mlwright.brief.schema import Gate, Threshold

FULL = """\
objective: Tell malignant from benign tumours by the measurements of a cell sample
kind: classification            # classification, regression
data:
  source: sample://breast_cancer   # a file, a folder
  target: diagnosis
  columns: {patient: id, visited: time, sex: sensitive}
requirements: {roc_auc: ">= 0.97", latency_p95: 20 ms, throughput: 200 rows/s, size: 50 MB}
constraints: {time: 60 s, memory: 4 GB, usd: 0, hardware: cpu, platform: container, interpretability: any}
success: {recall: ">= 0.95 at precision 0.9", fairness: "equalized_odds <= 0.1"}     # gates
seed: 0
"""
SMALL = "objective: Predict\ndata: {source: c.csv}\n"


def _faults(text: str) -> str:
    with pytest.raises(BriefError) as caught:
        load_brief(text)
    return str(caught.value)


def test_the_brief_of_the_design_is_read() -> None:
    brief = load_brief(FULL)
    assert brief.requirements.metrics == {"roc_auc": Threshold(op=">=", value=0.97)}
    assert brief.requirements.latency_p95_seconds == 0.02
    assert brief.requirements.throughput_rows_per_second == 200
    assert brief.requirements.size_bytes == 50_000_000
    assert (brief.constraints.time_seconds, brief.constraints.memory_bytes, brief.constraints.usd) == (60, 4 * 10**9, 0)
    assert brief.success == (
        Gate(metric="recall", op=">=", value=0.95, at_metric="precision", at_value=0.9),
        Gate(metric="equalized_odds_difference", op="<=", value=0.1, fairness=True),
    )
    assert brief.data.columns == {"patient": "id", "visited": "time", "sex": "sensitive"}
    assert brief.headline_metric == "roc_auc"


def test_two_lines_are_enough() -> None:
    brief = load_brief(SMALL)
    assert (brief.kind, brief.metric, brief.split, brief.constraints.onnx) == (None, None, None, "required")


@pytest.mark.parametrize("example", sorted((Path(__file__).parents[2] / "examples").glob("*/brief.yaml")))
def test_the_examples_are_read(example: Path) -> None:
    brief = load_brief(example)
    assert brief.data.target or brief.kind == "anomaly"


def test_yaml_json_and_a_dict_say_the_same(tmp_path: Path) -> None:
    (tmp_path / "b.json").write_text('{\n\t"objective": "Predict",\n\t"data": {"source": "c.csv"}}')
    fields = {"objective": "Predict", "data": {"source": "c.csv"}}
    assert load_brief(tmp_path / "b.json") == load_brief(SMALL) == load_brief(fields)


def test_every_fault_is_named_with_line_and_column() -> None:
    bad = (
        FULL.replace("0.97", "1.01")
        .replace("20 ms", "0.1 ms")
        .replace("  target:", "  taget:")
        .replace("hardware: cpu", "hardware: tpu")
        .replace("60 s", "-5 s")
        .replace("seed: 0", "seed: 0\nseed: 1")
    )
    text = _faults(bad + "metric: rmse\n")
    for part in (
        "has 7 faults",
        "5:3: 'data.taget' is not a field of a brief. Did you mean 'target'?",
        "7:25: 'requirements.roc_auc': 'roc_auc >= 1.01' is impossible: a perfect model has 1.",
        "7:49: 'requirements.latency_p95': a latency of '0.1 ms' is impossible",
        "8:21: 'constraints.time': a time of '-5 s' is impossible",
        "8:59: 'constraints.hardware': 'tpu' is not one of cpu, gpu.",
        "11:1: 'seed' is given twice (first on line 10).",
        "12:9: The metric 'rmse' does not fit a brief of kind classification.",
    ):
        assert part in text


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("kind: clasification", "Did you mean 'classification'?"),
        ("kind: binary", "Did you mean 'classification'?"),
        ("kind: ner", "cannot be done yet"),
        ("requirements: {acuracy: 0.9}", "Did you mean 'accuracy'?"),
        ("requirements: {accuracy: 97}", "Did you mean 97%?"),
        ("requirements: {accuracy: '<= 0.9'}", "wrong sense"),
        ("requirements: {accuracy: '= 0.9'}", "exact value"),
        ("requirements: {rmse: -1}", "impossible"),
        ("requirements: {rmse: 1, accuracy: 0.9}", "does not fit"),
        ("requirements: {latency: 20 ms}", "Did you mean 'latency_p95'?"),
        ("requirements: {latency_p95: 20}", "has no unit"),
        ("requirements: {throughput: 0}", "impossible"),
        ("requirements: high", "must be fields"),
        ("constraints: {memory: 1 MB}", "the libraries alone"),
        ("constraints: {trials: 0}", "whole number"),
        ("constraints: {trials: 2.5}", "whole number"),
        ("constraints: {usd: -1}", "impossible"),
        ("constraints: {time: }\nkind: x", "is not a kind"),
        ("success: {recall: '0.9 at precission 0.9'}", "precission"),
        ("success: {fairness: equal_odds <= 0.1}", "fairness"),
        ("success: {fairness: equalized_odds <= 1}", "allows everything"),
        ("costs: {false_positive: 1}", "'costs.false_negative' is missing"),
        ("costs: {false_positive: 0, false_negative: 0}", "Both costs are 0"),
        ("split: {test_share: 1.5}", "impossible"),
        ("seed: -1", "whole number"),
        ("seed: true", "quantity"),
        ("on_leak: shout", "not one of stop, drop"),
        ("goal: x", "Did you mean 'objective'?"),
    ],
)
def test_a_fault_says_what_to_do(line: str, message: str) -> None:
    assert message in _faults(SMALL + line + "\n")


def test_what_is_missing_is_named() -> None:
    text = _faults("seed: 1\n")
    assert "'objective' is missing" in text
    assert "'data' is missing" in text
    assert "'data.source' is missing" in _faults("objective: x\ndata: {target: y}\n")


def test_names_of_columns_are_kept_as_they_are_written() -> None:
    data = load_brief("objective: x\ndata: {source: c.csv, target: no, columns: {1e3: id, yes: time}}\n").data
    assert data.target == "no"
    assert data.columns == {"1e3": "id", "yes": "time"}


def test_a_target_may_be_named_among_the_columns() -> None:
    assert load_brief("objective: x\ndata: {source: c.csv, columns: {y: target}}").data.target == "y"
    assert "given twice" in _faults("objective: x\ndata: {source: c.csv, target: a, columns: {y: target}}\n")


def test_percent_and_bare_thresholds() -> None:
    metrics = load_brief(SMALL + "requirements: {accuracy: 97%, log_loss: 0.3, AUC: '> 0.9'}\n").requirements.metrics
    assert {name: str(t) for name, t in metrics.items()} == {
        "accuracy": ">= 0.97",
        "log_loss": "<= 0.3",
        "roc_auc": ">= 0.9",
    }


def test_gates_may_be_a_list() -> None:
    gates = load_brief(
        SMALL + "success: [recall >= 0.9 at precision 0.8, equalized_odds <= 0.1, accuracy >= 0.7]\n"
    ).gates
    assert [str(gate) for gate in gates] == [
        "recall >= 0.9 at precision 0.8", "equalized_odds_difference <= 0.1", "accuracy >= 0.7",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"# only a comment\n", "is empty"),
        (b"- a\n- b\n", "made of fields, this is a list"),
        (b"just text", "made of fields"),
        (b"objective: \xff\xfe\n", "is not UTF-8"),
        (b"objective: [\n", "not YAML"),
        (b"objective: x\n\tdata: y\n", "not YAML"),
        (b"objective: a\x00b\n", "not YAML"),
        (b"a: &a [*a]\nobjective: x\ndata: c.csv\n", "refers to itself"),
        (b"objective: {a: 1}\ndata: c.csv\n", "expected text"),
        (b"? [a, b]\n: 1\nobjective: x\ndata: c.csv\n", "A key must be a single word"),
        (b"objective: !!python/object/apply:os.system ['true']\ndata: c.csv\n", "expected text"),
    ],
)
def test_what_is_no_brief_is_a_clear_error(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "b.yaml").write_bytes(content)
    with pytest.raises(BriefError, match=message) as caught:
        load_brief(tmp_path / "b.yaml")
    assert caught.value.hint


def test_an_alias_that_multiplies_itself_is_stopped(tmp_path: Path) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 9)]
    (tmp_path / "b.yaml").write_text("\n".join(lines))
    with pytest.raises(BriefError, match="too large"):
        load_brief(tmp_path / "b.yaml")


def test_a_missing_file_and_a_folder_are_clear_errors(tmp_path: Path) -> None:
    with pytest.raises(BriefError, match="There is no file"):
        load_brief(tmp_path / "brief.yaml")
    with pytest.raises(BriefError, match="is a folder"):
        load_brief(tmp_path)


def test_a_plain_alias_is_understood() -> None:
    assert load_brief("objective: &o Predict churn\nkind: classification\ndata: c.csv\n").objective == "Predict churn"
