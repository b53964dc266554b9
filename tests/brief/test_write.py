"""A brief written and read again is the same brief; what was assumed stands in it with its reason."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from mlwright.brief.load import load_brief
from mlwright.brief.schema import (
    Assumption,
    Brief,
    Constraints,
    Costs,
    DataSpec,
    Gate,
    Requirements,
    SplitSpec,
    Threshold,
)
from mlwright.brief.write import brief_yaml

_TEXT = st.text(st.characters(exclude_categories=["Cs", "Cn"]), min_size=1, max_size=30)
_LINE = _TEXT.map(str.strip).filter(bool)
_ROLES = st.sampled_from(["feature", "group", "time", "weight", "sensitive", "id", "ignored"])
_UNIT = st.floats(0.001, 1.0)


def _maybe(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | strategy


def _gate_at(value: float, at: float) -> Gate:
    return Gate(metric="recall", op=">=", value=value, at_metric="precision", at_value=at)


def _gap(value: float) -> Gate:
    return Gate(metric="equalized_odds_difference", op="<=", value=value, fairness=True)


_BRIEFS = st.builds(
    Brief,
    objective=_LINE,
    kind=st.sampled_from([None, "classification"]),
    data=st.builds(
        DataSpec,
        source=_LINE | st.lists(_LINE, min_size=2, max_size=3).map(tuple),
        query=_maybe(_LINE),
        target=_maybe(_TEXT),
        columns=st.dictionaries(_TEXT, _ROLES, max_size=4),
    ),
    requirements=st.builds(
        Requirements,
        metrics=st.dictionaries(
            st.sampled_from(["accuracy", "roc_auc", "f1"]), st.builds(Threshold, op=st.just(">="), value=_UNIT)
        ),
        latency_p95_seconds=_maybe(st.floats(0.0005, 100)),
        throughput_rows_per_second=_maybe(st.floats(0.01, 1e6)),
        size_bytes=_maybe(st.integers(1, 10**12)),
    ),
    constraints=st.builds(
        Constraints,
        time_seconds=_maybe(st.floats(0.1, 1e7)),
        trials=_maybe(st.integers(1, 1000)),
        memory_bytes=_maybe(st.integers(256_000_000, 10**13)),
        usd=_maybe(st.floats(0, 1e6)),
        interpretability=st.sampled_from(["any", "explainable", "linear"]),
        onnx=st.sampled_from(["required", "preferred", "no"]),
    ),
    success=st.lists(
        st.builds(_gate_at, _UNIT, _UNIT)
        | st.builds(_gap, st.floats(0.001, 0.9)),
        max_size=2,
    ).map(tuple),
    costs=_maybe(st.builds(Costs, false_positive=st.floats(0.1, 100), false_negative=st.floats(0.1, 100))),
    metric=st.sampled_from([None, "log_loss"]),
    split=_maybe(st.builds(SplitSpec, test_share=st.floats(0.01, 0.9), strategy=st.sampled_from(["random", "time"]))),
    on_leak=st.sampled_from(["stop", "drop"]),
    seed=st.integers(0, 2**32 - 1),
)  # fmt: skip


@given(_BRIEFS)
@settings(max_examples=150, deadline=None)
def test_a_brief_written_is_read_back_equal(brief: Brief) -> None:
    assert load_brief(brief_yaml(brief) + "\n") == brief


def test_what_was_assumed_stands_in_the_brief() -> None:
    brief = load_brief({"objective": "Predict", "data": "c.csv"})
    text = brief_yaml(
        brief,
        (
            Assumption(field="kind", value="classification", why="the target\nhas two values"),
            Assumption(field="data.target", value="no: yes", why="named in the objective"),
            Assumption(field="data.columns.day.of", value="time", why="dates"),
            Assumption(field="constraints.time", value="60 s", why="small table"),
            Assumption(field="split.strategy", value="time", why="a time column"),
            Assumption(field="folds", value=5, why="enough rows"),
        ),
    )
    read = load_brief(text)
    assert (read.kind, read.data.target, read.data.columns) == ("classification", "no: yes", {"day.of": "time"})
    assert read.constraints.time_seconds == 60
    assert read.split == SplitSpec(strategy="time")
    assert "kind: classification  # assumed: the target has two values" in text
    assert "#   folds: 5 (enough rows)" in text


def test_what_the_brief_says_is_not_overwritten() -> None:
    brief = load_brief({"objective": "Predict", "data": "c.csv", "kind": "regression"})
    text = brief_yaml(brief, (Assumption(field="kind", value="classification", why="x"),))
    assert load_brief(text) == brief
