"""A delivery, opened: its model predicts frames, its scores and summary can be read, its manifest has been checked."""

import json
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np

from mlwright.base.errors import DataError, VerifyError
from mlwright.data.columns import Array, Columns
from mlwright.data.frames import columns_of, frame_like
from mlwright.delivery.manifest import Manifest, check_manifest
from mlwright.delivery.recommending import lists
from mlwright.models.signature import Signature
from mlwright.serving.forecaster import Forecaster
from mlwright.serving.fronts import Front, open_front
from mlwright.serving.recommending import Recommending
from mlwright.serving.runtime import Prediction, Runtime


class DeliveredModel:
    """The model of a delivery: frames in, frames of the same library out."""

    def __init__(self, runtime: Runtime, front: Front | None = None) -> None:
        self.runtime = runtime
        self.front = front

    @property
    def signature(self) -> Signature:
        return self.runtime.signature

    def predict(self, frame: Any) -> Any:
        """Return a frame with `prediction` and what belongs to it.

        A classification has `probability_<class>` for every class; a regression has `low` and `high`, the ends of the
        band that holds the true value with the signature's probability (`interval.level`).

        Args:
            frame: pandas, polars, pyarrow Table or dict of lists, with the signature's columns; others are left alone.

        Raises:
            DataError: A column is missing or a cell is not what its column holds.
        """
        prediction = self.runtime.predict(columns_of(frame, self.signature.inputs))
        return frame_like(frame, prediction_columns(self.signature, prediction))

    def forecast(self, history: Any, horizon: int | None = None) -> Any:
        """Return a frame with the time, `step`, `forecast`, `low` and `high` of what comes after each history.

        Args:
            history: pandas, polars, pyarrow Table or dict of lists: times, values and what else the series have.
            horizon: Steps, at most those that the model was made for; None takes all.

        Raises:
            DataError: The delivery is no forecast.
            RequestError: The history cannot be continued.
        """
        if not isinstance(self.front, Forecaster):
            raise DataError(
                f"The model '{self.signature.name}' predicts rows and continues no history.", hint="use predict."
            )
        found = self.front.continued(columns_of(history, self.front.front.columns), horizon)
        return frame_like(history, {name: np.array(cells) for name, cells in found.columns.items()}, indexed=False)

    def recommend(self, users: Any, k: int | None = None) -> Any:
        """Return a frame with the items for each user, best first: user, item, `rank`, `score` and `because`.

        Args:
            users: pandas, polars, pyarrow Table or dict of lists with the column of users.
            k: Length of the lists; None takes the delivery's own.

        Raises:
            DataError: The delivery is no recommender, or the column is missing.
        """
        if not isinstance(self.front, Recommending):
            raise DataError(f"The model '{self.signature.name}' recommends nothing.", hint="use predict.")
        names = columns_of(users, self.signature.inputs[:1])[self.signature.inputs[0].name]
        return frame_like(users, dict(lists(self.front.front, names.tolist(), k)), indexed=False)

    def predict_columns(self, columns: Columns) -> Prediction:
        """Predict rows in the normal form."""
        return self.runtime.predict(columns)


class Delivery:
    """The folder that a run handed over. Every file was compared with the manifest when it was opened."""

    def __init__(self, root: Path, manifest: Manifest) -> None:
        self.root = root
        self.manifest = manifest

    @classmethod
    def open(cls, path: Path | str) -> Self:
        """Open a delivery.

        Raises:
            VerifyError: A file is missing, unknown or changed.
        """
        root = Path(path)
        return cls(root, check_manifest(root))

    @cached_property
    def model(self) -> DeliveredModel:
        """The model, loaded when it is first asked for."""
        runtime = Runtime.open(self.root / "model")
        stored = self.root / "model" / "front.json"
        if not stored.is_file():
            return DeliveredModel(runtime)
        front = open_front(stored.read_bytes(), runtime, lambda name: (stored.parent / name).read_bytes())
        return DeliveredModel(runtime, front)

    @cached_property
    def scores(self) -> dict[str, Any]:
        """The content of evaluation/scores.json."""
        return json.loads(self._text("evaluation/scores.json"))

    @cached_property
    def summary(self) -> str:
        """The text of SUMMARY.md."""
        return self._text("SUMMARY.md")

    def _text(self, name: str) -> str:
        if name not in self.manifest.files:
            raise VerifyError(
                f"The delivery {self.root.name} has no {name}.", hint="it was delivered without; run mlwright again."
            )
        return (self.root / name).read_text(encoding="utf-8")


def prediction_columns(signature: Signature, prediction: Prediction) -> dict[str, Array]:
    """Return predictions as named columns: labels typed as the target was, then one probability a class; or values,
    then the ends of their band.
    """
    if prediction.values is not None:
        if prediction.low is None or prediction.high is None:
            return {"prediction": prediction.values}
        columns_of_values = (prediction.values, prediction.low, prediction.high)
        return dict(zip(prediction_names(signature), columns_of_values, strict=True))
    if prediction.labels is None or prediction.probabilities is None:
        raise TypeError("a classification has labels and probabilities")
    columns: dict[str, Array] = {"prediction": _typed(prediction.labels, signature.label_type)}
    for at, name in enumerate(signature.classes):
        columns[f"probability_{name}"] = prediction.probabilities[:, at].copy()
    return columns


def prediction_names(signature: Signature) -> tuple[str, ...]:
    """Return the names of the columns that a prediction has; none is the name of an input."""
    if signature.task.is_classification:
        return ("prediction", *(f"probability_{name}" for name in signature.classes))
    if signature.interval is None:
        return ("prediction",)
    inputs = {column.name for column in signature.inputs}
    taken = bool(inputs & {"low", "high"})
    return ("prediction", "prediction_low", "prediction_high") if taken else ("prediction", "low", "high")


def _typed(labels: Array, label_type: str) -> Array:
    if label_type == "integer":
        return np.array([int(label) for label in labels], dtype=np.int64)
    if label_type == "boolean":
        return np.array([label == "true" for label in labels], dtype=np.bool_)
    return labels
