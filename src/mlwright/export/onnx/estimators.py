"""Any estimator as ONNX nodes: its raw scores, then the link."""

from collections.abc import Callable
from typing import Any

import numpy as np

from mlwright.base.errors import ExportError
from mlwright.base.registry import Registry
from mlwright.export.onnx.back import emit_back
from mlwright.export.onnx.graph import GraphBuilder
from mlwright.export.onnx.linear import emit_constant, emit_linear
from mlwright.export.onnx.trees import TreeTable, emit_trees
from mlwright.models.protocol import Estimator
from mlwright.models.signature import Task
from mlwright.models.tabular.estimator_file import EstimatorFile
from mlwright.models.tabular.labels import Labels

Emitter = Callable[[Any, GraphBuilder, str], str]

_HERE = "mlwright.export.onnx.estimators"
_CLUSTER = "mlwright.export.onnx.cluster"
_ANOMALY = "mlwright.export.onnx.anomaly"
EMITTERS = Registry(
    "ONNX emitter of a tabular model",
    group="mlwright.onnx_emitters",
    builtin={
        "dummy": f"{_HERE}:emit_dummy",
        "linear": f"{_HERE}:emit_linear_model",
        "lightgbm": f"{_HERE}:emit_lightgbm",
        "xgboost": f"{_HERE}:emit_xgboost",
        "catboost": f"{_HERE}:emit_catboost",
        "random_forest": f"{_HERE}:emit_forest",
        "extra_trees": f"{_HERE}:emit_forest",
        "hist_boosting": f"{_HERE}:emit_hist_boosting",
        "network": f"{_HERE}:emit_network",
        "nearest_neighbours": f"{_HERE}:emit_nearest",
        "one_cluster": f"{_CLUSTER}:emit_centroids",
        "kmeans": f"{_CLUSTER}:emit_centroids",
        "agglomerative": f"{_CLUSTER}:emit_centroids",
        "mixture": f"{_CLUSTER}:emit_mixture",
        "hdbscan": f"{_CLUSTER}:emit_density",
        "deviation": f"{_ANOMALY}:emit_deviation",
        "mahalanobis": f"{_ANOMALY}:emit_distance",
        "components": f"{_ANOMALY}:emit_distance",
        "neighbours": f"{_ANOMALY}:emit_neighbours",
        "isolation_forest": f"{_ANOMALY}:emit_isolation_forest",
    },
)


def emit_estimator(estimator: Estimator, graph: GraphBuilder, matrix: str, task: Task) -> str:
    """Emit an estimator; return probabilities, float32 [N, C] (C = 2 for two classes), or values, float32 [N, 1].

    Args:
        estimator: From a family that `EMITTERS` knows.
        graph: Where to.
        matrix: Prepared features, float32 [N, d].
        task: What is predicted.

    Raises:
        ExportError: ONNX cannot express it, or it was fitted for another task.
    """
    file: Any = getattr(estimator, "file", None)
    if not isinstance(file, EstimatorFile) or file.family not in EMITTERS:
        raise ExportError(
            f"{type(estimator).__name__} has no ONNX form; one of {', '.join(EMITTERS)} was expected.",
            hint="register an emitter in the entry point group 'mlwright.onnx_emitters', or deliver the native model.",
        )
    if file.task is not task:
        raise ExportError(
            f"The estimator was fitted for {file.task}; {task} was expected.",
            hint="export it with the task that its model was trained for.",
        )
    emitter: Emitter = EMITTERS.find(file.family)
    return emitter(estimator, graph, matrix)


def emit_dummy(estimator: Any, graph: GraphBuilder, matrix: str) -> str:
    """Emit a `DummyEstimator`."""
    return emit_constant(estimator.constant, graph, matrix)


def emit_linear_model(estimator: Any, graph: GraphBuilder, matrix: str) -> str:
    """Emit a `LinearEstimator`."""
    raw = emit_linear(estimator.coefficients, estimator.intercept, graph, matrix)
    file: EstimatorFile = estimator.file
    if file.labels is None:
        return _narrow(emit_back(file.back, graph, raw), graph)
    return _widen(_link(_narrow(raw, graph), len(estimator.intercept), graph), file.labels, graph)


def emit_lightgbm(estimator: Any, graph: GraphBuilder, matrix: str) -> str:
    """Emit a `LightGbmEstimator`."""
    from mlwright.export.onnx.trees_lightgbm import lightgbm_table

    return emit_boosting(lightgbm_table(estimator.booster), estimator.file, graph, matrix)


def emit_xgboost(estimator: Any, graph: GraphBuilder, matrix: str) -> str:
    """Emit a `XgBoostEstimator`."""
    from mlwright.export.onnx.trees_xgboost import xgboost_table

    return emit_boosting(xgboost_table(estimator.booster), estimator.file, graph, matrix)


