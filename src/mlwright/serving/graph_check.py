"""What an ONNX file must be before onnxruntime sees it: of bounded size, standard operators, nothing outside itself.

onnxruntime follows paths of external data relative to the model or the working folder (CVE-2022-25882,
CVE-2024-27318 and later ones of the same kind), so a model that names any is refused here. Only field numbers of
`onnx.proto` are read: no operator's meaning is checked, onnxruntime does that when it builds its session.

Source: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
"""

from dataclasses import dataclass, field

from mlwright.base.errors import VerifyError
from mlwright.serving.wire import fields

STANDARD_DOMAINS = frozenset({"", "ai.onnx", "ai.onnx.ml", "com.microsoft"})  # the last is built into onnxruntime


@dataclass(frozen=True, slots=True)
class ModelLimits:
    """What the operator of a service allows; never read from the model's own files."""

    size_bytes: int = 1_000_000_000
    nodes: int = 200_000
    depth: int = 8  # graphs inside graphs (If, Loop)
    domains: frozenset[str] = STANDARD_DOMAINS


DEFAULT_LIMITS = ModelLimits()


@dataclass(slots=True)
class GraphFacts:
    """What was seen in a model file."""

    nodes: int = 0
    domains: set[str] = field(default_factory=set)


def check_graph(model: bytes, limits: ModelLimits = DEFAULT_LIMITS) -> GraphFacts:
    """Look through a ModelProto.

    Raises:
        VerifyError: Too large, too many nodes, an operator of an unknown domain, or data outside the file.
    """
    if len(model) > limits.size_bytes:
        raise VerifyError(
            f"The ONNX model has {len(model):,} bytes; at most {limits.size_bytes:,} are allowed.",
            hint="raise ModelLimits.size_bytes if you know this model.",
        )
    facts = GraphFacts()
    graphs = 0
    for number, value in fields(memoryview(model)):
        if isinstance(value, int):
            continue
        if number == 7:  # ModelProto.graph
            graphs += 1
            _graph(value, facts, limits, 0)
        elif number == 25:  # ModelProto.functions
            _function(value, facts, limits)
    if not graphs:
        raise VerifyError("The ONNX model has no graph.", hint="the file is no ONNX model; copy the delivery again.")
    return facts


def _graph(graph: memoryview, facts: GraphFacts, limits: ModelLimits, depth: int) -> None:
    if depth > limits.depth:
        raise VerifyError(
            f"The ONNX model nests graphs more than {limits.depth} deep.",
            hint="such a model was not written by mlwright; do not use it.",
        )
    for number, value in fields(graph):
        if isinstance(value, int):
            continue
        if number == 1:  # GraphProto.node
            _node(value, facts, limits, depth)
        elif number == 5:  # GraphProto.initializer
            _tensor(value)
        elif number == 15:  # GraphProto.sparse_initializer
            _sparse(value)


def _function(function: memoryview, facts: GraphFacts, limits: ModelLimits) -> None:
    for number, value in fields(function):
        if number == 7 and not isinstance(value, int):  # FunctionProto.node
            _node(value, facts, limits, 1)
        elif number == 11 and not isinstance(value, int):  # FunctionProto.attribute_proto
            _attribute(value, facts, limits, 1)


def _node(node: memoryview, facts: GraphFacts, limits: ModelLimits, depth: int) -> None:
    facts.nodes += 1
    if facts.nodes > limits.nodes:
        raise VerifyError(
            f"The ONNX model has more than {limits.nodes:,} nodes.",
            hint="raise ModelLimits.nodes if you know this model.",
        )
    operator, domain = "", ""
    for number, value in fields(node):
        if isinstance(value, int):
            continue
        if number == 4:
            operator = bytes(value).decode(errors="replace")
        elif number == 7:
            domain = bytes(value).decode(errors="replace")
        elif number == 5:
            _attribute(value, facts, limits, depth)
    facts.domains.add(domain)
    if domain not in limits.domains:
        raise VerifyError(
            f"The ONNX model uses the operator '{operator}' of the domain '{domain}'; only standard ones are allowed.",
            hint="custom operators run foreign code; do not use this model.",
        )


def _attribute(attribute: memoryview, facts: GraphFacts, limits: ModelLimits, depth: int) -> None:
    for number, value in fields(attribute):
        if isinstance(value, int):
            continue
        if number in (5, 10):  # AttributeProto.t, .tensors
            _tensor(value)
        elif number in (6, 11):  # .g, .graphs
            _graph(value, facts, limits, depth + 1)
        elif number in (22, 23):  # .sparse_tensor, .sparse_tensors
            _sparse(value)


def _sparse(tensor: memoryview) -> None:
    for number, value in fields(tensor):
        if number in (1, 2) and not isinstance(value, int):  # SparseTensorProto.values, .indices
            _tensor(value)


def _tensor(tensor: memoryview) -> None:
    for number, value in fields(tensor):
        if number == 13 or (number == 14 and value == 1):  # TensorProto.external_data, .data_location = EXTERNAL
            raise VerifyError(
                "The ONNX model keeps data outside its file; a delivered model holds all of its data itself.",
                hint="external data can point anywhere on the disk; do not use this model.",
            )
