"""Rankings and recommendations, whole runs: from rows to a delivery that is verified."""

import gzip
import json
from collections import Counter

import numpy as np
import pytest
from tests.journeys.making import make

from mlwright.base.errors import MlwrightError
from mlwright.delivery.scoring import predict_file
from mlwright.delivery.verify import verify


def write_queries(path, queries: int = 40, rows: int = 8) -> None:
    """Rows of queries whose grade grows with x, and falls with y; the level of x belongs to the query."""
    rng = np.random.default_rng(0)
    lines = ["qid,x,y,place,relevance"]
    for query in range(queries):
        x, y = rng.normal(size=rows), rng.normal(size=rows)
        grade = np.digitize((x - y + rng.normal(0, 0.3, rows)).argsort().argsort(), [4, 6, 7])
        lines += [
            f"q{query},{a + 5 * (query % 3):.3f},{b:.3f},{'north' if query % 2 else 'south'},{g}"
            for a, b, g in zip(x, y, grade, strict=True)
        ]
    path.write_text("\n".join(lines) + "\n")


def write_tastes(path, users: int = 60, items: int = 40) -> None:
    """Users of four tastes, who meet and like mostly items of theirs."""
    rng = np.random.default_rng(0)
    lines = ["user,item,rating,when"]
    for user in range(users):
        own = np.arange(items) % 4 == user % 4
        weight = np.where(own, 6.0, 0.6) / (1 + np.arange(items) / 10)
        for item in rng.choice(items, 14, replace=False, p=weight / weight.sum()):
            rating = int(np.clip(round(3 + (1.2 if own[item] else -0.8) + rng.normal(0, 0.5)), 1, 5))
            lines.append(f"u{user},i{item},{rating},{int(rng.integers(0, 10**6))}")
    path.write_text("\n".join(lines) + "\n")


def sealed_rows(root) -> list[dict]:
    with gzip.open(root / "evaluation" / "test_rows.jsonl.gz", "rt") as lines:
        return [json.loads(line) for line in lines]


@pytest.fixture(scope="module")
def ranking(tmp_path_factory):
    root = tmp_path_factory.mktemp("ranking")
    write_queries(root / "rows.csv")
    brief = {
        "objective": "Rank the rows of each query",
        "kind": "ranking",
        "data": {"source": str(root / "rows.csv"), "target": "relevance", "columns": {"qid": "group"}},
        "requirements": {"ndcg@5": ">= 0.8"},
        "constraints": {"trials": 4, "interpretability": "explainable"},
    }
    return make(brief, root)


@pytest.fixture(scope="module")
def recommendation(tmp_path_factory):
    root = tmp_path_factory.mktemp("recommendation")
    write_tastes(root / "rows.csv")
    brief = {
        "objective": "Recommend items",
        "kind": "recommendation",
        "data": {"source": str(root / "rows.csv"), "columns": {"when": "time"}},
        "requirements": {"ndcg@10": ">= 0.3"},
        "constraints": {"trials": 3},
    }
    return make(brief, root)


@pytest.mark.slow
class TestRanking:
    def test_it_is_delivered_verified_and_better_than_asked(self, ranking):
        found = verify(ranking.root, service=False)
        assert found.ok, found.reasons
        assert ranking.delivery.scores["test"]["ndcg@5"]["value"] >= 0.8

    def test_queries_are_sealed_whole(self, ranking):
        counts = Counter(row["qid"] for row in sealed_rows(ranking.root))
        assert set(counts.values()) == {8}
        facts = json.loads((ranking.root / "evaluation" / "evaluation.json").read_text())
        assert facts["queries"] == len(counts)

    def test_the_model_orders_rows_without_knowing_their_query(self, ranking):
        frame = {"x": [2.0, 0.0], "y": [-1.0, 1.0], "place": ["north", "north"]}
        better, worse = ranking.delivery.model.predict(frame)["prediction"]
        assert better > worse
        assert ranking.delivery.model.signature.group == "qid"
        assert [column.name for column in ranking.delivery.model.signature.inputs] == ["x", "y", "place"]

    def test_the_report_shows_queries(self, ranking):
        assert "Worst queries" in (ranking.root / "report.html").read_text()
        assert "Ranking, query by query" in ranking.delivery.summary


