"""Topics of texts as ONNX nodes, with ONNX Runtime's Tokenizer; sums are exact, so their order does not matter."""

import numpy as np

from mlwright.export.onnx.doubles import INT64, clip, standardise, to_double
from mlwright.export.onnx.graph import GraphBuilder
from mlwright.features.standard import LIMIT
from mlwright.features.texts import TextTopics
from mlwright.features.words import HEAD_PATTERN, WORD_PATTERN


def emit_text_topics(encoder: TextTopics, graph: GraphBuilder, value: str) -> str:
    """Return the name of the encoder's block, double [N, 1 + topics], for texts, string [N, 1]."""
    codes = _word_codes(encoder, graph, value)
    # -1 pads a row, len(vocabulary) is a word that is not known: it counts as a word.
    is_word = graph.add("GreaterOrEqual", [codes, graph.constant(np.int64(0))])
    axis = graph.constant(np.array([1], dtype=np.int64))
    words = to_double(graph, graph.add("ReduceSum", [graph.add("Cast", [is_word], to=INT64), axis], keepdims=1))
    if encoder.standard:
        words = standardise(graph, words, encoder.center, encoder.scale, LIMIT)
    block = graph.add("Concat", [words, _topics(encoder, graph, codes)], axis=1) if encoder.topics else words
    first, last = (graph.constant(np.array([row], dtype=np.int64)) for row in (0, -1))
    return graph.add("Slice", [block, first, last])  # without the row of _word_codes


def _word_codes(encoder: TextTopics, graph: GraphBuilder, value: str) -> str:
    """Return int64 [N + 1, T], T the most words in a row: word ids, -1 where a row has no more words.

    The last row is our own, so that the Tokenizer, whose result may have no row or no column, always finds a word.
    """
    flat = graph.add("Reshape", [value, graph.constant(np.array([-1], dtype=np.int64))])
    padded = graph.add("Concat", [flat, graph.constant(["x"])], axis=0)
    heads = _tokenized(graph, padded, HEAD_PATTERN)
    heads = graph.add("Reshape", [heads, graph.constant(np.array([-1], dtype=np.int64))])
    words = _tokenized(graph, heads, WORD_PATTERN)
    ids = {"": -1, **encoder.ids}
    return graph.add(
        "LabelEncoder",
        [words],
        domain="ai.onnx.ml",
        keys_strings=list(ids),
        values_int64s=list(ids.values()),
        default_int64=len(encoder.vocabulary),
    )


def _tokenized(graph: GraphBuilder, value: str, pattern: str) -> str:
    return graph.add("Tokenizer", [value], domain="com.microsoft", mark=0, mincharnum=1, pad_value="", tokenexp=pattern)


def _topics(encoder: TextTopics, graph: GraphBuilder, codes: str) -> str:
    """Return double [N, topics]: counts [N, words] times weights, then rows of length 1."""
    words = len(encoder.vocabulary)
    counts = graph.add(
        "TfIdfVectorizer",
        [codes],
        mode="TF",
        min_gram_length=1,
        max_gram_length=1,
        max_skip_count=0,
        ngram_counts=[0],
        ngram_indexes=list(range(words)),
        pool_int64s=list(range(words)),
    )
    sums = graph.add("MatMul", [to_double(graph, counts), graph.constant(encoder.weights)])
    squares, width = graph.add("Mul", [sums, sums]), encoder.topics
    while width > 1:
        width //= 2
        halves = graph.add_many("Split", [squares, graph.constant(np.array([width, width], dtype=np.int64))], 2, axis=1)
        squares = graph.add("Add", halves)
    # Squares of whole numbers: below 1 means 0, of a row with no known word.
    return graph.add("Div", [sums, graph.add("Sqrt", [clip(graph, squares, 1.0, np.inf)])])
