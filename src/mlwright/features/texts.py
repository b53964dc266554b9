"""Free text as a few topics: word counts, weighted by rarity, projected on their main directions.

Source: Deerwester et al., "Indexing by Latent Semantic Analysis", 1990; the randomised decomposition of Halko,
Martinsson and Tropp, 2011, by scikit-learn.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import chain, repeat
from typing import Any, ClassVar, Self

import numpy as np

from mlwright.base.seeds import generator
from mlwright.data.columns import Array, Columns
from mlwright.features.standard import fit_standard, standardise
from mlwright.features.words import split_words, surfaces

_MAX_TOPICS = 32
_MAX_WORDS = 1000
_MAX_TEXTS = 20_000  # drawn for the decomposition; more change the directions little and cost seconds
_MAX_SHARE = 0.95  # a word in nearly every text tells nothing
_WEIGHT_BITS = 24
_BATCH_ROWS = 1024  # bounds the memory for words x topics


@dataclass(frozen=True, slots=True, eq=False)
class TextTopics:
    """A text as its number of words and its direction among the topics (length 1, or 0 with no known word).

    The weights are whole numbers (a common scale does not change a direction), so that every sum of them is exact:
    in any order, here and in ONNX Runtime.

    Attributes:
        vocabulary: For each word its spellings.
        weights: Rarity (idf) times component, scaled to whole numbers within ±2**24; float64, shape (words, topics);
            topics is a power of two, or 0.
        center, scale: The number of words is standardised by them where `standard` is set.

    Example:
        >>> note = TextTopics("note", (("cat",), ("dog",)), np.array([[4.0, 0.0], [0.0, 4.0]]))
        >>> note.transform({"note": np.array(["cat, dog; cow cat cat", ""], dtype=object)}).round(3).tolist()
        [[5.0, 0.949, 0.316], [0.0, 0.0, 0.0]]
    """

    kind: ClassVar[str] = "text_topics"
    column: str
    vocabulary: tuple[tuple[str, ...], ...]
    weights: Array
    standard: bool = False
    center: float = 0.0
    scale: float = 1.0
    ids: dict[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        ids = {spelling: code for code, word in enumerate(self.vocabulary) for spelling in word}
        object.__setattr__(self, "ids", ids)

    @property
    def topics(self) -> int:
        return self.weights.shape[1]

    @property
    def names(self) -> tuple[str, ...]:
        leading = np.argsort(-np.abs(self.weights), axis=0, kind="stable")[:3].T
        words = ["/".join(self.vocabulary[code][-1] for code in codes) for codes in leading]
        return (f"{self.column} words", *(f"{self.column} topic {i} {w}" for i, w in enumerate(words, start=1)))

    @property
    def width(self) -> int:
        return 1 + self.topics

    def transform(self, columns: Columns) -> Array:
        """Return the number of words and the topics, float64, shape (n, 1 + topics)."""
        texts = columns[self.column]
        result = np.empty((len(texts), self.width))
        for start in range(0, len(texts), _BATCH_ROWS):
            batch = slice(start, start + _BATCH_ROWS)
            self._fill(split_words(texts[batch]), result[batch])
        if self.standard:
            result[:, 0] = standardise(result[:, 0], self.center, self.scale)
        return result

    def _fill(self, texts: list[list[str]], result: Array) -> None:
        lengths = np.fromiter(map(len, texts), dtype=np.int64, count=len(texts))
        result[:, 0] = lengths
        codes = np.fromiter(
            map(self.ids.get, chain.from_iterable(texts), repeat(-1)), dtype=np.int64, count=int(lengths.sum())
        )
        known = codes >= 0
        rows = np.repeat(np.arange(len(texts)), lengths)[known]
        sums = np.zeros((len(texts), self.topics))
        if len(rows):
            starts = np.flatnonzero(np.concatenate([[True], rows[1:] != rows[:-1]]))
            sums[rows[starts]] = np.add.reduceat(self.weights[codes[known]], starts, axis=0)
        result[:, 1:] = unit_rows(sums)

    def state(self) -> dict[str, Any]:
        return {
            "column": self.column,
            "vocabulary": [list(word) for word in self.vocabulary],
            "weights": self.weights.astype(np.int64).tolist(),
            "standard": self.standard,
            "center": self.center,
            "scale": self.scale,
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        vocabulary = tuple(tuple(word) for word in state["vocabulary"])
        weights = np.array(state["weights"], dtype=np.float64).reshape(len(vocabulary), -1 if vocabulary else 0)
        return cls(state["column"], vocabulary, weights, state["standard"], state["center"], state["scale"])


def unit_rows(sums: Array) -> Array:
    """Return rows of length 1, rows of zeros as they are; squares are added in a fixed order, half onto half."""
    squares = sums * sums
    while squares.shape[1] > 1:
        half = squares.shape[1] // 2
        squares = squares[:, :half] + squares[:, half:]
    return sums / np.sqrt(np.where(squares == 0.0, 1.0, squares))


def fit_text_topics(column: str, texts: Array, *, seed: int, standard: bool) -> TextTopics:
    """Learn vocabulary and topics from strings, object, shape (n,).

    A word counts if it is in at least 2 texts (5 of 10,000 and more) and at most 95 % of them; the 1,000 most
    frequent words are kept.
    """
    from scipy.sparse import csr_array

    documents = split_words(texts)
    lengths = np.fromiter(map(len, documents), dtype=np.int64, count=len(documents))
    key_of = {spelling: spelling.casefold() for spelling in set(chain.from_iterable(documents))}
    keys = sorted(set(key_of.values()))
    ids = {key: code for code, key in enumerate(keys)}
    id_of = {spelling: ids[key] for spelling, key in key_of.items()}
    codes = np.fromiter(map(id_of.__getitem__, chain.from_iterable(documents)), np.int64, int(lengths.sum()))
    rows = np.repeat(np.arange(len(documents)), lengths)
    counts = csr_array((np.ones(len(codes)), (rows, codes)), shape=(len(documents), len(keys)))  # sums repetitions
    kept = _words_kept(np.bincount(counts.indices, minlength=len(keys)), int((lengths > 0).sum()))
    spellings: dict[str, list[str]] = {keys[code]: [] for code in kept}
    for spelling, key in key_of.items():
        if key in spellings:
            spellings[key].append(spelling)
    vocabulary = tuple(surfaces(key, seen) for key, seen in spellings.items())
    weights = _weights(counts[:, kept], seed) if len(kept) else np.zeros((0, 0))
    center, scale = fit_standard(lengths.astype(np.float64)) if standard else (0.0, 1.0)
    return TextTopics(column, vocabulary, weights, standard, center, scale)


def _words_kept(frequency: Array, filled: int) -> Array:
    """Return the ids of the words to keep, most frequent first, of the number of texts with each and of all texts."""
    least = 5 if filled >= 10_000 else 2
    most = _MAX_SHARE * filled if filled >= 20 else filled
    order = np.argsort(-frequency, kind="stable")  # ties stay in the order of the words
    return order[(frequency[order] >= least) & (frequency[order] <= most)][:_MAX_WORDS]


def _weights(counts: Any, seed: int) -> Array:
    """Return the whole weights, float64, shape (words, topics), of a sparse matrix of counts, shape (texts, words)."""
    from scipy.sparse import diags_array
    from sklearn.utils.extmath import randomized_svd  # what TruncatedSVD calls; that refuses a single word

    texts, words = counts.shape
    rarity = np.log((1.0 + texts) / (1.0 + np.bincount(counts.indices, minlength=words))) + 1.0
    weighted = counts @ diags_array(rarity)
    lengths = np.sqrt(np.asarray((weighted * weighted).sum(axis=1)).ravel())
    matrix = diags_array(1.0 / np.where(lengths > 0, lengths, 1.0)) @ weighted
    if texts > _MAX_TEXTS:
        matrix = matrix[np.sort(generator(seed, "topics").choice(texts, _MAX_TEXTS, replace=False))]
    topics = 2 ** int(np.log2(min(_MAX_TOPICS, texts, words)))
    directions = np.asarray(randomized_svd(matrix, topics, random_state=seed)[2])
    # A direction and its opposite are the same to the decomposition: the largest part is made positive.
    largest = np.take_along_axis(directions, np.argmax(np.abs(directions), axis=1)[:, np.newaxis], axis=1)
    raw = (directions * np.where(largest < 0, -1.0, 1.0)).T * rarity[:, np.newaxis]
    return np.rint(raw * (2.0**_WEIGHT_BITS / np.max(np.abs(raw)))) + 0.0  # + 0.0: no negative zero
