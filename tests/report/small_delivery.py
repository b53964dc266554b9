"""The parts of a delivery that its notebook and its tracking read: a linear model of three tumour columns as ONNX."""

import gzip
import json
from pathlib import Path

import numpy as np

from mlwright.data.schema import Column, SemanticType
from mlwright.data.task import Task
from mlwright.models.signature import Signature

NAMES = ("worst area", "worst concave points", "mean texture")
CLASSES = ("benign", "malignant")


def write_small_delivery(folder: Path) -> Path:
    """Write model/ and evaluation/ of a logistic regression on the tumour table."""
    from sklearn.datasets import load_breast_cancer
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import roc_auc_score
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    table = load_breast_cancer(as_frame=True)
    X, y = table.data[list(NAMES)].to_numpy(), 1 - table.target.to_numpy()
    pipe = make_pipeline(StandardScaler(), LogisticRegression()).fit(X[:400], y[:400])
    scaler, linear = pipe[0], pipe[1]
    weights = linear.coef_[0] / scaler.scale_
    bias = float(linear.intercept_[0] - (weights * scaler.mean_).sum())
    auc = float(roc_auc_score(y[400:], pipe.predict_proba(X[400:])[:, 1]))

    (folder / "model").mkdir(parents=True)
    (folder / "evaluation").mkdir()
    (folder / "model" / "model.onnx").write_bytes(_graph(weights, bias))
    (folder / "model" / "signature.json").write_text(_signature().model_dump_json(indent=2))
    rows = [
        dict(zip(NAMES, map(float, x), strict=True)) | {"diagnosis": CLASSES[k]}
        for x, k in zip(X[400:], y[400:], strict=True)
    ]
    with gzip.open(folder / "evaluation" / "test_rows.jsonl.gz", "wt") as lines:
        lines.writelines(json.dumps(row) + "\n" for row in rows)
    scores = {"metric": "roc_auc", "test": {"roc_auc": {"value": auc, "low": auc - 0.02, "high": auc + 0.01}}}
    (folder / "evaluation" / "scores.json").write_text(json.dumps(scores))
    return folder


def _signature() -> Signature:
    return Signature(
        name="tumour",
        version="3fa9c1d2",
        task=Task.BINARY,
        target="diagnosis",
        inputs=tuple(Column(name=name, type=SemanticType.NUMBER, example=1.0) for name in NAMES),
        classes=CLASSES,
        positive="malignant",
        threshold=0.5,
    )


def _graph(weights: np.ndarray, bias: float) -> bytes:
    from onnx import TensorProto, checker, helper, numpy_helper

    node, constant = helper.make_node, numpy_helper.from_array
    graph = helper.make_graph(
        [
            node("Concat", list(NAMES), ["matrix"], axis=1),
            node("MatMul", ["matrix", "weights"], ["product"]),
            node("Add", ["product", "bias"], ["margin"]),
            node("Sigmoid", ["margin"], ["positive"]),
            node("Sub", ["one", "positive"], ["negative"]),
            node("Concat", ["negative", "positive"], ["double"], axis=1),
            node("Cast", ["double"], ["probabilities"], to=TensorProto.FLOAT),
            node("GreaterOrEqual", ["positive", "half"], ["said"]),
            node("Squeeze", ["said", "axis"], ["flat"]),
            node("Where", ["flat", "malignant", "benign"], ["label"]),
        ],
        "tumour",
        [helper.make_tensor_value_info(name, TensorProto.DOUBLE, ["N", 1]) for name in NAMES],
        [
            helper.make_tensor_value_info("label", TensorProto.STRING, ["N"]),
            helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["N", 2]),
        ],
        [
            constant(weights.reshape(-1, 1).astype(np.float64), "weights"),
            constant(np.array([bias]), "bias"),
            constant(np.array([1.0]), "one"),
            constant(np.array([0.5]), "half"),
            constant(np.array([1], dtype=np.int64), "axis"),
            helper.make_tensor("malignant", TensorProto.STRING, [1], [b"malignant"]),
            helper.make_tensor("benign", TensorProto.STRING, [1], [b"benign"]),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    checker.check_model(model)
    return model.SerializeToString()
