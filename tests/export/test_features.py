"""The ONNX graph of a preparation gives the same bits as the preparation itself."""

import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from mlwright.base.errors import ExportError
from mlwright.data.columns import row_count
from mlwright.data.schema import Column, SemanticType
from mlwright.data.task import TABULAR_TASKS, Task
from mlwright.export.onnx.features import emit_preparation
from mlwright.export.onnx.graph import GraphBuilder
from mlwright.features.encoders import DateParts, OneHot, Passthrough, TextTopics
from mlwright.features.preparation import Preparation, PreparationPlan, fit_preparation, from_state, preparation_state

NUMERIC = (SemanticType.NUMBER, SemanticType.DATETIME)


def objects(values):
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array


def session(preparation, columns):
    import onnxruntime
    from onnx import TensorProto, helper

    onnxruntime.set_default_logger_severity(3)
    graph = GraphBuilder()
    used = {encoder.column for encoder in preparation.encoders}
    inputs = [
        helper.make_tensor_value_info(
            name, TensorProto.STRING if values.dtype == object else TensorProto.DOUBLE, ["N", 1]
        )
        for name, values in columns.items()
        if name in used
    ]
    matrix = emit_preparation(preparation, graph, {info.name: info.name for info in inputs})
    graph.rename(matrix, "matrix")
    outputs = [helper.make_tensor_value_info("matrix", TensorProto.FLOAT, ["N", preparation.width])]
    model = graph.build(inputs, outputs, name="preparation")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])


def onnx_matrix(preparation, columns):
    opened = session(preparation, columns)
    feed = {info.name: columns[info.name].reshape(-1, 1) for info in opened.get_inputs()}
    return opened.run(None, feed)[0]


def bits(matrix):
    """All NaN as one, every other number as its bits."""
    assert matrix.dtype == np.float32
    return np.where(np.isnan(matrix), np.float32(np.nan), matrix).view(np.uint32)


def assert_same_bits(preparation, columns):
    ours, theirs = preparation.transform(columns), onnx_matrix(preparation, columns)
    assert ours.shape == theirs.shape == (row_count(columns), preparation.width)
    np.testing.assert_array_equal(bits(ours), bits(theirs))


HARD_NUMBERS = [np.nan, 0.0, -0.0, 5e-324, -5e-324, 1e-40, 1e300, -1e300, 1.7e308, -1.7e308, 3.4028235e38, 3.41e38]
HARD_NUMBERS += [1 / 3, 0.1, 1e16 + 1, -1e-310, 2.0**-149, 2.0**-150, 1.0000000596046448]
HARD_TEXTS = ["", "a", "A", "é", "É", "e\u0301", "ß", "SS", "ǅ", "İstanbul", "日本語 テスト", "Привет, мир", "x\0y"]
HARD_TEXTS += ["a\nb\r\n", "don't", "👍🏽 ok", "\u200bzero\u200b", "\ufeffbom", "١٢٣", "\x7f\x80"]
HARD_TEXTS += ["a" * 5000, "日本 " * 3000, "w " * 3000]
SECONDS = st.one_of(
    st.floats(-7e10, 3e11),
    st.integers(-100_000, 100_000).map(lambda day: day * 86400.0),
    st.integers(-100_000, 100_000).map(lambda day: day * 86400.0 - 1e-6),
    st.sampled_from([np.nan, 1e300, -1e300, -0.0]),
)
CELLS = {
    SemanticType.NUMBER: st.one_of(
        st.sampled_from(HARD_NUMBERS), st.floats(allow_infinity=False), st.integers(0, 3).map(float)
    ),
    SemanticType.DATETIME: SECONDS,
    SemanticType.CATEGORY: st.one_of(
        st.sampled_from(HARD_TEXTS[:14]), st.text(st.characters(exclude_categories=["Cs"]), max_size=3)
    ),
    SemanticType.TEXT: st.one_of(
        st.sampled_from(HARD_TEXTS), st.text(st.characters(exclude_categories=["Cs"])), st.text("ab c,Ü日\0\n.")
    ),
}


def column_array(kind, cells):
    return np.array(cells, dtype=np.float64) if kind in NUMERIC else objects(cells)


