"""A real delivery made by hand: an ONNX model over mixed columns, its signature, test rows and predictions."""

import gzip
import json
from pathlib import Path

import numpy as np
from onnx import TensorProto, helper

from mlwright.data.schema import Column, SemanticType
from mlwright.export.onnx.graph import GraphBuilder
from mlwright.models.signature import Signature, Task

LEVELS = ("red", "green", "blue")
LEVEL_WEIGHTS = {"red": 0.5, "green": -0.5, "blue": 1.0, "": 0.0}


def columns(numbers: int = 2) -> tuple[Column, ...]:
    made = [
        Column(name=f"n{at}", type=SemanticType.NUMBER, minimum=-5.0, maximum=5.0, example=1.5, missing_share=0.1)
        for at in range(numbers)
    ]
    made.append(Column(name="colour", type=SemanticType.CATEGORY, levels=LEVELS, example="red"))
    made.append(Column(name="note", type=SemanticType.TEXT, example="a note"))
    moment = Column(name="when", type=SemanticType.DATETIME, minimum=0.0, maximum=2e9, example="2020-01-01")
    return (*made, moment)


def signature(task: Task = Task.BINARY, numbers: int = 2) -> Signature:
    shared = {"name": "toy", "version": "abc123", "target": "bought", "inputs": columns(numbers)}
    if task is Task.REGRESSION:
        return Signature(task=task, **shared)
    return Signature(task=task, classes=("no", "yes"), positive="yes", threshold=0.5, **shared)


def score(rows: list[dict], numbers: int = 2) -> np.ndarray:
    """The model, in plain Python: what a trained estimator would have said."""
    total = []
    for row in rows:
        value = sum((0.0 if row[f"n{at}"] is None else row[f"n{at}"]) * (at + 1) / 10 for at in range(numbers))
        total.append(value + LEVEL_WEIGHTS.get(row["colour"] or "", 0.0))
    return np.array(total)


def shares(rows: list[dict], numbers: int = 2) -> np.ndarray:
    positive = 1 / (1 + np.exp(-score(rows, numbers)))
    return np.column_stack([1 - positive, positive])


def onnx_bytes(task: Task = Task.BINARY, numbers: int = 2) -> bytes:
    graph = GraphBuilder()
    total = graph.add("LabelEncoder", ["colour"], domain="ai.onnx.ml", keys_strings=list(LEVELS), default_float=0.0,
                      values_floats=[LEVEL_WEIGHTS[level] for level in LEVELS])  # fmt: skip
    matrix = graph.add("Concat", [f"n{at}" for at in range(numbers)], axis=1)
    filled = graph.add("Where", [graph.add("IsNaN", [matrix]), graph.constant(np.float64(0)), matrix])
    weights = graph.constant(np.arange(1, numbers + 1, dtype=np.float64).reshape(-1, 1) / 10)
    total = graph.add(
        "Add", [graph.add("Cast", [total], to=TensorProto.DOUBLE), graph.add("MatMul", [filled, weights])]
    )
    return _finished(graph, total, task, numbers)


def _finished(graph: GraphBuilder, total: str, task: Task, numbers: int) -> bytes:
    kinds = {
        c.name: TensorProto.DOUBLE if c.type in ("number", "datetime") else TensorProto.STRING for c in columns(numbers)
    }
    inputs = [helper.make_tensor_value_info(name, kind, [None, 1]) for name, kind in kinds.items()]
    single = graph.add("Cast", [total], to=TensorProto.FLOAT)
    if task is Task.REGRESSION:
        flat = graph.add("Reshape", [single, graph.constant(np.array([-1], dtype=np.int64))])
        graph.rename(flat, "value")
        outputs = [helper.make_tensor_value_info("value", TensorProto.FLOAT, [None])]
        return graph.build(inputs, outputs, name="toy").SerializeToString()
    positive = graph.add("Sigmoid", [single])
    negative = graph.add("Sub", [graph.constant(np.float32(1)), positive])
    graph.rename(graph.add("Concat", [negative, positive], axis=1), "probabilities")
    codes = graph.add("Cast", [graph.add("GreaterOrEqual", [positive, graph.constant(np.float32(0.5))])], to=7)
    flat = graph.add("Reshape", [codes, graph.constant(np.array([-1], dtype=np.int64))])
    label = graph.add("LabelEncoder", [flat], domain="ai.onnx.ml", keys_int64s=[0, 1], values_strings=["no", "yes"])
    graph.rename(label, "label")
    outputs = [
        helper.make_tensor_value_info("label", TensorProto.STRING, [None]),
        helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, [None, 2]),
    ]
    return graph.build(inputs, outputs, name="toy").SerializeToString()


def rows(count: int = 40, numbers: int = 2) -> list[dict]:
    draw = np.random.default_rng(7)
    made = []
    for at in range(count):
        row = {f"n{number}": round(float(draw.normal()), 3) for number in range(numbers)}
        if at % 10 == 3:
            row["n0"] = None
        row |= {
            "colour": None if at % 10 == 5 else LEVELS[at % 3],
            "note": f"note {at}",
            "when": f"2020-01-{at % 28 + 1:02d}",
        }
        made.append(row)
    return made


def write(root: Path, task: Task = Task.BINARY, numbers: int = 2) -> Path:
    """Write the files that a run leaves for a service: everything but what the delivery room writes itself."""
    for folder in ("model", "evaluation", "service"):
        (root / folder).mkdir(parents=True)
    (root / "model" / "model.onnx").write_bytes(onnx_bytes(task, numbers))
    (root / "model" / "signature.json").write_text(signature(task, numbers).model_dump_json(indent=2))
    table = rows(40, numbers)
    (root / "service" / "example.json").write_text(json.dumps(example(table[0], task, numbers)))
    labelled = [row | {"bought": target} for row, target in zip(table, targets(table, task, numbers), strict=True)]
    packed = "".join(json.dumps(row) + "\n" for row in labelled).encode()
    (root / "evaluation" / "test_rows.jsonl.gz").write_bytes(gzip.compress(packed, mtime=0))
    return root


def example(row: dict, task: Task, numbers: int) -> dict:
    if task is Task.REGRESSION:
        return {"row": row, "value": float(score([row], numbers)[0])}
    probabilities = shares([row], numbers)[0]
    return {"row": row, "label": "yes" if probabilities[1] >= 0.5 else "no", "probabilities": probabilities.tolist()}


def targets(table: list[dict], task: Task, numbers: int) -> list:
    noise = np.random.default_rng(3).normal(size=len(table))
    noisy = score(table, numbers) + noise
    return noisy.round(4).tolist() if task is Task.REGRESSION else ["yes" if value > 0 else "no" for value in noisy]
