"""The preparation of a table: one encoder after the other, fitted on the rows it is given and on no others."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from mlwright.base.errors import DataError
from mlwright.base.seeds import derive_seed
from mlwright.data.columns import Array, Columns, row_count
from mlwright.data.schema import Column, SemanticType
from mlwright.data.task import Task
from mlwright.features.categories import fit_one_hot, fit_ordinal
from mlwright.features.dates import fit_date_parts
from mlwright.features.encoders import ENCODERS, Encoder
from mlwright.features.levels import count_levels
from mlwright.features.numeric import Passthrough, fit_scaled
from mlwright.features.target_mean import TargetMeanPlan, fit_target_mean
from mlwright.features.texts import fit_text_topics

VERSION = 1
LARGEST = float(np.finfo(np.float32).max)
_FEW_LEVELS = 12  # up to here codes or one column a level say all
_MANY_HOT = 30


@dataclass(frozen=True, slots=True)
class PreparationPlan:
    """What a preparation is for.

    Attributes:
        inputs: The columns to encode.
        flavour: "tree" keeps missing cells and uses codes; "linear" fills in, standardises and uses one column a level.
    """

    inputs: tuple[Column, ...]
    flavour: Literal["tree", "linear"]
    task: Task
    seed: int


@dataclass(frozen=True, slots=True, eq=False)
class Preparation:
    """Fitted encoders side by side. Made by `fit_preparation` and `from_state` alone."""

    encoders: tuple[Encoder, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """What each column of the matrix is, for people."""
        return tuple(name for encoder in self.encoders for name in encoder.names)

    @property
    def sources(self) -> tuple[str, ...]:
        """The table's column that each column of the matrix comes from."""
        return tuple(encoder.column for encoder in self.encoders for _ in range(encoder.width))

    @property
    def width(self) -> int:
        return sum(encoder.width for encoder in self.encoders)

    def transform(self, columns: Columns) -> Array:
        """Return the matrix that models see, float32, shape (n, width); beyond float32's range its largest numbers."""
        return _joined([encoder.transform(columns) for encoder in self.encoders])


def fit_preparation(columns: Columns, y: Array, plan: PreparationPlan) -> tuple[Preparation, Array]:
    """Choose and fit an encoder for each input; constant columns are left out, but one column always stays.

    Args:
        columns: The training rows; no other row may be among them.
        y: Class codes, int64, or values, float64, shape (n,).
        plan: Columns, flavour, task and seed.

    Returns:
        The preparation, and the training matrix, float32, shape (n, width). That matrix is not
        `preparation.transform(columns)`: means of the target are cross-fitted in it, so that no row sees its own.

    Raises:
        DataError: There is no row or no column to learn from.

    Example:
        >>> age = Column(name="age", type=SemanticType.NUMBER)
        >>> plan = PreparationPlan((age,), "tree", Task.BINARY, seed=0)
        >>> preparation, X = fit_preparation({"age": np.array([1.0, 2.0])}, np.array([0, 1]), plan)
        >>> X.tolist()
        [[1.0], [2.0]]
    """
    _check(columns, y, plan)
    choose = _TREE if plan.flavour == "tree" else _LINEAR
    fitted: list[tuple[Encoder, Array]] = []
    for column in plan.inputs:
        values = columns[column.name]
        if _varies(values):
            fitted += choose[column.type](_Fit(column.name, values, y, plan))
    if not fitted:
        fitted = [_constant(plan.inputs[0], columns)]
    return Preparation(tuple(encoder for encoder, _ in fitted)), _joined([block for _, block in fitted])


def preparation_state(preparation: Preparation) -> dict[str, Any]:
    """Return JSON values; arrays are lists of numbers, whose shortest exact form JSON keeps."""
    encoders = [{"kind": encoder.kind, **encoder.state()} for encoder in preparation.encoders]
    return {"version": VERSION, "encoders": encoders}


def from_state(state: Mapping[str, Any]) -> Preparation:
    """Return the preparation of which `preparation_state` gave `state`, the same to the last bit.

    Raises:
        DataError: The state is of another version or has an encoder that this version does not know.
    """
    if state.get("version") != VERSION:
        raise DataError(
            f"The preparation's state has version {state.get('version')!r}; version {VERSION} was expected.",
            hint="Read it with the version of mlwright that wrote it.",
        )
    return Preparation(tuple(_encoder(dict(part)) for part in state["encoders"]))


def _encoder(state: dict[str, Any]) -> Encoder:
    kind = state.pop("kind", None)
    if kind not in ENCODERS:
        raise DataError(
            f"The preparation's state has an encoder of kind {kind!r}; known are {', '.join(ENCODERS)}.",
            hint="Read it with the version of mlwright that wrote it.",
        )
    return ENCODERS[kind].from_state(state)


