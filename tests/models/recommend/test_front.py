"""Lists for users: what is left out, what strangers get, and what comes back from disk."""

import numpy as np
import pytest
from tests.models.recommend.test_recommenders import interactions, mixed

from mlwright.base.errors import DataError
from mlwright.models.recommend.front import FrontFile, RecommendFront
from mlwright.tuning.recommend import items_of

FILE = FrontFile(user="who", item="what", predicts="preferences", k=4)


@pytest.fixture(scope="module")
def front() -> RecommendFront:
    return RecommendFront(FILE, mixed(), items_of(interactions(), np.arange(14)))


def test_a_known_user_gets_the_best_items_that_are_new_to_them(front):
    found = front.recommend("u2")
    scores = front.recommender.scores(np.array([2]))[0]
    scores[front.met[2]] = -np.inf
    assert found.because == "known user"
    assert found.items[0] == f"i{int(scores.argmax())}"
    assert not set(found.items) & {f"i{code}" for code in front.met[2]}
    assert list(found.scores) == sorted(found.scores, reverse=True)


def test_what_was_met_may_be_shown_on_demand(front):
    assert len(front.recommend("u2", k=9, exclude_met=False).items) == 9
    assert len(front.recommend("u2", k=9).items) == 9 - len(front.met[2])


def test_a_stranger_is_served_by_what_they_like_and_else_by_what_is_popular(front):
    liking = front.recommend("stranger", liked=["i1", "i5", "never seen"])
    assert liking.because == "liked items"
    assert not {"i1", "i5"} & set(liking.items)
    popular = front.recommend("stranger", liked=["never seen"])
    assert popular.because == "popularity"
    assert popular.items[0] == f"i{int(front.recommender.popular.argmax())}"
    assert front.unknown_items(["i1", "never seen"]) == ["never seen"]


@pytest.mark.parametrize("k", [0, -1, 1001])
def test_a_list_of_no_length_is_refused(front, k):
    with pytest.raises(DataError, match="k is"):
        front.recommend("u2", k=k)


def test_a_front_comes_back_from_its_files_and_writes_the_same_bytes(front):
    content = front.array_bytes()
    again = RecommendFront.of_files(FILE.model_dump_json().encode(), content)
    assert again.recommend("u3") == front.recommend("u3")
    assert again.array_bytes() == content
    with pytest.raises(DataError, match="cannot be read"):
        RecommendFront.of_files(FILE.model_dump_json().encode(), content[:50])


def test_numbers_name_users_as_the_data_wrote_them(front):
    numbered = RecommendFront(FILE, mixed(), front.met)
    numbered._users["7"] = 3
    assert numbered.recommend(7).items == numbered.recommend(7.0).items == numbered.recommend("7").items
