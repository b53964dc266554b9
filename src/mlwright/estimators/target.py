"""What is to be predicted, and the rows' weights: checked as scikit-learn checks them, encoded as models want them."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from mlwright.data.cells import category_text, is_missing
from mlwright.data.columns import Array
from mlwright.data.task import Task
from mlwright.estimators.rows import InvalidInput


@dataclass(frozen=True, slots=True)
class Classes:
    """Encoded classes.

    Attributes:
        codes: int64, shape (n,).
        values: The classes as the caller wrote them, ascending, shape (C,).
        labels: Their texts, in the same order.
        label_type: How a service writes them.
    """

    codes: Array
    values: Array
    labels: tuple[str, ...]
    label_type: Literal["string", "integer", "boolean"]

    @property
    def task(self) -> Task:
        return Task.BINARY if len(self.values) == 2 else Task.MULTICLASS


def encode_classes(y: Any, weight: Array | None) -> Classes:
    """Return the classes of y; those of rows without weight don't count.

    Raises:
        InvalidInput: There is one class only, or a class is missing.
        ValueError: y is no column of classes, as scikit-learn says it.
    """
    from sklearn.utils.multiclass import check_classification_targets
    from sklearn.utils.validation import check_array, column_or_1d

    y = column_or_1d(_plain(y), warn=True)
    if y.dtype.kind in "fc":
        anything: Any = None  # scikit-learn's annotation forgets that dtype may be None or a type
        check_array(y, ensure_2d=False, dtype=anything, input_name="y")
    elif y.dtype == object:
        _refuse_missing(np.fromiter((is_missing(value) for value in y), dtype=bool, count=len(y)))
    check_classification_targets(y)
    used = np.ones(len(y), dtype=bool) if weight is None else weight > 0
    values = np.unique(y[used])
    if len(values) < 2:
        raise InvalidInput(
            f"The target has one class only ({values.tolist()!r}); two classes at least were expected.",
            hint="give rows of the other classes too, with a weight above 0.",
        )
    codes = np.searchsorted(values, y)
    codes[~used] = 0
    labels = tuple(category_text(value) for value in values.tolist())
    if len(set(labels)) < len(labels):
        labels = tuple(str(value) for value in values.tolist())
    return Classes(codes.astype(np.int64), values, labels, _label_type(values))


def encode_values(y: Any) -> Array:
    """Return y as float64, shape (n,).

    Raises:
        ValueError: It has another shape, or a value is missing, infinite or no number.
    """
    from sklearn.utils.validation import check_array, column_or_1d

    y = column_or_1d(_plain(y), warn=True)
    if y.dtype == object:
        _refuse_missing(np.fromiter((is_missing(value) for value in y), dtype=bool, count=len(y)))
    return np.array(check_array(y, ensure_2d=False, dtype="float64", input_name="y"))


def checked_weights(weight: Any, rows: int) -> Array | None:
    """Return row weights, float64, shape (n,), or None where all rows weigh the same.

    Raises:
        InvalidInput: They are not one finite number from 0 on for each row, or all are zero.
    """
    if weight is None:
        return None
    weights = np.asarray(_plain(weight), dtype=np.float64)
    if weights.ndim == 0:
        weights = np.full(rows, float(weights))
    if weights.shape != (rows,):
        raise InvalidInput(
            f"sample_weight.shape == {weights.shape}, expected {(rows,)}.", hint="give one weight for each row."
        )
    if not np.isfinite(weights).all() or (weights < 0).any():
        raise InvalidInput(
            "Sample weights must be finite and not negative; one is not.", hint="give 0 to a row that shall not count."
        )
    if not (weights > 0).any():
        raise InvalidInput(
            "Sample weights must contain at least one non-zero number; all are zero.", hint="leave sample_weight out."
        )
    return weights


def _plain(values: Any) -> Any:
    """polars and Arrow columns as arrays; scikit-learn knows the rest."""
    return values.to_numpy() if type(values).__module__.split(".")[0] in ("polars", "pyarrow") else values


def _refuse_missing(missing: Array) -> None:
    if missing.any():
        rows = ", ".join(str(row + 1) for row in np.flatnonzero(missing)[:5])
        raise InvalidInput(
            f"Input y contains NaN: the target is missing in {int(missing.sum())} of {len(missing)} rows (row {rows}).",
            hint="remove the rows whose outcome is unknown; they can be predicted later.",
        )


def _label_type(values: Array) -> Literal["string", "integer", "boolean"]:
    if values.dtype.kind == "b":
        return "boolean"
    return "integer" if values.dtype.kind in "iu" else "string"
