"""The form in which an explanation is written: plain numbers, JSON-able, the same for every method."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

Value = float | str | None  # a raw cell; None is a missing one


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class GlobalImportance(_Frozen):
    """How much one column moves the predictions on average.

    Attributes:
        mean_abs: Mean over rows of |SHAP|, averaged over outputs; in units of the prediction, at least 0.
        by_output: The same for each of the explanation's `outputs`.
        share: Of the sum of `mean_abs` over all columns, in [0, 1].
    """

    column: str
    mean_abs: float
    by_output: tuple[float, ...]
    share: float


class Contribution(_Frozen):
    """What one column's value adds to one prediction."""

    column: str
    value: Value
    shap: float


class LocalExplanation(_Frozen):
    """One row taken apart: `base` + the sum of all contributions = `prediction`.

    Attributes:
        row: Index into the rows that were given.
        why: Why this row was chosen.
        output: Which class (or the value) is explained.
        contributions: Every column, the largest |SHAP| first.
    """

    row: int
    why: Literal["typical", "hardest", "highest", "lowest", "asked"]
    output: str
    base: float
    prediction: float
    contributions: tuple[Contribution, ...]


class Dependence(_Frozen):
    """The values of one column against what they contribute, one pair a row."""

    column: str
    output: str
    values: tuple[Value, ...]
    shap: tuple[float, ...]


class Explanation(_Frozen):
    """SHAP values of a model on raw columns.

    Attributes:
        method: "exact" enumerates all coalitions; "permutation" samples orders, each forward and backward.
        outputs: What is explained: class names, or "value".
        base: Mean prediction on the background, per output.
        rows, rows_asked: How many rows were explained, and how many were asked for.
        stopped: What ended the work: every row done, the limit of predictions, or the seconds.
        predictions: Rows that the model was asked for.
        additivity_error: Largest |base + sum of SHAP - prediction| over rows and outputs.
        importance: All columns, the most important first.
    """

    method: Literal["exact", "permutation"]
    outputs: tuple[str, ...]
    base: tuple[float, ...]
    rows: int
    rows_asked: int
    background_rows: int
    permutations: int
    predictions: int
    stopped: Literal["done", "predictions", "seconds"]
    additivity_error: float
    seed: int
    importance: tuple[GlobalImportance, ...]
    local: tuple[LocalExplanation, ...]
    dependence: tuple[Dependence, ...]