@st.composite
def tables(draw):
    """Inputs, training columns, new columns, targets, flavour and task."""
    kinds = draw(st.lists(st.sampled_from(list(CELLS)), min_size=1, max_size=5))
    rows = draw(st.integers(1, 30))
    new_rows = draw(st.integers(1, 12))
    inputs = tuple(Column(name=f"c{i}", type=kind) for i, kind in enumerate(kinds))
    train, new = (
        {
            column.name: column_array(column.type, draw(st.lists(CELLS[column.type], min_size=n, max_size=n)))
            for column in inputs
        }
        for n in (rows, new_rows)
    )
    task = draw(st.sampled_from(TABULAR_TASKS))
    top = {Task.BINARY: 1, Task.MULTICLASS: 3, Task.REGRESSION: 100}[task]
    y = np.array(draw(st.lists(st.integers(0, top), min_size=rows, max_size=rows)))
    y = y.astype(np.float64) if task is Task.REGRESSION else y.astype(np.int64)
    return inputs, train, new, y, draw(st.sampled_from(["tree", "linear"])), task


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(tables())
def test_any_table_gives_the_same_bits_in_onnx_and_after_a_round_trip_through_json(table):
    inputs, train, new, y, flavour, task = table
    preparation, X = fit_preparation(train, y, PreparationPlan(inputs, flavour, task, seed=0))
    assert X.shape == (len(y), preparation.width)
    assert not np.isinf(X).any()
    if flavour == "linear":
        assert not np.isnan(X).any()
    assert_same_bits(preparation, train)
    assert_same_bits(preparation, new)
    text = json.dumps(preparation_state(preparation), sort_keys=True, allow_nan=False)
    again = from_state(json.loads(text))
    assert again.names == preparation.names
    np.testing.assert_array_equal(bits(again.transform(new)), bits(preparation.transform(new)))
    assert json.dumps(preparation_state(again), sort_keys=True) == text


@settings(max_examples=60, deadline=None)
@given(st.lists(st.one_of(CELLS[SemanticType.TEXT], st.text("aé日😀\u2014\0\n -.'ªµºÀ×ʼ")), min_size=1, max_size=8))
@example(HARD_TEXTS)
def test_words_are_the_same_to_python_and_to_the_tokenizer(texts):
    from mlwright.features.words import split_words

    values = objects(texts)
    words = sorted({word for row in split_words(values) for word in row})
    vocabulary = tuple((word,) for word in words)
    # Each word its own weight: a word cut elsewhere would change the direction or the number of words.
    weights = np.array([[float(code + 1), float((code * 7919) % 1013)] for code in range(len(words))]).reshape(-1, 2)
    assert_same_bits(Preparation((TextTopics("t", vocabulary, weights if words else np.zeros((0, 0))),)), {"t": values})


@pytest.mark.parametrize("flavour", ["tree", "linear"])
def test_large_random_table_gives_the_same_bits(flavour):
    rng = np.random.default_rng(0)
    n = 5000
    words = [f"word{i}" for i in range(400)]
    columns = {
        "number": np.where(rng.random(n) < 0.1, np.nan, rng.lognormal(0, 3, n)),
        "huge": rng.standard_normal(n) * 10.0 ** rng.integers(-300, 300, n),
        "whole": rng.standard_normal(n),
        "few": rng.choice(objects(["a", "b", ""]), n),
        "many": objects([f"level {i}" for i in rng.zipf(1.5, n) % 3000]),
        "when": np.where(rng.random(n) < 0.1, np.nan, rng.uniform(-5e9, 5e9, n)),
        "text": objects([" ".join(rng.choice(words, rng.integers(0, 60))) for _ in range(n)]),
    }
    kinds = dict.fromkeys(columns, SemanticType.NUMBER) | {
        "few": SemanticType.CATEGORY,
        "many": SemanticType.CATEGORY,
        "when": SemanticType.DATETIME,
        "text": SemanticType.TEXT,
    }
    inputs = tuple(Column(name=name, type=kind) for name, kind in kinds.items())
    y = rng.integers(0, 3, n)
    preparation, X = fit_preparation(columns, y, PreparationPlan(inputs, flavour, Task.MULTICLASS, seed=0))
    assert len({encoder.column for encoder in preparation.encoders}) == 7
    assert len(X) == n
    assert_same_bits(preparation, columns)


