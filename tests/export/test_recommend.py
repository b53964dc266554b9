"""A recommender in ONNX: the same scores, strangers included."""

import numpy as np
from tests.models.recommend.test_recommenders import mixed

from mlwright.data.schema import Column, Role, SemanticType
from mlwright.data.task import Task
from mlwright.export.onnx.parity import run_graph
from mlwright.export.onnx.recommend import export_recommender
from mlwright.models.signature import Signature

COLUMNS = (
    Column(name="who", type=SemanticType.CATEGORY, role=Role.USER),
    Column(name="label", type=SemanticType.CATEGORY, role=Role.ITEM),  # a name that the graph needs itself
)
SIGNATURE = Signature(name="m", version="1", task=Task.RECOMMENDATION, target="stars", inputs=COLUMNS)


def test_the_graph_scores_pairs_as_the_recommender_does():
    known = mixed()
    graph = export_recommender(known, SIGNATURE)
    users = np.array([*np.repeat(known.users, 9), "stranger", "u1", ""], dtype=object)
    items = np.array([*np.tile(known.items, 14), "i3", "unheard", "i3"], dtype=object)
    served = run_graph(graph, SIGNATURE, {"who": users, "label": items}).scores
    np.testing.assert_allclose(served, known.pairs(users.tolist(), items.tolist()), atol=1e-5)
    assert served[-2] == 0.0
    np.testing.assert_allclose(served[[-3, -1]], known.popular[3], rtol=1e-6)


def test_the_same_recommender_gives_the_same_bytes():
    assert export_recommender(mixed(), SIGNATURE) == export_recommender(mixed(), SIGNATURE)
