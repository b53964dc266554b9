"""A small builder of ONNX graphs: fresh names, constants, one model at the end."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from mlwright.data.columns import Array

OPSETS = {"": 18, "ai.onnx.ml": 3, "com.microsoft": 1}
IR_VERSION = 9


class GraphBuilder:
    """Collects nodes and constants; values are known by their names.

    Example:
        >>> graph = GraphBuilder()
        >>> doubled = graph.add("Mul", ["x", graph.constant(np.float32(2))])
    """

    def __init__(self) -> None:
        self._nodes: list[Any] = []
        self._constants: list[Any] = []
        self._count = 0

    def fresh(self, stem: str) -> str:
        """Return a name that no other value has; it starts with "_" so that no column's name can meet it."""
        self._count += 1
        return f"_{stem}_{self._count}"

    def constant(self, value: Array | np.generic | Sequence[str], stem: str = "const") -> str:
        """Add a constant (numpy numbers, or strings) and return its name."""
        from onnx import helper, numpy_helper

        name = self.fresh(stem)
        if isinstance(value, np.ndarray | np.generic):
            tensor = numpy_helper.from_array(np.asarray(value), name)
        else:
            from onnx import TensorProto

            texts: Any = [text.encode() for text in value]  # onnx's annotation forgets the strings
            tensor = helper.make_tensor(name, TensorProto.STRING, [len(value)], texts)
        self._constants.append(tensor)
        return name

    def add(self, op: str, inputs: Sequence[str], *, domain: str = "", **attributes: Any) -> str:
        """Add a node with one output and return the output's name."""
        return self.add_many(op, inputs, 1, domain=domain, **attributes)[0]

    def add_many(
        self, op: str, inputs: Sequence[str], outputs: int, *, domain: str = "", **attributes: Any
    ) -> list[str]:
        """Add a node with several outputs and return their names."""
        from onnx import helper

        names = [self.fresh(op.lower()) for _ in range(outputs)]
        self._nodes.append(helper.make_node(op, list(inputs), names, domain=domain, **attributes))
        return names

    def rename(self, value: str, name: str) -> None:
        """Give `value` a public name, for an output of the graph."""
        from onnx import helper

        self._nodes.append(helper.make_node("Identity", [value], [name]))

    def build(self, inputs: Sequence[Any], outputs: Sequence[Any], *, name: str) -> Any:
        """Return the checked ModelProto with the given value infos as inputs and outputs."""
        from onnx import checker, helper

        graph = helper.make_graph(self._nodes, name, list(inputs), list(outputs), initializer=self._constants)
        opsets = [helper.make_opsetid(domain, version) for domain, version in OPSETS.items()]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION, producer_name="mlwright")
        checker.check_model(model)
        return model
