"""The baseline: what inputs and predictions looked like when the model was delivered. A small JSON, no rows in it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError

from mlwright.base.errors import DataError
from mlwright.base.suggest import did_you_mean
from mlwright.data.columns import Array, Columns, row_count
from mlwright.data.schema import Column, SemanticType
from mlwright.evaluation.intervals import Bootstrap, bootstrap
from mlwright.evaluation.metrics import default_metric, metric, metrics_for
from mlwright.models.signature import Task
from mlwright.monitoring.duplicates import RowHashes
from mlwright.monitoring.sketch import LevelTable, NumberSketch, sketch_numbers, tabulate_levels

Kind = Literal["number", "category", "text", "datetime"]

_POINTS_OF_ALL = 8_000  # shared by the number columns: about 100 kB of JSON
_LEVELS_OF_ALL = 4_000
_PERFORMANCE_ROWS = 50_000
MAX_CLASSES = 20


class ColumnBaseline(BaseModel):
    """One input, or one prediction. Immutable.

    Attributes:
        rows, missing: All cells, and those that are missing.
        numbers: Of a number; a datetime's seconds; a text's lengths in characters. None if nothing is known.
        levels: Of a category.
        importance: Its share of the model's permutation importance, in [0, 1], where it was measured.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    kind: Kind
    rows: int
    missing: int
    numbers: NumberSketch | None = None
    levels: LevelTable | None = None
    importance: float | None = None


