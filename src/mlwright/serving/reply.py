"""A prediction to JSON: labels typed as the target was, probabilities by class."""

from collections.abc import Callable
from typing import Any

from mlwright.models.signature import Signature, Task
from mlwright.serving.rows import Decoded
from mlwright.serving.runtime import Prediction

_TYPED: dict[str, Callable[[str], Any]] = {"string": str, "integer": int, "boolean": lambda text: text == "true"}


class Replies:
    """Writes the replies of one model. Stateless after its construction."""

    def __init__(self, signature: Signature) -> None:
        typed = _TYPED[signature.label_type]
        self._labels: dict[str, Any] = {label: typed(label) for label in signature.classes}
        self._classes = signature.classes
        self._alarm_from = signature.threshold if signature.task is Task.ANOMALY else None
        self._model = {"name": signature.name, "version": signature.version}

    def build(self, decoded: Decoded, prediction: Prediction, request_id: str) -> dict[str, Any]:
        """Return the JSON object that answers a request, in the shape in which it was asked."""
        reply: dict[str, Any]
        if decoded.envelope == "columns":
            reply = self._columns(prediction)
        else:
            rows = self._rows(prediction)
            reply = rows[0] if decoded.envelope == "one" else {"predictions": rows}
        notes = decoded.notes
        reply["model"] = self._model
        reply["request_id"] = request_id
        reply["warnings"] = notes.warnings
        if notes.warning_count > len(notes.warnings):
            reply["warnings_total"] = notes.warning_count
        return reply

    def label(self, text: str) -> Any:
        """Return a label as the target's column writes it."""
        return self._labels.get(text, text)

    def _rows(self, prediction: Prediction) -> list[dict[str, Any]]:
        if prediction.values is not None:
            ends = self._ends(prediction)
            named = zip(prediction.values.tolist(), *ends.values(), strict=True)
            return [dict(zip(("value", *ends), row, strict=True)) for row in named]
        labels, shares = _classified(prediction)
        classes = self._classes
        return [
            {"label": self._labels[label], "probabilities": dict(zip(classes, row, strict=True))}
            for label, row in zip(labels, shares.tolist(), strict=True)
        ]

    def _columns(self, prediction: Prediction) -> dict[str, Any]:
        if prediction.values is not None:
            return {"values": prediction.values.tolist(), **self._ends(prediction)}
        labels, shares = _classified(prediction)
        return {
            "labels": [self._labels[label] for label in labels],
            "probabilities": dict(zip(self._classes, shares.T.tolist(), strict=True)),
        }

    def _ends(self, prediction: Prediction) -> dict[str, list[Any]]:
        """Return what stands beside a value: the ends of its band, or whether it is an anomaly."""
        if self._alarm_from is not None and prediction.values is not None:
            return {"anomaly": (prediction.values >= self._alarm_from).tolist()}
        return _ends(prediction)


def _ends(prediction: Prediction) -> dict[str, list[float]]:
    """Return the ends of the band, or nothing where there is none."""
    if prediction.low is None or prediction.high is None:
        return {}
    return {"low": prediction.low.tolist(), "high": prediction.high.tolist()}


def _classified(prediction: Prediction) -> tuple[list[str], Any]:
    if prediction.labels is None or prediction.probabilities is None:
        raise TypeError("a classification has labels and probabilities")
    return prediction.labels.tolist(), prediction.probabilities
