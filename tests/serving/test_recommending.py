"""`POST /recommend`: what is asked, what is answered, what is refused."""

import numpy as np
import pytest
from tests.models.recommend.test_recommenders import interactions, mixed

from mlwright.base.errors import RequestError, VerifyError
from mlwright.delivery.recommending import recommend_file
from mlwright.models.recommend.front import FrontFile, RecommendFront
from mlwright.serving.recommending import Recommending
from mlwright.tuning.recommend import items_of

FILE = FrontFile(user="who", item="what", predicts="preferences", k=4)


@pytest.fixture(scope="module")
def service() -> Recommending:
    return Recommending(RecommendFront(FILE, mixed(), items_of(interactions(), np.arange(14))))


def test_a_user_is_answered_with_items_scores_and_what_they_come_from(service):
    reply = service.answer({"user": "u2", "k": 3})
    assert reply["because"] == "known user"
    assert [set(one) for one in reply["items"]] == [{"item", "score"}] * 3
    assert service.answer({"user": "u2", "k": 9, "exclude_seen": False})["items"][8]["item"]


def test_a_stranger_is_told_that_the_list_is_of_what_is_popular_and_which_items_are_unknown(service):
    assert service.answer({"user": "new"})["because"] == "popularity"
    liking = service.answer({"liked": ["i1", "unheard"]})
    assert liking["because"] == "liked items"
    assert liking["unknown_items"] == ["unheard"]


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ([], "no object"),
        ({"usr": "u1"}, "'usr' is not a field"),
        ({"k": 0}, "k is 0"),
        ({"k": "3"}, "k is '3'"),
        ({"k": True}, "k is True"),
        ({"user": ["u1"]}, "user is list"),
        ({"liked": "i1"}, "no list of items"),
        ({"liked": [{}]}, "is dict"),
        ({"exclude_seen": 1}, "exclude_seen is 1"),
    ],
)
def test_a_wrong_request_is_refused_with_its_reason(service, body, fault):
    with pytest.raises(RequestError, match=fault):
        service.answer(body)


def test_the_operation_names_every_field(service):
    schema = service.describe()["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert list(schema["properties"]) == ["user", "k", "exclude_seen", "liked"]


def test_arrays_that_are_not_there_are_told():
    def files(name: str) -> bytes:
        raise FileNotFoundError(name)

    with pytest.raises(VerifyError, match="cannot be read"):
        Recommending.of(FILE.model_dump(), None, files)


def test_a_file_of_users_becomes_a_file_of_lists(service, tmp_path):
    (tmp_path / "users.csv").write_text("note,who\nx,u2\ny,stranger\n")
    assert recommend_file(service.front, tmp_path / "users.csv", tmp_path / "lists.csv", k=2) == 4
    lines = (tmp_path / "lists.csv").read_text().splitlines()
    assert lines[0] == "who,what,rank,score,because"
    assert lines[1].startswith(f"u2,{service.answer({'user': 'u2'})['items'][0]['item']},1,")
    assert lines[4].startswith("stranger,")
    assert lines[4].endswith(",popularity")