def _joined(blocks: Sequence[Array]) -> Array:
    matrix = np.hstack(blocks)
    # minimum and maximum keep NaN; a plain cast would turn 1e300 to infinity, which models refuse.
    return np.minimum(np.maximum(matrix, -LARGEST), LARGEST).astype(np.float32)


def _check(columns: Columns, y: Array, plan: PreparationPlan) -> None:
    if not plan.inputs:
        raise DataError("There is no input column; at least one was expected.", hint="Give a column the role feature.")
    absent = [column.name for column in plan.inputs if column.name not in columns]
    if absent:
        raise DataError(f"The rows have no column '{absent[0]}'.", hint=f"They have {', '.join(columns)}.")
    rows = row_count(columns)
    if not rows or rows != len(y):
        raise DataError(
            f"There are {rows} rows and {len(y)} targets; as many of both, and at least one, were expected.",
            hint="Check how the rows were split.",
        )


def _varies(values: Array) -> bool:
    """Tell whether two cells differ; missing cells differ from all others."""
    first = values[0]
    if values.dtype == object:
        return bool((values != first).any())
    return not (bool(np.isnan(values).all()) if np.isnan(first) else bool((values == first).all()))


@dataclass(frozen=True, slots=True)
class _Fit:
    """One column's training rows."""

    name: str
    values: Array
    y: Array
    plan: PreparationPlan

    @property
    def seed(self) -> int:
        return derive_seed(self.plan.seed, "preparation", self.name)

    def encoded(self, encoder: Encoder) -> tuple[Encoder, Array]:
        return encoder, encoder.transform({self.name: self.values})


_Fitted = list[tuple[Encoder, Array]]


def _tree_number(fit: _Fit) -> _Fitted:
    return [fit.encoded(Passthrough(fit.name))]


def _linear_number(fit: _Fit) -> _Fitted:
    return [fit.encoded(fit_scaled(fit.name, fit.values))]


def _tree_category(fit: _Fit) -> _Fitted:
    if len(count_levels(fit.values)) <= _FEW_LEVELS:
        return [fit.encoded(fit_ordinal(fit.name, fit.values))]
    # Levels of one row get the code of unknown ones: so the model learns what unknown means.
    return [fit.encoded(fit_ordinal(fit.name, fit.values, min_count=2)), _target_mean(fit)]


def _linear_category(fit: _Fit) -> _Fitted:
    rare = min(5, max(1, len(fit.values) // 50))
    one_hot = fit_one_hot(fit.name, fit.values, min_count=rare, max_levels=_MANY_HOT)
    encoded = [fit.encoded(one_hot)] if one_hot.width > 1 else []
    if not fit.plan.task.needs_target:
        return encoded
    return encoded if len(count_levels(fit.values)) <= _FEW_LEVELS else [*encoded, _target_mean(fit)]


def _target_mean(fit: _Fit) -> tuple[Encoder, Array]:
    plan = TargetMeanPlan(fit.plan.task, fit.seed, standard=fit.plan.flavour == "linear")
    return fit_target_mean(fit.name, fit.values, fit.y, plan)


def _dates(fit: _Fit) -> _Fitted:
    return [fit.encoded(fit_date_parts(fit.name, fit.values, linear=fit.plan.flavour == "linear"))]


def _texts(fit: _Fit) -> _Fitted:
    return [fit.encoded(fit_text_topics(fit.name, fit.values, seed=fit.seed, standard=fit.plan.flavour == "linear"))]


_TREE: Mapping[SemanticType, Callable[[_Fit], _Fitted]] = {
    SemanticType.NUMBER: _tree_number,
    SemanticType.CATEGORY: _tree_category,
    SemanticType.ID: _tree_category,
    SemanticType.DATETIME: _dates,
    SemanticType.TEXT: _texts,
}
_LINEAR: Mapping[SemanticType, Callable[[_Fit], _Fitted]] = {
    SemanticType.NUMBER: _linear_number,
    SemanticType.CATEGORY: _linear_category,
    SemanticType.ID: _linear_category,
    SemanticType.DATETIME: _dates,
    SemanticType.TEXT: _texts,
}


def _constant(column: Column, columns: Columns) -> tuple[Encoder, Array]:
    """Encode a column in which nothing varies, because a model needs at least one column; never NaN."""
    values = columns[column.name]
    if column.type in (SemanticType.NUMBER, SemanticType.DATETIME):
        encoder: Encoder = fit_scaled(column.name, np.where(np.isnan(values), 0.0, values))
    else:
        encoder = fit_one_hot(column.name, values)
    return encoder, encoder.transform(columns)
