"""A delivered model, ready to predict: one onnxruntime session and the signature beside it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from pydantic import ValidationError

from mlwright.base.errors import RequestError, VerifyError
from mlwright.base.suggest import did_you_mean
from mlwright.data.columns import Array, Columns, row_count
from mlwright.data.schema import Column, SemanticType
from mlwright.models.signature import Signature
from mlwright.serving.graph_check import DEFAULT_LIMITS, ModelLimits, check_graph

_NUMERIC = (SemanticType.NUMBER, SemanticType.DATETIME)


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a model says of n rows.

    Attributes:
        labels: Classification: the classes predicted, `str` objects, shape (n,); the threshold is applied.
        probabilities: Classification: float64, shape (n, classes), in the order of the signature's classes.
        values: Regression: float64, shape (n,).
        low, high: The ends of the band around each value, float64, shape (n,); None without a band.
    """

    labels: Array | None = None
    probabilities: Array | None = None
    values: Array | None = None
    low: Array | None = None
    high: Array | None = None

    @property
    def rows(self) -> int:
        first = self.values if self.labels is None else self.labels
        return 0 if first is None else len(first)


class Runtime:
    """A model and its signature. Several threads may call `predict` at once."""

    def __init__(self, signature: Signature, session: Any) -> None:
        self.signature = signature
        self._session = session
        self._names = tuple(column.name for column in signature.inputs)
        self._outputs = ["label", "probabilities"] if signature.task.is_classification else ["value"]

    @classmethod
    def open(cls, model_dir: Path, *, limits: ModelLimits = DEFAULT_LIMITS, threads: int = 1) -> Self:
        """Read `signature.json` and `model.onnx` of a folder.

        Raises:
            VerifyError: A file is missing, too large, or not what the other one says.
        """
        return cls.from_bytes(
            _read(model_dir / "signature.json", limits), _read(model_dir / "model.onnx", limits), limits, threads
        )

    @classmethod
    def from_bytes(cls, signature: bytes, model: bytes, limits: ModelLimits = DEFAULT_LIMITS, threads: int = 1) -> Self:
        """Open from the two files' bytes, so that what was hashed is what is loaded."""
        described = parse_signature(signature)
        check_graph(model, limits)
        session = _session(model, threads)
        _check_border(described, session)
        return cls(described, session)

    def predict(self, columns: Columns) -> Prediction:
        """Predict rows given in the normal form of `mlwright.data.columns`; columns that are no inputs are ignored.

        Raises:
            RequestError: An input column is missing, or the model cannot take the rows.
        """
        rows = row_count(columns)
        if not rows:
            return self._empty()
        try:
            feed = {name: columns[name].reshape(-1, 1) for name in self._names}
        except KeyError as error:
            raise RequestError(
                f"The column {error} is missing.", hint="give every column of the signature: " + ", ".join(self._names)
            ) from error
        if not self.signature.task.is_classification:
            values = self._session.run(self._outputs, feed)[0].reshape(-1).astype(np.float64)
            return valued(self.signature, values)
        labels, probabilities = self._session.run(self._outputs, feed)
        return Prediction(labels=labels.reshape(-1), probabilities=probabilities.astype(np.float64))

    def _empty(self) -> Prediction:
        if not self.signature.task.is_classification:
            return valued(self.signature, np.zeros(0))
        return Prediction(labels=np.zeros(0, object), probabilities=np.zeros((0, len(self.signature.classes))))


def valued(signature: Signature, values: Array) -> Prediction:
    """Return predicted values, float64, (n,), with the band that the signature puts around them."""
    if signature.interval is None:
        return Prediction(values=values)
    low, high = signature.interval.band(values)
    return Prediction(values=values, low=low, high=high)


def parse_signature(content: bytes) -> Signature:
    """Read a `signature.json`.

    Raises:
        VerifyError: It is no signature.
    """
    try:
        return Signature.model_validate_json(content)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        raise VerifyError(
            f"signature.json is not a signature of this version: {where}: {first['msg']}.",
            hint="use the mlwright version that MANIFEST.json names, or copy the delivery again.",
        ) from error


def _read(path: Path, limits: ModelLimits) -> bytes:
    try:
        if path.stat().st_size > limits.size_bytes:
            raise VerifyError(
                f"{path.name} has {path.stat().st_size:,} bytes; at most {limits.size_bytes:,} are allowed.",
                hint="raise ModelLimits.size_bytes if you know this model.",
            )
        return path.read_bytes()
    except OSError as error:
        raise VerifyError(
            f"{path.name} cannot be read in {path.parent}: {error.strerror}.",
            hint="give the folder `model` of a delivery.",
        ) from error


def _session(model: bytes, threads: int) -> Any:
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3  # errors only: its warnings speak of the graph, not to the operator
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # idle threads must not burn a core
    try:
        return ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime has no common error class
        raise VerifyError(
            f"onnxruntime {ort.__version__} cannot open the model: {str(error).splitlines()[0][:300]}",
            hint="use the onnxruntime version of service/requirements.txt, or copy the delivery again.",
        ) from error


def _check_border(signature: Signature, session: Any) -> None:
    """The graph must take and give what the signature says."""
    taken = {value.name: value.type for value in session.get_inputs()}
    wanted = {column.name: _onnx_type(column) for column in signature.inputs}
    for name, kind in wanted.items():
        if taken.get(name) != kind:
            raise VerifyError(
                f"The signature has the input '{name}' as {kind}; the graph has {taken.get(name, 'none')}.",
                hint=did_you_mean(name, taken)
                if name not in taken
                else "model.onnx and signature.json are of two models.",
            )
    if extra := [name for name in taken if name not in wanted]:
        raise VerifyError(
            f"The ONNX graph has the input '{extra[0]}', which the signature does not know.",
            hint="model.onnx and signature.json are of two models.",
        )
    given = {value.name for value in session.get_outputs()}
    expected = {"label", "probabilities"} if signature.task.is_classification else {"value"}
    if not expected <= given:
        raise VerifyError(
            f"The ONNX graph gives {sorted(given)}; {sorted(expected)} were expected for {signature.task.value}.",
            hint="model.onnx and signature.json are of two models.",
        )


def _onnx_type(column: Column) -> str:
    return "tensor(double)" if column.type in _NUMERIC else "tensor(string)"
