"""A fitted estimator on disk: `estimator.json` beside the model in its native formats. Reading it executes no code."""

import math
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError

from mlwright.base.errors import DataError, ExportError
from mlwright.data.columns import Array
from mlwright.data.schema import Schema
from mlwright.models.tabular.ensemble import TabularModel, write_json

_FILE = "estimator.json"
_KINDS = "biuf"


class EstimatorState(BaseModel):
    """What an estimator knows beside its model.

    Attributes:
        format: Version of this file's form.
        kind: Name of the class.
        params: Of its constructor.
        feature_names: As given in `fit`; None where X had no names.
        class_kind: What the classes were written as; empty for regression.
        leaderboard: One line a trial; a score that is not finite is null.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: int = 1
    kind: str
    params: dict[str, Any]
    schema_: Schema
    metric: str
    features: int
    feature_names: tuple[str, ...] | None = None
    classes: tuple[Any, ...] = ()
    class_kind: str = ""
    leaderboard: tuple[dict[str, Any], ...] = ()


def save_estimator(directory: Path, state: EstimatorState, model: TabularModel) -> None:
    """Write into a directory that is new or empty.

    Raises:
        DataError: There is something in it.
    """
    if directory.exists() and any(directory.iterdir()):
        raise DataError(f"'{directory}' is not empty; a new directory was expected.", hint="choose another name.")
    (directory / "model").mkdir(parents=True)
    model.save(directory / "model")
    write_json(directory / _FILE, state.model_dump(mode="json"))


def load_estimator(directory: Path, kind: str) -> tuple[EstimatorState, TabularModel]:
    """Read what `save_estimator` wrote.

    Raises:
        DataError: It is no estimator, or one of another kind.
    """
    path = directory / _FILE
    try:
        state = EstimatorState.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as exc:
        raise DataError(
            f"{path} cannot be read as a saved estimator: {exc}.", hint="give the directory that `save` wrote."
        ) from exc
    if state.kind != kind:
        raise DataError(f"'{directory}' holds a {state.kind}; a {kind} was expected.", hint=f"use {state.kind}.load.")
    return state, TabularModel.load(directory / "model")


def classes_to_json(classes: Array) -> tuple[tuple[Any, ...], str]:
    """Return classes as JSON values, and what they are.

    Raises:
        ExportError: They are neither numbers, truth values nor texts.
    """
    values = classes.tolist()
    if all(isinstance(value, str) for value in values):
        return tuple(values), "object" if classes.dtype == object else "text"
    if classes.dtype.kind not in _KINDS:
        raise ExportError(
            f"Classes of dtype {classes.dtype} cannot be written; numbers, truth values or texts were expected.",
            hint="give the classes as texts.",
        )
    return tuple(values), classes.dtype.str


def classes_from_json(values: tuple[Any, ...], kind: str) -> Array:
    """Return what `classes_to_json` was given."""
    dtype: Any = {"object": object, "text": str}.get(kind, kind)
    return np.array(values, dtype=dtype)


def finite_lines(lines: list[dict[str, Any]]) -> tuple[dict[str, Any], ...]:
    """Return leaderboard lines as JSON can say them: a score that is not finite is null."""
    return tuple({**line, "score": line["score"] if math.isfinite(line["score"]) else None} for line in lines)


def known_lines(lines: tuple[dict[str, Any], ...]) -> list[dict[str, Any]]:
    """Return leaderboard lines as `finite_lines` was given them, infinities without their sign."""
    return [{**line, "score": math.nan if line["score"] is None else line["score"]} for line in lines]