@pytest.mark.slow
class TestRecommendation:
    def test_it_is_delivered_and_verified_with_its_service(self, recommendation):
        found = verify(recommendation.root)
        assert found.ok, found.reasons

    def test_it_beats_what_is_popular(self, recommendation):
        facts = json.loads((recommendation.root / "evaluation" / "evaluation.json").read_text())
        rows = {row[0]: row[1:] for row in facts["sections"][0]["table"]["rows"]}
        ours, popular = (float(text.split()[0]) for text in rows["ndcg@10"])
        assert ours > popular + 0.1

    def test_users_become_lists_in_python_and_from_a_file(self, recommendation, tmp_path):
        frame = recommendation.delivery.model.recommend({"user": ["u1", "nobody"]}, k=3)
        assert list(frame["rank"]) == [1, 2, 3, 1, 2, 3]
        assert set(frame["because"][3:]) == {"popularity"}
        (tmp_path / "users.csv").write_text("user\nu1\n")
        report = predict_file(recommendation.delivery, tmp_path / "users.csv", tmp_path / "lists.csv")
        assert report.rows == 10
        assert (tmp_path / "lists.csv").read_text().splitlines()[1].startswith(f"u1,{frame['item'][0]},1,")

    def test_pairs_are_scored_by_the_graph(self, recommendation, tmp_path):
        (tmp_path / "pairs.csv").write_text("user,item\nu1,i1\nu1,unheard\n")
        predict_file(recommendation.delivery, tmp_path / "pairs.csv", tmp_path / "scores.csv")
        assert (tmp_path / "scores.csv").read_text().splitlines()[2] == "u1,unheard,0.0"

    def test_the_service_recommends(self, recommendation):
        from starlette.testclient import TestClient

        from mlwright.serving.app import create_app

        with TestClient(create_app(recommendation.root), client=("127.0.0.1", 1)) as client:
            reply = client.post("/recommend", json={"user": "u1", "k": 3})
            assert reply.status_code == 200
            assert len(reply.json()["items"]) == 3
            refused = client.post("/recommend", json={"usr": "u1"})
            assert refused.status_code == 422


@pytest.mark.parametrize(
    ("columns", "text", "fault"),
    [
        ({}, "qid,x,relevance\n" + "".join(f"{q},{q},{q % 2}\n" for q in range(30)), "role group"),
        (
            {"qid": "group"},
            "qid,x,relevance\n" + "".join(f"{q // 3},{q},{q % 3 - 1}\n" for q in range(60)),
            "down to -1",
        ),
        (
            {"qid": "group"},
            "qid,x,relevance\n" + "".join(f"{q},{q},{q % 3}\n" for q in range(60)),
            "two different grades",
        ),
    ],
    ids=["no query", "negative grades", "queries of one row"],
)
def test_rows_that_cannot_be_ranked_are_refused_with_what_to_do(tmp_path, columns, text, fault):
    (tmp_path / "t.csv").write_text(text)
    brief = {
        "objective": "Rank",
        "kind": "ranking",
        "data": {"source": str(tmp_path / "t.csv"), "target": "relevance", "columns": columns},
    }
    with pytest.raises(MlwrightError, match=fault) as error:
        make(brief, tmp_path)
    assert error.value.hint


@pytest.mark.slow
def test_web_documents_are_ranked_better_than_by_their_mean_grade(shared_data, tmp_path):
    brief = {
        "objective": "Rank documents",
        "kind": "ranking",
        "data": {
            "source": str(shared_data / "ranking" / "lambdarank" / "rank.svmlight"),
            "target": "relevance",
            "columns": {"qid": "group"},
        },
        "metric": "ndcg@10",
        "constraints": {"trials": 3, "interpretability": "explainable", "time": "60 s"},
    }
    made = make(brief, tmp_path)
    assert made.delivery.scores["test"]["ndcg@10"]["value"] > 0.78
    assert verify(made.root, service=False).ok


@pytest.mark.slow
def test_films_are_recommended_better_than_by_popularity(shared_data, tmp_path):
    brief = {
        "objective": "Recommend films",
        "kind": "recommendation",
        "data": {"source": str(shared_data / "ranking" / "movielens_small" / "ratings.csv")},
        "constraints": {"trials": 3},
    }
    made = make(brief, tmp_path)
    facts = json.loads((made.root / "evaluation" / "evaluation.json").read_text())
    rows = {row[0]: row[1:] for row in facts["sections"][0]["table"]["rows"]}
    ours, popular = (float(text.split()[0]) for text in rows["ndcg@10"])
    assert ours > 1.2 * popular
    assert verify(made.root, service=False).ok
