"""The search among recommenders: what decides, what is mixed, what is chosen."""

import numpy as np
import pytest

from mlwright.base.errors import Infeasible
from mlwright.models.protocol import FitControl
from mlwright.models.recommend.interactions import Interactions
from mlwright.tuning.recommend import (
    Offer,
    SearchLimits,
    chosen_offer,
    fit_offer,
    judged_rows,
    load_trials,
    offers,
    save_trials,
    search_recommenders,
)

PREFERENCES = ("popularity", "item_knn", "ease")


def tastes(users: int = 60, items: int = 24, seed: int = 0) -> Interactions:
    """Users of three tastes; each likes mostly items of theirs, the first of them more."""
    rng = np.random.default_rng(seed)
    pairs: list[tuple[int, int]] = []
    for user in range(users):
        weight = np.where(np.arange(items) % 3 == user % 3, 8.0, 1.0) / (1 + np.arange(items) / 8)
        pairs += [(user, int(item)) for item in rng.choice(items, 9, replace=False, p=weight / weight.sum())]
    who, what = np.array(pairs).T
    value = np.clip(np.round(3 + 1.5 * (what % 3 == who % 3) + rng.normal(0, 0.7, len(who))), 1, 5)
    return Interactions(who, what, value, np.ones(len(who), dtype=bool), rng.random(len(who)), users, items)


def test_candidates_are_judged_on_rows_later_than_those_they_are_fitted_on():
    judged = judged_rows(tastes(), ("ndcg", 5), "latest", 0)
    for user in range(5):
        own = judged.earlier.users == user
        later = judged.later.users == user
        assert judged.earlier.ages[own].min() >= judged.later.ages[later].max()
    assert not set(judged.met[0]) & set(judged.relevant[0])


def test_the_first_parameters_of_every_family_come_before_the_second_of_any():
    judged = judged_rows(tastes(), ("ndcg", 5), "latest", 0)
    trials = search_recommenders(judged, SearchLimits(PREFERENCES, trials=4))
    assert [trial.family for trial in trials] == ["popularity", "item_knn", "ease", "popularity"]
    assert all(trial.loss is not None for trial in trials)


def test_a_recommender_of_tastes_beats_popularity_and_is_fitted_to_all_rows(tmp_path):
    rows = tastes()
    judged = judged_rows(rows, ("ndcg", 5), "latest", 0)
    save_trials(search_recommenders(judged, SearchLimits(PREFERENCES, trials=3)), tmp_path)
    trials = load_trials(tmp_path)
    chosen, best, decisions = chosen_offer(offers(judged, trials))
    assert best.loss < trials[0].loss - 0.1
    assert decisions[0]["candidate"] == "popularity #0"
    assert not decisions[0]["kept"]
    names = tuple(map(str, range(60))), tuple(map(str, range(24)))
    known = fit_offer(chosen, trials, rows, names, FitControl(0, 1))
    top = known.scores(np.arange(60)).argmax(axis=1)
    assert np.mean(top % 3 == np.arange(60) % 3) > 0.9
    np.testing.assert_allclose(known.popular, np.log1p(rows.counts()))


def test_ratings_are_judged_by_their_error_and_a_stranger_gets_means():
    rows = tastes()
    judged = judged_rows(rows, ("rmse", 10), "latest", 0)
    trials = search_recommenders(judged, SearchLimits(("rating_means", "rating_als"), trials=2))
    gaps = trials[0].predictions - judged.later.values
    assert trials[0].loss == pytest.approx(np.sqrt(np.mean(gaps**2)))
    names = tuple(map(str, range(60))), tuple(map(str, range(24)))
    chosen, _, _ = chosen_offer(offers(judged, trials))
    known = fit_offer(chosen, trials, rows, names, FitControl(0, 1))
    assert 2.5 < known.popular.mean() < 4.5  # on the scale of the ratings


def test_the_simpler_offer_is_kept_within_the_noise():
    noise = np.random.default_rng(0).normal(0, 0.2, 50)
    best = Offer("ease #1", (1,), (1.0,), -0.5, -0.5 + noise, 2)
    near = Offer("popularity #0", (0,), (1.0,), -0.495, -0.495 - noise, 0)
    far = Offer("item_knn #2", (2,), (1.0,), -0.2, -0.2 - noise, 1)
    assert chosen_offer([best, near, far])[0] is near
    chosen, _, decisions = chosen_offer([best, far])
    assert chosen is best
    assert "beyond the noise" in decisions[0]["reason"]


def test_users_without_anything_later_cannot_be_compared_by():
    rows = tastes()
    unliked = Interactions(rows.users, rows.items, rows.values, np.zeros(rows.rows, dtype=bool), rows.ages, 60, 24)
    with pytest.raises(Infeasible, match="No user has a later row"):
        judged_rows(unliked, ("ndcg", 5), "latest", 0)
