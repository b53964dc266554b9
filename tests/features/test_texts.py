"""Words and topics of texts."""

import json

import numpy as np
import pytest

from mlwright.features.texts import TextTopics, fit_text_topics
from mlwright.features.words import MAX_CHARACTERS, split_words, surfaces


def objects(values):
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Mr. O'Neil, J-P", ["Mr", "O", "Neil", "J", "P"]),
        ("naïve Straße 5€", ["naïve", "Straße", "5€"]),
        ("東京 is 日本", ["東", "京", "is", "日", "本"]),
        ("a\0b\nc\td\u00a0e\u2014f", ["a", "b", "c", "d", "e", "f"]),
        ("Привет, мир!", ["Привет", "мир"]),
        ("", []),
    ],
)
def test_words(text, words):
    assert split_words(objects([text])) == [words]


def test_only_the_head_of_a_long_text_is_read():
    assert len(split_words(objects(["w " * 5000]))[0]) == MAX_CHARACTERS // 2


def test_spellings_of_a_word_are_those_seen_and_the_common_ones():
    assert surfaces("cat", ["cAt"]) == ("CAT", "Cat", "cAt", "cat")
    assert set(surfaces("strasse", ["Straße"])) >= {"Straße", "STRASSE"}


def corpus():
    rng = np.random.default_rng(0)
    sea, wood = ["ship", "wave", "salt", "gull"], ["tree", "fox", "moss", "owl"]
    return objects([" ".join(rng.choice(sea if i % 2 else wood, 5)) for i in range(200)])


def test_topics_tell_the_subjects_apart():
    texts = corpus()
    topics = fit_text_topics("t", texts, seed=0, standard=False).transform({"t": texts})[:, 1:]
    likeness = topics @ topics.T
    assert likeness[0, 2::2].min() > likeness[0, 1::2].max()


def test_topics_point_where_scikit_learn_points():
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.preprocessing import normalize

    texts = corpus()
    encoder = fit_text_topics("t", texts, seed=0, standard=False)
    ours = encoder.transform({"t": texts})[:, 1:]
    counts = TfidfVectorizer().fit_transform(texts)
    theirs = normalize(TruncatedSVD(encoder.topics, random_state=0).fit_transform(counts))
    np.testing.assert_allclose(ours @ ours.T, theirs @ theirs.T, atol=1e-4)


def test_rows_have_length_one_and_unknown_rows_zero():
    texts = corpus()
    encoder = fit_text_topics("t", texts, seed=0, standard=False)
    result = encoder.transform({"t": objects([texts[0], "unheard words", ""])})
    np.testing.assert_allclose(np.linalg.norm(result[:, 1:], axis=1), [1, 0, 0])
    assert result[:, 0].tolist() == [5, 2, 0]


def test_case_does_not_matter_even_where_not_seen():
    encoder = fit_text_topics("t", corpus(), seed=0, standard=False)
    plain, capital, upper = encoder.transform({"t": objects(["ship wave", "Ship Wave", "SHIP WAVE"])})
    np.testing.assert_array_equal(plain, capital)
    np.testing.assert_array_equal(plain, upper)


def test_rare_words_are_not_learnt():
    encoder = fit_text_topics("t", objects(["cat dog", "cat", "bird"]), seed=0, standard=False)
    assert [word[-1] for word in encoder.vocabulary] == ["cat"]


def test_repeated_fit_gives_the_same_state():
    first, second = (json.dumps(fit_text_topics("t", corpus(), seed=3, standard=True).state()) for _ in range(2))
    assert first == second


def test_largest_weight_of_each_topic_is_positive_and_weights_are_whole():
    weights = fit_text_topics("t", corpus(), seed=0, standard=False).weights
    assert (weights == np.rint(weights)).all()
    assert np.abs(weights).max() == 2.0**24


@pytest.mark.parametrize("texts", [[""], ["", ""], ["one"], ["same", "same"], ["!", "?"], ["a b", "b a", "a b"]])
def test_hardly_any_text_works(texts):
    encoder = fit_text_topics("t", objects(texts), seed=0, standard=True)
    assert np.isfinite(encoder.transform({"t": objects([*texts, "a", ""])})).all()
    assert len(encoder.names) == encoder.width


def test_state_round_trip_is_exact():
    encoder = fit_text_topics("t", corpus(), seed=0, standard=True)
    again = TextTopics.from_state(json.loads(json.dumps(encoder.state())))
    np.testing.assert_array_equal(again.transform({"t": corpus()}), encoder.transform({"t": corpus()}))