def emit_catboost(estimator: Any, graph: GraphBuilder, matrix: str) -> str:
    """Emit a `CatBoostEstimator`."""
    from mlwright.export.onnx.trees_catboost import catboost_table

    return emit_boosting(catboost_table(estimator.model), estimator.file, graph, matrix)


def emit_hist_boosting(estimator: Any, graph: GraphBuilder, matrix: str) -> str:
    """Emit a `HistBoostingEstimator`."""
    from mlwright.export.onnx.trees_sklearn import hist_boosting_table

    return emit_boosting(hist_boosting_table(estimator.model), estimator.file, graph, matrix)


def emit_network(estimator: Any, graph: GraphBuilder, matrix: str) -> str:
    """Emit a `NetworkEstimator`."""
    from mlwright.export.onnx.network import emit_members

    file: EstimatorFile = estimator.file
    scores = emit_members(estimator, graph, matrix)
    if file.labels is not None:
        shares = [_link(score, estimator.shape.outputs, graph) for score in scores]
        return _widen(graph.add("Mean", shares), file.labels, graph)
    wide = _double(graph.add("Mean", scores), graph)
    scaled = graph.add("Mul", [wide, graph.constant(np.float64(file.scale), "scale")])
    learned = graph.add("Add", [scaled, graph.constant(np.float64(file.offset), "offset")])
    return _narrow(emit_back(file.back, graph, learned), graph)


def emit_nearest(estimator: Any, graph: GraphBuilder, matrix: str) -> str:
    """Emit a `NearestEstimator`."""
    from mlwright.export.onnx.neighbours import emit_shares

    file: EstimatorFile = estimator.file
    answer = emit_shares(estimator, graph, matrix)
    if file.labels is None:
        return _narrow(emit_back(file.back, graph, answer), graph)
    return _widen(_narrow(answer, graph), file.labels, graph)


def emit_forest(estimator: Any, graph: GraphBuilder, matrix: str) -> str:
    """Emit a `ForestEstimator`."""
    from mlwright.export.onnx.trees_sklearn import forest_table

    file: EstimatorFile = estimator.file
    table = forest_table(estimator.model, classes=0 if file.labels is None else len(file.labels.present))
    if file.labels is None:
        return _values(table, file, graph, matrix)
    shares = _add_base(emit_trees(table, graph, matrix), table, graph)
    return _widen(_both(shares, graph) if len(table.base) == 1 else shares, file.labels, graph)


def emit_boosting(table: TreeTable, file: EstimatorFile, graph: GraphBuilder, matrix: str) -> str:
    """Emit trees whose sum goes through the sigmoid, the softmax, or, for regression, through nothing."""
    if file.labels is None:
        return _values(table, file, graph, matrix)
    raw = _add_base(emit_trees(table, graph, matrix), table, graph)
    return _widen(_link(raw, len(table.base), graph), file.labels, graph)


def _values(table: TreeTable, file: EstimatorFile, graph: GraphBuilder, matrix: str) -> str:
    """Return offset + scale * (base + sum of the leaves), float32 [N, 1], added in double."""
    from onnx import TensorProto

    # The sum without its base is small, so that little is lost when the node rounds it to float32.
    leaves = emit_trees(table, graph, matrix)
    wide = graph.add("Cast", [leaves], to=TensorProto.DOUBLE)
    if file.scale != 1.0:
        wide = graph.add("Mul", [wide, graph.constant(np.float64(file.scale), "scale")])
    learned = graph.add("Add", [wide, graph.constant(file.offset + file.scale * table.base, "base")])
    return _narrow(emit_back(file.back, graph, learned), graph)


def _add_base(raw: str, table: TreeTable, graph: GraphBuilder) -> str:
    return graph.add("Add", [raw, graph.constant(table.base.astype(np.float32), "base")])


def _link(raw: str, outputs: int, graph: GraphBuilder) -> str:
    if outputs == 1:
        return _both(graph.add("Sigmoid", [raw]), graph)
    return graph.add("Softmax", [raw], axis=1)


def _both(positive: str, graph: GraphBuilder) -> str:
    """Return [1 - p, p]."""
    negative = graph.add("Sub", [graph.constant(np.float32(1.0), "one"), positive])
    return graph.add("Concat", [negative, positive], axis=1)


def _widen(probabilities: str, labels: Labels, graph: GraphBuilder) -> str:
    """Return the probabilities of all C classes; see `Labels.expand`."""
    if len(labels.present) == labels.classes:
        return probabilities
    matrix, shift = labels.widening()
    wide = graph.add("MatMul", [probabilities, graph.constant(matrix.astype(np.float32), "classes")])
    return graph.add("Add", [wide, graph.constant(shift.astype(np.float32), "absent")])


def _double(value: str, graph: GraphBuilder) -> str:
    from onnx import TensorProto

    return graph.add("Cast", [value], to=TensorProto.DOUBLE)


def _narrow(value: str, graph: GraphBuilder) -> str:
    from onnx import TensorProto

    return graph.add("Cast", [value], to=TensorProto.FLOAT)