class Quality(BaseModel):
    """A metric at delivery, with its interval. Immutable."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    value: float
    low: float
    high: float


class Baseline(BaseModel):
    """What new rows are compared with. Immutable; `monitoring/baseline.json` of a delivery.

    Attributes:
        rows: Rows of the inputs.
        duplicate_share: Rows that repeat an earlier one.
        classes: Labels in the order of the probabilities.
        columns: The model's inputs.
        predictions: Probabilities by class (two classes: of the positive one), the predicted class; or the value.
        metric: What quality is judged by.
        quality: By metric, where labels were given.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal[1] = 1
    task: Task
    rows: int
    duplicate_share: float
    classes: tuple[str, ...] = ()
    columns: tuple[ColumnBaseline, ...]
    predictions: tuple[ColumnBaseline, ...] = ()
    metric: str
    quality: Mapping[str, Quality] = {}

    def save(self, path: Path) -> None:
        """Write the JSON; the same baseline gives the same bytes."""
        path.write_text(self.model_dump_json(exclude_none=True) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> "Baseline":
        """Read what `save` wrote.

        Raises:
            DataError: The file is absent or no baseline.
        """
        try:
            return cls.model_validate_json(path.read_bytes())
        except OSError as error:
            raise DataError(f"The baseline {path} cannot be read: {error}.", hint="point to a delivery.") from error
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"]))
            raise DataError(
                f"{path} is not a baseline: {where}: {first['msg']}.",
                hint="take monitoring/baseline.json of a delivery.",
            ) from error


@dataclass(frozen=True, slots=True)
class Reference:
    """What a baseline may hold beside inputs and predictions.

    Attributes:
        classes: Labels in the order of the probabilities.
        labels: True codes or values of the rows of the predictions, for quality at delivery.
        importance: Permutation importance by column, as shares.
        metric: What quality is judged by; empty takes the task's default.
        seed: Of the quality's intervals.
    """

    classes: tuple[str, ...] = ()
    labels: Array | None = None
    importance: Mapping[str, float] | None = None
    metric: str = ""
    seed: int = 0


def make_baseline(
    columns: Columns,
    inputs: Sequence[Column],
    predictions: Array | None,
    task: Task,
    reference: Reference | None = None,
) -> Baseline:
    """Return the baseline of a model.

    Args:
        columns: The inputs of the training rows, in normal form.
        inputs: What each of them is.
        predictions: Of rows that the model was not fitted on (out of fold, or the test rows): probabilities (k, C), of
            the positive class (k,), or values (k,). Their rows need not be those of `columns`. On its own training
            rows a model is surer than it will ever be, and every later day would look like drift.
        task: What is predicted.
        reference: Classes, labels of the predictions, importances.

    Raises:
        DataError: No rows, or a column is absent.
    """
    reference = reference or Reference()
    rows = row_count(columns)
    absent = [column.name for column in inputs if column.name not in columns]
    if absent or rows == 0:
        raise DataError(
            f"The baseline got {rows} rows and lacks {absent or 'no column'}.",
            hint="pass the rows the model was fitted on.",
        )
    kinds: list[Kind] = [kind_of(column) for column in inputs]
    points = int(np.clip(_POINTS_OF_ALL // max(sum(kind != "category" for kind in kinds), 1), 100, 1000))
    levels = int(np.clip(_LEVELS_OF_ALL // max(sum(kind == "category" for kind in kinds), 1), 50, 1000))
    hashes = RowHashes()
    hashes.add([columns[column.name] for column in inputs])
    importance = reference.importance or {}
    return Baseline(
        task=task,
        rows=rows,
        duplicate_share=hashes.duplicate_share(),
        classes=reference.classes,
        columns=tuple(
            _column(column.name, kind, columns[column.name], points, levels).model_copy(
                update={"importance": importance.get(column.name)}
            )
            for column, kind in zip(inputs, kinds, strict=True)
        ),
        predictions=tuple(
            _column(name, _prediction_kind(values), values, 500, 100)
            for name, values in prediction_columns(predictions, task, reference.classes).items()
        ),
        metric=metric(reference.metric).name if reference.metric else default_metric(task).name,
        quality=_quality(predictions, task, reference),
    )


def kind_of(column: Column) -> Kind:
    """Return how a column is watched."""
    if column.type is SemanticType.NUMBER:
        return "number"
    if column.type is SemanticType.DATETIME:
        return "datetime"
    return "text" if column.type is SemanticType.TEXT else "category"


def _prediction_kind(values: Array) -> Kind:
    return "category" if values.dtype == object else "number"


def known_numbers(name: str, kind: Kind, values: Array) -> tuple[Array, int]:
    """Return the numbers that are watched (a text's lengths), infinities kept, and how many cells are missing.

    Raises:
        DataError: The array is not in the normal form of its kind.
    """
    expected, told = ("O", "strings") if kind in ("category", "text") else ("fiu", "numbers")
    if values.dtype.kind not in expected:
        raise DataError(
            f"The column '{name}' is an array of {values.dtype}, expected {told}.",
            hint="bring the rows to the normal form with columns_of first.",
        )
    if kind == "text":
        lengths = np.fromiter(map(len, values), dtype=np.float64, count=len(values))
        return lengths[lengths > 0], int((lengths == 0).sum())
    numbers = values.astype(np.float64)
    missing = np.isnan(numbers)
    return numbers[~missing], int(missing.sum())


def count_levels(name: str, values: Array) -> tuple[Counter[str], int]:
    """Return the counts of the known levels, and how many cells are missing.

    Raises:
        DataError: The array does not hold strings.
    """
    if values.dtype != object:
        raise DataError(
            f"The column '{name}' is an array of {values.dtype}, expected strings.",
            hint="bring the rows to the normal form with columns_of first.",
        )
    counts: Counter[str] = Counter(values.tolist())
    return counts, counts.pop("", 0)


def _column(name: str, kind: Kind, values: Array, points: int, levels: int) -> ColumnBaseline:
    if kind == "category":
        counts, missing = count_levels(name, values)
        table = tabulate_levels(counts, levels)
        return ColumnBaseline(name=name, kind=kind, rows=len(values), missing=missing, levels=table)
    known, missing = known_numbers(name, kind, values)
    sketch = sketch_numbers(known[np.isfinite(known)], points)
    return ColumnBaseline(name=name, kind=kind, rows=len(values), missing=missing, numbers=sketch)


def prediction_columns(predictions: Array | None, task: Task, classes: Sequence[str]) -> dict[str, Array]:
    """Return predictions as named columns: values, or probabilities by class and the most probable class.

    Raises:
        DataError: The shape does not fit the task or the classes.
    """
    if predictions is None:
        return {}
    given = np.asarray(predictions, dtype=np.float64)
    if not task.is_classification:
        return {"prediction": given.reshape(-1)}
    if given.ndim == 1:
        given = np.stack([1 - given, given], axis=1)
    names = tuple(classes) or tuple(str(k) for k in range(given.shape[1]))
    if given.ndim != 2 or given.shape[1] != len(names):
        raise DataError(
            f"The predictions have shape {given.shape}, expected (rows, {len(names)}).",
            hint="pass one column of probabilities per class.",
        )
    if len(names) == 2:
        return {f"probability of {names[1]}": given[:, 1]}
    columns: dict[str, Array] = {f"probability of {name}": given[:, k] for k, name in enumerate(names[:MAX_CLASSES])}
    return {**columns, "predicted class": np.array(names, dtype=object)[given.argmax(axis=1)]}


def encode_labels(labels: Array, task: Task, classes: Sequence[str]) -> Array:
    """Return labels as codes or values; strings are looked up among the classes.

    Raises:
        DataError: A label is no class.
    """
    given = np.asarray(labels)
    if not task.is_classification or given.dtype.kind in "iub":
        return given
    if given.dtype.kind == "f":
        return given.astype(np.int64)
    codes = {name: k for k, name in enumerate(classes)}
    unknown = sorted({str(label) for label in given} - set(codes))
    if unknown:
        raise DataError(f"The label '{unknown[0]}' is no class of the model.", hint=did_you_mean(unknown[0], classes))
    return np.array([codes[str(label)] for label in given], dtype=np.int64)


def quality_of(y: Array, predictions: Array, task: Task, wanted: str, seed: int) -> dict[str, Quality]:
    """Return the task's usual metrics with intervals, at most 50,000 rows; those not defined are left out."""
    if task in (Task.RANKING, Task.RECOMMENDATION):
        return {}  # judged within a query or a user, of whom single rows know nothing
    names = {wanted} | {"binary": {"roc_auc", "log_loss", "accuracy"}, "multiclass": {"log_loss", "accuracy"}}.get(
        task.value, {"rmse", "mae", "r2"}
    )
    y, predictions = y[:_PERFORMANCE_ROWS], predictions[:_PERFORMANCE_ROWS]
    if task.is_classification and predictions.ndim == 1:
        predictions = np.stack([1 - predictions, predictions], axis=1)
    order = [entry.name for entry in metrics_for(task) if entry.name in names] or [wanted]
    found = {name: bootstrap(y, predictions, metric(name), how=Bootstrap(200, seed=seed)) for name in order}
    return {
        name: Quality(value=item.value, low=item.low, high=item.high)
        for name, item in found.items()
        if np.isfinite([item.value, item.low, item.high]).all()
    }


def _quality(predictions: Array | None, task: Task, reference: Reference) -> dict[str, Quality]:
    if predictions is None or reference.labels is None:
        return {}
    y = encode_labels(reference.labels, task, reference.classes)
    wanted = metric(reference.metric).name if reference.metric else default_metric(task).name
    return quality_of(y, np.asarray(predictions, dtype=np.float64), task, wanted, reference.seed)
