"""`estimator.json`: what a stored estimator is, beside the library's own file."""

import json
from pathlib import Path
from typing import Literal, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError

from mlwright.base.errors import DataError
from mlwright.data.columns import Array
from mlwright.models.signature import Task
from mlwright.models.tabular.back import Back
from mlwright.models.tabular.labels import Labels

NAME = "estimator.json"


class EstimatorFile(BaseModel):
    """The facts of one estimator. Immutable.

    Attributes:
        format: Version of this file's form.
        family: Name in `MODELS`.
        rounds: Boosting rounds, trees or iterations kept.
        features: d, the width of the matrix.
        labels: Classes; None for regression.
        offset, scale: A learned value is offset + scale * what the library returns. Only float32 libraries need them.
        back: From learned values to those of the target.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal[1] = 1
    family: str
    task: Task
    rounds: int
    features: int
    labels: Labels | None = None
    offset: float = 0.0
    scale: float = 1.0
    back: Back = Back()

    def write(self, directory: Path) -> None:
        """Write `estimator.json` into an existing directory."""
        text = json.dumps(self.model_dump(mode="json"), sort_keys=True, indent=1)
        (directory / NAME).write_text(text + "\n", encoding="utf-8")

    @classmethod
    def read(cls, directory: Path) -> Self:
        """Read `estimator.json`.

        Raises:
            DataError: It is missing or not of a form that this version knows.
        """
        path = directory / NAME
        try:
            return cls.model_validate_json(path.read_bytes())
        except (OSError, ValidationError) as exc:
            raise DataError(
                f"{path} cannot be read as an estimator of format 1: {exc}.",
                hint="write the model again, or read it with the version of mlwright that wrote it.",
            ) from exc

    def check_width(self, X: Array) -> None:
        """Check that a matrix has the features that were fitted.

        Raises:
            DataError: It has not.
        """
        if X.ndim != 2 or X.shape[1] != self.features:
            raise DataError(
                f"The matrix has shape {X.shape}; (rows, {self.features}) was expected by '{self.family}'.",
                hint="prepare the rows with the preparation that the model was fitted with.",
            )

    def answer(self, raw: Array) -> Array:
        """Return what `Estimator.predict` returns, from the library's probabilities (n, K) or values (n,)."""
        if self.labels is None:
            return self.back.apply(self.offset + self.scale * raw.astype(np.float64).reshape(-1))
        return self.labels.expand(raw)

    def empty(self) -> Array:
        """Return the answer for no rows, which some libraries refuse to give."""
        return np.empty(0) if self.labels is None else np.empty((0, self.labels.classes))