@pytest.mark.parametrize("texts", [[""], ["", ""], ["!!!"], ["new"], ["\0"], ["\n"]])
def test_texts_without_a_known_word_have_no_direction(texts):
    encoder = TextTopics("t", (("cat",),), np.array([[3.0]]))
    preparation = Preparation((encoder,))
    assert_same_bits(preparation, {"t": objects(texts)})
    assert not preparation.transform({"t": objects(texts)})[:, 1:].any()


def test_one_very_long_text_does_not_widen_its_batch():
    preparation = Preparation((TextTopics("t", (("w",),), np.array([[3.0]])),))
    texts = objects(["w " * 1_000_000, *["w"] * 2000])
    assert onnx_matrix(preparation, {"t": texts})[0, 0] == 1000.0
    assert_same_bits(preparation, {"t": texts})


def test_no_rows_give_no_rows():
    preparation = Preparation(
        (
            Passthrough("n"),
            OneHot("c", ("a", "b")),
            DateParts("d", ("year", "hour"), 0.0),
            TextTopics("t", (("w",),), np.array([[3.0]])),
        )
    )
    none, empty = np.array([]), objects([])
    assert_same_bits(preparation, {"n": none, "c": empty, "d": none, "t": empty})


@pytest.mark.parametrize("cells", [[np.nan, -1e-310], [0.0, 2.0 + 2e-12], [-0.0, np.nan], [1e-200, 3e-200]])
def test_statistics_that_float_takes_for_neutral_do_not_vanish_from_the_graph(cells):
    # ONNX Runtime drops "minus 0" and "by 1", judging a double constant by its float.
    columns = {"n": np.array(cells)}
    plan = PreparationPlan((Column(name="n", type=SemanticType.NUMBER),), "linear", Task.BINARY, seed=0)
    assert_same_bits(fit_preparation(columns, np.array([0, 1]), plan)[0], columns)


def test_missing_input_is_named():
    with pytest.raises(ExportError, match="no input for the column 'age'"):
        emit_preparation(Preparation((Passthrough("age"),)), GraphBuilder(), {"sex": "sex"})


def real_table(path: Path, target: str, kinds: dict[str, SemanticType], date_format: str = "%m/%d/%Y"):
    import polars as pl

    frame = pl.read_csv(path, infer_schema_length=None)
    columns = {}
    for name, kind in kinds.items():
        series = frame[name]
        if kind is SemanticType.NUMBER:
            columns[name] = series.cast(pl.Float64).fill_null(float("nan")).to_numpy()
        elif kind is SemanticType.DATETIME:
            times = [datetime.strptime(cell, date_format).replace(tzinfo=UTC).timestamp() for cell in series]
            columns[name] = np.array(times)
        else:
            columns[name] = objects(series.cast(pl.String).fill_null("").str.strip_chars().to_list())
    return columns, frame[target].to_numpy()


TITANIC = {
    "Pclass": SemanticType.CATEGORY,
    "Name": SemanticType.TEXT,
    "Sex": SemanticType.CATEGORY,
    "Age": SemanticType.NUMBER,
    "SibSp": SemanticType.NUMBER,
    "Ticket": SemanticType.CATEGORY,
    "Fare": SemanticType.NUMBER,
    "Cabin": SemanticType.CATEGORY,
    "Embarked": SemanticType.CATEGORY,
}
BIKES = {
    "dteday": SemanticType.DATETIME,
    "hr": SemanticType.NUMBER,
    "season": SemanticType.CATEGORY,
    "weathersit": SemanticType.CATEGORY,
    "temp": SemanticType.NUMBER,
}


@pytest.mark.parametrize("flavour", ["tree", "linear"])
@pytest.mark.parametrize(
    ("file", "target", "kinds", "task"),
    [("titanic.csv", "Survived", TITANIC, Task.BINARY), ("bike_hour.csv", "cnt", BIKES, Task.REGRESSION)],
)
def test_real_tables_give_the_same_bits(shared_data, flavour, file, target, kinds, task):
    columns, y = real_table(shared_data / "tabular" / file, target, kinds)
    inputs = tuple(Column(name=name, type=kind) for name, kind in kinds.items())
    half = {name: values[::2] for name, values in columns.items()}
    preparation, _ = fit_preparation(half, y[::2], PreparationPlan(inputs, flavour, task, seed=0))
    assert {encoder.column for encoder in preparation.encoders} == set(kinds)
    assert_same_bits(preparation, columns)
