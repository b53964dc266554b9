"""Recommenders against closed forms, scikit-learn and by hand; all end as vectors."""

import dataclasses

import numpy as np
import pytest
from sklearn.metrics.pairwise import cosine_similarity

from mlwright.base.errors import Infeasible
from mlwright.models.protocol import FitControl
from mlwright.models.recommend import RECOMMENDERS
from mlwright.models.recommend.factors import Part, Recommender
from mlwright.models.recommend.interactions import Interactions
from mlwright.models.recommend.item_knn import similarities
from mlwright.models.recommend.ratings import means_of

CONTROL = FitControl(seed=0, threads=1)


def interactions(users: int = 14, items: int = 9, seed: int = 0) -> Interactions:
    rng = np.random.default_rng(seed)
    met = rng.random((users, items)) < 0.45
    met[:, 0] = True
    who, what = np.nonzero(met)
    values = rng.integers(1, 6, len(who)).astype(float)
    return Interactions(who, what, values, values >= 3, rng.random(len(who)), users, items)


def ease_scores(X: np.ndarray, ridge: float) -> np.ndarray:
    P = np.linalg.inv(X.T @ X + ridge * np.eye(X.shape[1]))
    W = -P / np.diag(P)
    np.fill_diagonal(W, 0.0)
    return X @ W


@pytest.mark.parametrize("shape", [(14, 9), (7, 20)], ids=["more users", "more items"])
def test_ease_is_its_closed_form_whichever_side_is_inverted(shape):
    rows = interactions(*shape)
    part = RECOMMENDERS.load("ease")().fit(rows, {"ridge": 2.5}, CONTROL)
    X = rows.matrix().toarray()
    np.testing.assert_allclose(part.scores(np.arange(shape[0])), ease_scores(X, 2.5), atol=1e-9)


def test_a_list_of_items_makes_the_vector_of_the_user_who_liked_them():
    rows = interactions()
    X = rows.matrix().toarray()
    for name in ("ease", "item_knn", "als"):
        family = RECOMMENDERS.load(name)()
        part = family.fit(rows, family.portfolio(rows)[0], CONTROL)
        liked = np.flatnonzero(X[3])
        np.testing.assert_allclose(part.vector(liked, np.ones(len(liked))), part.users[3], atol=1e-8)


def test_neighbours_are_by_cosine_and_exactly_so_many():
    X = interactions().matrix()
    expected = cosine_similarity(X.T.toarray())
    np.fill_diagonal(expected, 0.0)
    np.testing.assert_allclose(similarities(X, 9, 0.0).toarray(), expected, atol=1e-12)
    nearest = similarities(X, 3, 0.0).toarray()
    assert (np.count_nonzero(nearest, axis=1) <= 3).all()
    np.testing.assert_allclose(nearest.max(axis=1), expected.max(axis=1), atol=1e-12)


def test_popularity_counts_and_older_likes_count_less():
    rows = interactions()
    plain = RECOMMENDERS.load("popularity")().fit(rows, {"half_life": None}, CONTROL)
    np.testing.assert_allclose(plain.scores(np.array([5]))[0], np.log1p(rows.counts()))
    halved = dataclasses.replace(rows, ages=np.full(rows.rows, 0.25))
    faded = RECOMMENDERS.load("popularity")().fit(halved, {"half_life": 0.25}, CONTROL)
    np.testing.assert_allclose(faded.scores(np.array([5]))[0], np.log1p(rows.counts() / 2))


def test_alternating_least_squares_lower_their_loss():
    rows = interactions()
    X = rows.matrix().toarray()
    family = RECOMMENDERS.load("als")()

    def loss(iterations: int) -> float:
        params = {"rank": 3, "strength": 0.5, "confidence": 4.0, "iterations": iterations}
        part = family.fit(rows, params, CONTROL)
        gaps = (X - part.scores(np.arange(14))) ** 2 * np.where(X > 0, 5.0, 1.0)
        return float(gaps.sum() + 0.5 * (np.sum(part.users**2) + np.sum(part.items**2)))

    assert loss(8) < loss(2) < loss(1)


def test_rating_means_without_damping_are_the_least_squares_of_users_and_items():
    rows = interactions()
    design = np.zeros((rows.rows, 14 + 9))
    design[np.arange(rows.rows), rows.users] = 1
    design[np.arange(rows.rows), 14 + rows.items] = 1
    fitted = design @ np.linalg.lstsq(design, rows.values, rcond=None)[0]
    means = means_of(rows, 1e-9)
    found = means.whole + means.users[rows.users] + means.items[rows.items]
    assert np.sqrt(np.mean((found - fitted) ** 2)) < 0.02  # ten turns of both in turn
    part = RECOMMENDERS.load("rating_means")().fit(rows, {"damping": 1e-9}, CONTROL)
    np.testing.assert_allclose(np.einsum("nd,nd->n", part.users[rows.users], part.items[rows.items]), found)


def test_factors_of_ratings_fit_better_than_means_and_a_stranger_gets_the_means():
    rows = interactions(40, 15)
    means = means_of(rows, 5.0)
    part = RECOMMENDERS.load("rating_als")().fit(
        rows, {"rank": 4, "strength": 0.05, "damping": 5.0, "iterations": 5}, CONTROL
    )
    said = np.einsum("nd,nd->n", part.users[rows.users], part.items[rows.items])
    plain = means.whole + means.users[rows.users] + means.items[rows.items]
    assert np.mean((said - rows.values) ** 2) < np.mean((plain - rows.values) ** 2)
    np.testing.assert_allclose(part.items @ part.vector(np.zeros(0, int), np.zeros(0)), means.whole + means.items)


def test_nothing_liked_is_refused():
    rows = interactions()
    unliked = dataclasses.replace(rows, liked=np.zeros(rows.rows, dtype=bool))
    for name in ("ease", "item_knn", "als"):
        family = RECOMMENDERS.load(name)()
        with pytest.raises(Infeasible):
            family.fit(unliked, family.portfolio(unliked)[0], CONTROL)


def mixed() -> Recommender:
    rows = interactions()
    parts: list[Part] = []
    for name, weight in (("ease", 0.7), ("popularity", 0.3)):
        family = RECOMMENDERS.load(name)()
        parts.append(family.fit(rows, family.portfolio(rows)[0], CONTROL).times(weight))
    names = tuple(f"u{at}" for at in range(14)), tuple(f"i{at}" for at in range(9))
    return Recommender(tuple(parts), *names, np.log1p(rows.counts()))


def test_a_mix_is_the_sum_of_its_parts_as_lists_and_as_pairs():
    known = mixed()
    whole = known.scores(np.arange(14))
    np.testing.assert_allclose(whole, sum(part.scores(np.arange(14)) for part in known.parts))
    users, items = np.repeat(known.users, 9), np.tile(known.items, 14)
    np.testing.assert_allclose(known.pairs(users.tolist(), items.tolist()), whole.reshape(-1), atol=1e-5)


def test_strangers_have_the_scores_of_the_popular_and_strange_items_none():
    known = mixed()
    np.testing.assert_allclose(known.pairs(["who"] * 9, list(known.items)), known.popular, rtol=1e-6)
    assert known.pairs(["u1"], ["what"]).tolist() == [0.0]


def test_arrays_bring_a_recommender_back():
    known = mixed()
    again = Recommender.of_arrays(known.arrays())
    np.testing.assert_array_equal(again.scores(np.arange(14)), known.scores(np.arange(14)))
    liked = np.array([1, 4])
    np.testing.assert_array_equal(again.scores_of_items(liked, np.ones(2)), known.scores_of_items(liked, np.ones(2)))
