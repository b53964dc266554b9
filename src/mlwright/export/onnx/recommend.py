"""A recommender as ONNX: two look-ups by name and a product."""

import numpy as np

from mlwright.data.columns import Array
from mlwright.export.onnx.graph import GraphBuilder
from mlwright.models.recommend.factors import Recommender
from mlwright.models.signature import Signature


def export_recommender(recommender: Recommender, signature: Signature) -> bytes:
    """Return the graph: the columns `user` and `item` (string [N, 1]) to `value` (float [N]).

    Unknown users have the scores of the popular items, unknown items 0. The metadata property `signature` holds the
    signature as JSON.
    """
    from onnx import TensorProto, helper

    graph = GraphBuilder()
    users, items = recommender.pair_tables()
    names = [signature.graph_input(column.name) for column in signature.inputs]
    left = _looked_up(graph, names[0], recommender.users, users)
    right = _looked_up(graph, names[1], recommender.items, items)
    products = graph.add("Mul", [left, right])
    total = graph.add("ReduceSum", [products, graph.constant(np.array([1], dtype=np.int64))], keepdims=0)
    graph.rename(graph.add("Cast", [total], to=TensorProto.FLOAT), "value")
    built = graph.build(
        [helper.make_tensor_value_info(name, TensorProto.STRING, ["N", 1]) for name in names],
        [helper.make_tensor_value_info("value", TensorProto.FLOAT, ["N"])],
        name=signature.name,
    )
    helper.set_model_props(built, {"signature": signature.model_dump_json()})
    return built.SerializeToString(deterministic=True)


def _looked_up(graph: GraphBuilder, name: str, keys: tuple[str, ...], rows: Array) -> str:
    """Return the row of each name, double [N, D]; the last row for names that are not among the keys."""
    from onnx import TensorProto

    codes = graph.add(
        "LabelEncoder",
        [name],
        domain="ai.onnx.ml",
        keys_strings=list(keys),
        values_int64s=list(range(len(keys))),
        default_int64=len(keys),
    )
    flat = graph.add("Squeeze", [codes, graph.constant(np.array([1], dtype=np.int64))])
    found = graph.add("Gather", [graph.constant(rows), flat], axis=0)
    return graph.add("Cast", [found], to=TensorProto.DOUBLE)
